//! Evidence: one document per fact.

use crate::digest::hex;
use crate::{CommitSha, Digest, Name, Tag};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, UtcOffset};

/// The value of `schema` in every document of this form.
pub const SCHEMA: &str = "portbook.evidence/v1";

/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6): 2^53 - 1.
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// How instants are written: RFC 3339.
pub const RFC3339: &time::format_description::well_known::Rfc3339 =
    &time::format_description::well_known::Rfc3339;

/// One fact about a project, as it is written under `target/xtask/evidence/` and posted to the ledger.
///
/// A document is identified by its content: see [`Evidence::sha256`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// Always [`SCHEMA`].
    #[cfg_attr(feature = "openapi", schema(example = "portbook.evidence/v1"))]
    pub schema: String,
    /// The project that the fact is about.
    pub project: Name,
    /// When it happened, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub occurred_at: OffsetDateTime,
    /// The fact itself.
    pub claim: Claim,
}

/// What an [`Evidence`] document states. `kind` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Claim {
    /// A commit exists on the default branch; `occurred_at` is its commit time.
    Commit {
        /// The commit.
        commit: CommitSha,
        /// The first line of its message, at most 200 characters.
        subject: String,
        /// The author's name, at most 100 characters.
        author: String,
        /// Its parents, first parent first; empty for a root commit.
        parents: Vec<CommitSha>,
    },
    /// CI came to a conclusion about a commit.
    CiVerdict {
        /// The commit that was tested.
        commit: CommitSha,
        /// What CI concluded.
        outcome: Outcome,
        /// The jobs it was concluded from.
        jobs: Vec<CiJob>,
    },
    /// An image was built from a commit.
    ImageBuilt {
        /// The commit it was built from.
        commit: CommitSha,
        /// The digest of its manifest or index.
        digest: Digest,
        /// Its platforms, such as `linux/amd64`.
        platforms: Vec<String>,
        /// The compressed size of all its blobs, in bytes.
        size_bytes: u64,
    },
    /// The production build of a commit was booted and checked.
    Smoke {
        /// The commit that was booted.
        commit: CommitSha,
        /// The image that was booted; absent when it ran as a process without a container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Whether every check passed.
        outcome: Outcome,
        /// What it ran on: `docker` or `process`.
        engine: Name,
    },
    /// An image was published under tags.
    Published {
        /// The commit it was built from.
        commit: CommitSha,
        /// The digest of its manifest or index.
        digest: Digest,
        /// Registry and repository, without tag.
        repository: String,
        /// The tags that name it from now on.
        tags: Vec<Tag>,
    },
    /// A digest was deployed to an environment, or the attempt failed.
    Deployed {
        /// The service.
        service: Name,
        /// The environment.
        environment: Name,
        /// The commit that the image was built from.
        commit: CommitSha,
        /// The digest that runs; absent when what runs is a process and not an image.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The version that people call it by.
        version: String,
        /// Whether it runs now.
        outcome: Outcome,
        /// Who or what asked for it, at most 100 characters.
        actor: String,
    },
    /// An environment went back to an earlier digest.
    RolledBack {
        /// The service.
        service: Name,
        /// The environment.
        environment: Name,
        /// The commit that runs again.
        commit: CommitSha,
        /// The digest that runs again; absent when it is a process and not an image.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The version that runs again.
        version: String,
        /// Who or what asked for it, at most 100 characters.
        actor: String,
    },
}

/// How a run ended. There is no default: an unknown outcome is said, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// Everything passed.
    Success,
    /// Something failed.
    Failure,
    /// It was stopped before it came to a conclusion.
    Cancelled,
    /// It was not run, because something it needs is missing.
    Skipped,
    /// Nobody knows, for instance because the reporter died.
    Unknown,
}

impl Outcome {
    /// The word as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// One job of a [`Claim::CiVerdict`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CiJob {
    /// The job's name, such as `backend-quality`.
    pub name: Name,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What is wrong with a document that parses, but says something impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceError {
    /// A JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}

impl std::fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

impl std::error::Error for EvidenceError {}

impl Evidence {
    /// A document of the present form. The instant is kept in UTC, to the second.
    pub fn new(project: Name, occurred_at: OffsetDateTime, claim: Claim) -> Self {
        let occurred_at = occurred_at.to_offset(UtcOffset::UTC).truncate_to_second();
        Self { schema: SCHEMA.to_owned(), project, occurred_at, claim }
    }

    /// The document's canonical JSON (RFC 8785) with the instant in UTC. Spacing, key order and time zone
    /// of what it was read from do not show in it.
    pub fn canonical_json(&self) -> String {
        let mut normal = self.clone();
        // An instant that has no UTC form is refused by `validate`; here it only must not panic.
        if let Some(utc) = normal.occurred_at.checked_to_offset(UtcOffset::UTC) {
            normal.occurred_at = utc;
        }
        let value = serde_json::to_value(&normal).unwrap_or_default();
        serde_json_canonicalizer::to_string(&value).unwrap_or_default()
    }

    /// The SHA-256 of [`Evidence::canonical_json`], as 64 hexadecimal digits: the document's identity.
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(self.canonical_json().as_bytes()))
    }

    /// Checks what the types cannot express.
    ///
    /// # Errors
    /// Every impossible field, each with its JSON pointer.
    pub fn validate(&self) -> Result<(), Vec<EvidenceError>> {
        let mut errors = Vec::new();
        if self.schema != SCHEMA {
            errors.push(EvidenceError {
                pointer: "/schema".to_owned(),
                detail: format!("expected {SCHEMA:?}"),
            });
        }
        let utc = self.occurred_at.checked_to_offset(UtcOffset::UTC);
        if !utc.is_some_and(|instant| (1970..=9999).contains(&instant.year())) {
            errors.push(EvidenceError {
                pointer: "/occurred_at".to_owned(),
                detail: "expected an instant of the years 1970 to 9999 in UTC".to_owned(),
            });
        }
        let mut wrong = |field: &str, detail: String| {
            let pointer = format!("/claim/{field}");
            errors.push(EvidenceError { pointer, detail });
        };
        let mut text = |field: &str, value: &str, most: usize| {
            let length = value.chars().count();
            if length == 0 || length > most {
                let detail = format!("expected 1 to {most} characters, got {length}");
                wrong(field, detail);
            } else if value.contains('\0') {
                wrong(field, "expected text without the character U+0000".to_owned());
            }
        };
        match &self.claim {
            Claim::Commit { subject, author, .. } => {
                text("subject", subject, 200);
                text("author", author, 100);
            }
            Claim::Published { repository, .. } => text("repository", repository, 255),
            Claim::Deployed { version, actor, .. } | Claim::RolledBack { version, actor, .. } => {
                text("version", version, 128);
                text("actor", actor, 100);
            }
            Claim::CiVerdict { jobs, .. } => {
                for (index, job) in jobs.iter().enumerate() {
                    if job.milliseconds > LARGEST_INTEGER {
                        let detail = format!("expected at most {LARGEST_INTEGER}");
                        wrong(&format!("jobs/{index}/milliseconds"), detail);
                    }
                }
            }
            Claim::ImageBuilt { platforms, size_bytes, .. } => {
                for (index, platform) in platforms.iter().enumerate() {
                    text(&format!("platforms/{index}"), platform, 100);
                }
                if *size_bytes > LARGEST_INTEGER {
                    wrong("size_bytes", format!("expected at most {LARGEST_INTEGER}"));
                }
            }
            Claim::Smoke { .. } => {}
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Claim {
    /// The commit that the claim is about; every kind has one.
    pub fn commit(&self) -> &CommitSha {
        match self {
            Self::Commit { commit, .. }
            | Self::CiVerdict { commit, .. }
            | Self::ImageBuilt { commit, .. }
            | Self::Smoke { commit, .. }
            | Self::Published { commit, .. }
            | Self::Deployed { commit, .. }
            | Self::RolledBack { commit, .. } => commit,
        }
    }

    /// The variant's name as it stands in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Commit { .. } => "commit",
            Self::CiVerdict { .. } => "ci_verdict",
            Self::ImageBuilt { .. } => "image_built",
            Self::Smoke { .. } => "smoke",
            Self::Published { .. } => "published",
            Self::Deployed { .. } => "deployed",
            Self::RolledBack { .. } => "rolled_back",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
        "schema": "portbook.evidence/v1", "project": "portbook",
        "occurred_at": "2026-01-02T03:04:05Z",
        "claim": {"kind": "smoke", "commit": "0123456789abcdef0123456789abcdef01234567",
                  "outcome": "success", "engine": "process"}}"#;

    #[test]
    fn identity_ignores_spacing_order_and_time_zone() {
        let first: Evidence = serde_json::from_str(TEXT).unwrap();
        let other = r#"{"project":"portbook","claim":{"engine":"process","outcome":"success",
            "commit":"0123456789abcdef0123456789abcdef01234567","kind":"smoke"},
            "occurred_at":"2026-01-02T04:04:05+01:00","schema":"portbook.evidence/v1"}"#;
        let second: Evidence = serde_json::from_str(other).unwrap();
        assert_eq!(first.sha256(), second.sha256());
        // Fixed for ever: a change here would make every stored document a new one.
        assert_eq!(first.sha256(), "55039dc7e619f486bdc4c0e67f7b3504d81a0d7e29df7433863d30fb29c262fc");
    }

    #[test]
    fn unknown_fields_and_missing_outcomes_are_refused() {
        let extra = TEXT.replace("\"project\"", "\"projekt\": \"x\", \"project\"");
        assert!(serde_json::from_str::<Evidence>(&extra).is_err());
        let missing = TEXT.replace("\"outcome\": \"success\", ", "");
        assert!(serde_json::from_str::<Evidence>(&missing).unwrap_err().to_string().contains("outcome"));
    }

    #[test]
    fn numbers_instants_and_characters_that_cannot_be_kept_are_refused() {
        let mut evidence: Evidence = serde_json::from_str(TEXT).unwrap();
        evidence.occurred_at = OffsetDateTime::parse("9999-12-31T23:59:59-01:00", RFC3339).unwrap();
        evidence.claim = Claim::ImageBuilt {
            commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
            digest: Digest::of(b""),
            platforms: vec!["linux/\0".to_owned()],
            size_bytes: 1 << 53,
        };
        let errors = evidence.validate().unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        let expected = ["/occurred_at", "/claim/platforms/0", "/claim/size_bytes"];
        assert_eq!(pointers, expected);
        assert_eq!(evidence.sha256().len(), 64, "no panic, and still an identity");
    }

    #[test]
    fn impossible_fields_are_named_by_pointer() {
        let mut evidence: Evidence = serde_json::from_str(TEXT).unwrap();
        evidence.schema = "other".to_owned();
        evidence.claim = Claim::Commit {
            commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
            subject: String::new(),
            author: "a".repeat(101),
            parents: vec![],
        };
        let pointers: Vec<_> =
            evidence.validate().unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/schema", "/claim/subject", "/claim/author"]);
    }
}
