//! Asks GitHub for the events that it could not deliver.

use super::Context;
use super::repeat::Work;
use crate::github::Github;
use crate::service::github_redeliver::redeliver;
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether a repository is due.
const REST: Duration = Duration::from_secs(15);

/// Asks GitHub for the events that it could not deliver. Without a token it has nothing to do.
pub(super) struct Redelivering {
    store: Store,
    github: Option<Github>,
    name: Arc<str>,
}

impl Redelivering {
    pub(super) fn new(context: &Context) -> Self {
        Self { store: context.store.clone(), github: context.github(), name: Arc::clone(&context.name) }
    }
}

impl Work for Redelivering {
    type Error = StoreError;

    const NAME: &'static str = "github.redeliver";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        let Some(github) = &self.github else { return Ok(0) };
        let found = redeliver(&self.store, github, &self.name).await?;
        if found > 0 {
            tracing::info!(found, "asked GitHub to deliver events again");
        }
        // A repository that was asked about is not due at once, whatever was found.
        Ok(0)
    }
}
