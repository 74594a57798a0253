//! What the ledger saw for itself: what a registry answers, and what a service says that it is.

use crate::{CommitSha, Digest, Name, Tag};
use serde::{Deserialize, Serialize};

/// What a tag names in its registry. Recorded when it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TagObserved {
    /// Registry and repository, without tag.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// The digest that it names; absent when there is no such tag any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub digest: Option<Digest>,
}

/// What a service's `/version` says. Recorded when it changes, and once more to confirm a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeObserved {
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// Whether it answered at all; without an answer the rest is absent.
    pub reachable: bool,
    /// The digest that it says it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub digest: Option<Digest>,
    /// The commit that it says it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub commit: Option<CommitSha>,
    /// The version that it gives itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub version: Option<String>,
    /// The schema that its database is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub schema_version: Option<u64>,
    /// The newest contract step that its database has, 0 if none: programs that do not know that step cannot work there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub schema_floor: Option<u64>,
}
