//! What tags named in the course of time.

use super::clock;
use super::deployment_reading::Source;
use super::reading::{Paged, Snapshot, one_more};
use crate::store::{StoreError, TagMoveKey, TagMoveRow};
use evidence::rules::is_immutable;
use evidence::{CommitSha, Digest, Tag};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of what tags named.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagHistory {
    /// What they named, newest first.
    pub tags: Vec<TagMove>,
}

/// What a tag named from some instant on.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagMove {
    /// Registry and repository, without tag.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// The digest; null when there was no such tag any more.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// The commit, as who published it says; null of what the registry was seen to answer.
    #[schema(required)]
    pub commit: Option<CommitSha>,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// `published` if who published it says so, `observed` if the registry was seen to answer it.
    #[schema(example = "published")]
    pub said_by: &'static str,
    /// What it named before; null if it did not, or nothing was known of it.
    #[schema(required)]
    pub before: Option<Digest>,
    /// What happened to it: `made`, `confirmed`, `moved`, `vanished` or `returned`.
    #[schema(example = "moved")]
    pub change: &'static str,
    /// Whether such a tag promises to name one image for ever.
    pub immutable: bool,
    /// The document that says so.
    pub evidence: Source,
}

/// At most `limit` facts after the key, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(
    snapshot: &mut Snapshot,
    repository: Option<&str>,
    tag: Option<&Tag>,
    after: Option<TagMoveKey>,
    limit: usize,
) -> Result<Paged<TagMove, TagMoveKey>, StoreError> {
    let before = after.unwrap_or((i64::MAX, 0, String::new(), String::new()));
    let Snapshot { session, project, .. } = snapshot;
    let rows = session.tag_moves(project, repository, tag, &before, one_more(limit)).await?;
    let key = |row: &TagMoveRow| (row.at, i64::from(row.observed), row.evidence.clone(), row.tag.to_string());
    Paged::of(rows, limit, key).try_map(TagMove::of)
}

impl TagMove {
    fn of(row: TagMoveRow) -> Result<Self, StoreError> {
        let change = match (&row.before, &row.digest) {
            (None, Some(_)) if row.known_before => "returned",
            (None, Some(_)) => "made",
            (Some(before), Some(now)) if before == now => "confirmed",
            (Some(_), Some(_)) => "moved",
            (_, None) => "vanished",
        };
        Ok(Self {
            immutable: is_immutable(&row.tag),
            repository: row.repository,
            tag: row.tag,
            digest: row.digest,
            commit: row.commit,
            at: clock::stored(row.at)?,
            said_by: if row.observed { "observed" } else { "published" },
            before: row.before,
            change,
            evidence: Source { sha256: row.evidence, trust: row.trust },
        })
    }
}
