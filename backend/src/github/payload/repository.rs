//! `repository` and `ping`: what a repository is called, and whose it is.

use super::Event;
use super::parts::{Id, Instant, Object};
use crate::github::{Facts, text};
use evidence::{Claim, RepositoryNamed, Timestamp};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct RepositoryEvent {
    action: String,
    repository: Object<Repository>,
}

/// GitHub tries a webhook that was just made. One of an organisation has no repository.
#[derive(Debug, Deserialize)]
pub(in crate::github) struct PingEvent {
    repository: Option<Object<Repository>>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: Id,
    full_name: String,
    default_branch: String,
    owner: Object<Owner>,
    updated_at: Instant,
}

#[derive(Debug, Deserialize)]
struct Owner {
    id: Id,
}

impl Event for RepositoryEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        match self.action.as_str() {
            "created" | "edited" | "renamed" | "transferred" => Facts::of(Some(self.repository.fact())),
            _ => Facts::default(),
        }
    }
}

impl Event for PingEvent {
    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.as_ref()?.id.0)
    }

    fn facts(&self) -> Facts {
        Facts::of(self.repository.as_ref().map(|repository| repository.fact()))
    }
}

impl Repository {
    fn fact(&self) -> (Timestamp, Claim) {
        let named = RepositoryNamed {
            repository_id: self.id.0,
            owner_id: self.owner.id.0,
            full_name: text::fit(&self.full_name, 255),
            default_branch: text::fit(&self.default_branch, 255),
        };
        (self.updated_at.0, Claim::RepositoryNamed(named))
    }
}
