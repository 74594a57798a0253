//! Deployments: one that begins, what becomes of it, and its identity.

use crate::digest::{clip, text_conversions};
use crate::{CommitSha, Digest, Name};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A deployment's identity, chosen by who deploys: a UUID (RFC 9562) in its canonical lower-case text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))]
pub struct DeploymentId(String);

/// Why a text is not a [`DeploymentId`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDeploymentIdError(String);

impl fmt::Display for ParseDeploymentIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a UUID: expected 8-4-4-4-12 lower-case hexadecimal digits", self.0)
    }
}

impl std::error::Error for ParseDeploymentIdError {}

impl DeploymentId {
    /// The identity's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A new identity from random bits: a UUID of version 4.
    pub fn of_random(bits: u128) -> Self {
        let part = |from: u32, digits: u32| (bits >> from) & ((1 << (4 * digits)) - 1);
        // The first digit of the fourth group also says that it is of RFC 9562: 8 to b.
        let variant = 8 | (part(60, 1) & 3);
        Self(format!(
            "{:08x}-{:04x}-4{:03x}-{variant:x}{:03x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 3),
            part(48, 3),
            part(0, 12)
        ))
    }

    /// The identity of a deployment that only one document speaks of: a UUID of version 8 made from that
    /// document's SHA-256 (64 hexadecimal digits).
    pub fn of_evidence(sha256: &str) -> Self {
        let digit = |index: usize| sha256.as_bytes().get(index).map_or('0', |byte| char::from(*byte));
        let part = |from: usize, to: usize| (from..to).map(digit).collect::<String>();
        Self(format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30)))
    }
}

impl FromStr for DeploymentId {
    type Err = ParseDeploymentIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        let legal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f' | b'-');
        if lengths == [8, 4, 4, 4, 12] && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseDeploymentIdError(clip(text)))
        }
    }
}

text_conversions!(DeploymentId: ParseDeploymentIdError);

/// That a deployment began: what shall run where, and how it is named there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeploymentStarted {
    /// Its identity.
    pub id: DeploymentId,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// The commit that the image was built from.
    pub commit: CommitSha,
    /// The digest that shall run; absent when it is a process and not an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub digest: Option<Digest>,
    /// The reference that was asked for, such as `registry/name:v1.2.3`; absent when only the digest was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub reference: Option<String>,
    /// Why it is done.
    pub mode: DeploymentMode,
    /// The deployment that a rollback undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub rollback_of: Option<DeploymentId>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it, at most 100 characters.
    pub actor: String,
}

/// Why a deployment is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeploymentMode {
    /// To bring something new.
    Deploy,
    /// To bring what another environment has.
    Promote,
    /// To go back to something earlier.
    Rollback,
    /// To mend a release without what came after it.
    Hotfix,
}

/// What a deployment has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeploymentState {
    /// The deployment.
    pub id: DeploymentId,
    /// Counts the states of this deployment from 1; each number is used once.
    pub sequence: u32,
    /// What it has come to.
    pub state: DeploymentPhase,
    /// What failed, of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub failure: Option<FailureClass>,
    /// More for people, at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub detail: Option<String>,
}

/// The states of a deployment, in the order in which they are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeploymentPhase {
    /// It waits for the lock or for an approval.
    Pending,
    /// The image is pulled.
    Pulling,
    /// The database is migrated.
    Migrating,
    /// The new containers start beside the old.
    Starting,
    /// Requests go to the new containers.
    Switching,
    /// The new digest was observed healthy.
    Succeeded,
    /// It failed; what ran before runs on.
    Failed,
    /// It was stopped before it came to an end.
    Cancelled,
    /// Its reporter was silent for too long: nobody knows.
    Unknown,
}

/// What a deployment failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FailureClass {
    /// Something had to be built, and was not.
    Build,
    /// The image could not be pulled.
    Pull,
    /// The migration failed.
    Migrate,
    /// It never became healthy, or did not stay so.
    Health,
    /// Something else.
    Other,
}

impl DeploymentPhase {
    /// Whether nothing comes after it.
    pub fn is_final(self) -> bool {
        self >= Self::Succeeded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_canonical_uuids() {
        let made =
            DeploymentId::of_evidence("55039dc7e619f486bdc4c0e67f7b3504d81a0d7e29df7433863d30fb29c262fc");
        assert_eq!(made.as_str(), "55039dc7-e619-8f48-86bd-c4c0e67f7b35");
        assert_eq!(made.as_str().parse(), Ok(made));
        for (bits, text) in [
            (0, "00000000-0000-4000-8000-000000000000"),
            (u128::MAX, "ffffffff-ffff-4fff-bfff-ffffffffffff"),
            (0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, "01234567-89ab-4def-8123-456789abcdef"),
        ] {
            let made = DeploymentId::of_random(bits);
            assert_eq!(made.as_str(), text);
            assert_eq!(text.parse(), Ok(made));
        }
        for bad in ["", "55039DC7-e619-8f48-86bd-c4c0e67f7b35", "55039dc7e6198f4886bdc4c0e67f7b35"] {
            assert!(bad.parse::<DeploymentId>().is_err(), "{bad} was accepted");
        }
    }
}
