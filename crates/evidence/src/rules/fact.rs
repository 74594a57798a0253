//! What the rules are given. `evidence` is always the SHA-256 of the document that the fact was taken from.

use crate::{CommitSha, DeploymentId, DeploymentMode, Digest, Name, Outcome, Tag};

/// CI came to a conclusion about a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiFact {
    /// What it concluded.
    pub outcome: Outcome,
    /// When.
    pub concluded_at: i64,
    /// Where it says so.
    pub evidence: String,
}

/// An image was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationFact {
    /// Registry and repository, without tag.
    pub repository: String,
    /// The tags that it was published under.
    pub tags: Vec<Tag>,
    /// The digest of its manifest or index.
    pub digest: Digest,
    /// The commit that it was built from.
    pub commit: CommitSha,
    /// When.
    pub at: i64,
    /// Where it says so.
    pub evidence: String,
}

/// How it is known what a tag named. At one instant, what was observed is the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagSource {
    /// The pipeline said that it made the tag.
    Published,
    /// The registry was asked.
    Observed,
}

/// What a tag named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFact {
    /// The digest; none when there was no such tag.
    pub digest: Option<Digest>,
    /// When.
    pub at: i64,
    /// How it is known.
    pub source: TagSource,
    /// Where it says so.
    pub evidence: String,
}

/// A digest was booted and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmokeFact {
    /// Whether every check passed.
    pub outcome: Outcome,
    /// When.
    pub at: i64,
    /// Where it says so.
    pub evidence: String,
}

/// A deployment, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentFact {
    /// Its identity.
    pub id: DeploymentId,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// The digest that shall run; none when it is a process and not an image.
    pub digest: Option<Digest>,
    /// The commit that it was built from.
    pub commit: CommitSha,
    /// The reference that was asked for; none when only the digest was.
    pub reference: Option<String>,
    /// Why it is done.
    pub mode: DeploymentMode,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub started_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// Where it says so.
    pub evidence: String,
}

impl DeploymentFact {
    /// When it ended, if well.
    pub(super) fn succeeded_at(&self) -> Option<i64> {
        (self.outcome == Some(Outcome::Success)).then(|| self.finished_at.unwrap_or(self.started_at))
    }

    /// Whether its digest may have come to run. What failed or was stopped left in place what ran before.
    pub(super) fn may_run(&self) -> bool {
        matches!(self.outcome, None | Some(Outcome::Success | Outcome::Unknown))
    }

    /// The service in its environment, as findings name it.
    pub(super) fn cell(&self) -> String {
        format!("{}/{}", self.environment, self.service)
    }
}

/// What a service said that it is.
///
/// The rule on drift needs two of these after a deployment has ended, even if they say the same as before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeFact {
    /// Whether it answered at all.
    pub reachable: bool,
    /// The digest that it said it runs in.
    pub digest: Option<Digest>,
    /// The commit that it said it was built from.
    pub commit: Option<CommitSha>,
    /// When.
    pub at: i64,
    /// Where it says so.
    pub evidence: String,
}
