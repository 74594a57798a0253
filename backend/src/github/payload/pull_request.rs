//! `pull_request`: one was opened, changed, closed or merged.

use super::Event;
use super::parts::{Account, Id, Object, RepositoryId, login};
use crate::github::{Facts, text};
use evidence::{Claim, CommitSha, PullRequest, PullRequestState, Timestamp};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct PullRequestEvent {
    action: String,
    pull_request: Object<Pull>,
    repository: Object<RepositoryId>,
}

#[derive(Debug, Deserialize)]
struct Pull {
    number: Id,
    title: String,
    user: Option<Object<Account>>,
    state: String,
    // Absent in a list of several, where `merged_at` says the same.
    merged: Option<bool>,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<CommitSha>,
    head: Object<Head>,
    base: Object<Base>,
    updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Head {
    sha: CommitSha,
}

#[derive(Debug, Deserialize)]
struct Base {
    #[serde(rename = "ref")]
    reference: String,
}

impl Event for PullRequestEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        // The others, such as `labeled`, change nothing that we keep.
        match self.action.as_str() {
            "opened" | "edited" | "closed" | "reopened" | "synchronize" => {
                Facts::of(self.pull_request.fact(self.repository.id.0))
            }
            _ => Facts::default(),
        }
    }
}

impl Pull {
    fn fact(&self, repository_id: u64) -> Option<(Timestamp, Claim)> {
        let merged = self.merged.unwrap_or(self.merged_at.is_some());
        let state = match self.state.as_str() {
            "open" => PullRequestState::Open,
            "closed" if merged => PullRequestState::Merged,
            "closed" => PullRequestState::Closed,
            _ => return None,
        };
        let pull = PullRequest {
            repository_id,
            number: self.number.0,
            title: text::fit(&self.title, 200),
            author: text::fit(login(self.user.as_ref()), 100),
            base: text::fit(&self.base.reference, 255),
            head: self.head.sha.clone(),
            state,
            // Before that it is a commit that GitHub only tried the merge with.
            merge_commit: self.merge_commit_sha.clone().filter(|_| merged),
        };
        Some((self.updated_at, Claim::PullRequest(pull)))
    }
}
