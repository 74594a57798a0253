//! `create` and `delete`: a branch or tag is new, or gone.

use super::Event;
use super::parts::{Id, Instant, Object, RepositoryId};
use crate::github::{Facts, text};
use evidence::{Claim, RefMoved};
use serde::Deserialize;

/// It says no commit, so there is nothing that could be recorded; the `push` that GitHub sends with it says all.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct CreateEvent {
    #[serde(rename = "ref")]
    _reference: String,
    #[serde(rename = "ref_type")]
    _kind: String,
    repository: Object<RepositoryId>,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct DeleteEvent {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(rename = "ref_type")]
    kind: String,
    repository: Object<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: Id,
    default_branch: String,
    pushed_at: Option<Instant>,
    updated_at: Instant,
}

impl Event for CreateEvent {
    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        Facts::default()
    }
}

impl Event for DeleteEvent {
    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        let folder = match self.kind.as_str() {
            "branch" => "refs/heads/",
            "tag" => "refs/tags/",
            _ => return Facts::default(),
        };
        let at = self.repository.pushed_at.unwrap_or(self.repository.updated_at);
        let moved = RefMoved {
            repository_id: self.repository.id.0,
            reference: text::fit(&format!("{folder}{}", self.reference), 400),
            default_branch: self.kind == "branch" && self.reference == self.repository.default_branch,
            before: None,
            after: None,
            forced: false,
            commits: Vec::new(),
        };
        Facts::of(Some((at.0, Claim::RefMoved(moved))))
    }
}
