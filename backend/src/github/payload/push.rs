//! `push`: a branch or tag was made, moved or deleted.

use super::Event;
use super::parts::{Id, Instant, Object};
use crate::github::{Facts, text};
use evidence::{Claim, CommitSha, PushedCommit, RefMoved, Timestamp};
use serde::Deserialize;

/// What stands for "nothing" where a commit is expected.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

#[derive(Debug, Deserialize)]
pub(in crate::github) struct PushEvent {
    #[serde(rename = "ref")]
    reference: String,
    before: CommitSha,
    after: CommitSha,
    forced: bool,
    commits: Vec<Object<Commit>>,
    head_commit: Option<Object<Commit>>,
    repository: Object<Repository>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    id: CommitSha,
    message: String,
    // Whoever commits sets the date, and git takes any: one that is no instant of ours must not lose the push.
    timestamp: String,
    author: Object<Author>,
}

#[derive(Debug, Deserialize)]
struct Author {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: Id,
    default_branch: String,
    pushed_at: Option<Instant>,
    updated_at: Instant,
}

impl Event for PushEvent {
    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        let at = self.pushed_at();
        let moved = RefMoved {
            repository_id: self.repository.id.0,
            reference: text::fit(&self.reference, 400),
            default_branch: self.reference.strip_prefix("refs/heads/")
                == Some(&self.repository.default_branch),
            before: existing(&self.before),
            after: self.after(),
            forced: self.forced,
            commits: self.commits.iter().map(|commit| commit.pushed(at)).collect(),
        };
        Facts::of(Some((at, Claim::RefMoved(moved))))
    }
}

impl PushEvent {
    /// When it was pushed: the time of the newest commit is when it was made, which can be days before.
    fn pushed_at(&self) -> Timestamp {
        let head = || self.head_commit.as_ref().and_then(|commit| commit.timestamp.parse().ok());
        self.repository.pushed_at.map(|at| at.0).or_else(head).unwrap_or(self.repository.updated_at.0)
    }

    /// The commit that the reference names now. An annotated tag names an object of its own, and the commit that
    /// it stands for is told beside it.
    fn after(&self) -> Option<CommitSha> {
        let after = existing(&self.after)?;
        match &self.head_commit {
            Some(head) if self.reference.starts_with("refs/tags/") => Some(head.id.clone()),
            _ => Some(after),
        }
    }
}

impl Commit {
    fn pushed(&self, pushed_at: Timestamp) -> PushedCommit {
        PushedCommit {
            commit: self.id.clone(),
            subject: text::first_line(&self.message, 200),
            author: text::fit(self.author.name.as_deref().unwrap_or_default(), 100),
            at: self.timestamp.parse().unwrap_or(pushed_at),
        }
    }
}

fn existing(commit: &CommitSha) -> Option<CommitSha> {
    (commit.as_str() != NO_COMMIT).then(|| commit.clone())
}
