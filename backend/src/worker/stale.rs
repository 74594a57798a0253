//! Gives up deployments whose reporter fell silent.

use super::Context;
use super::repeat::Work;
use crate::service::{clock, deployment};
use crate::store::{Store, StoreError};
use std::time::Duration;

/// How often it is looked. Nobody waits for a deployment to be given up.
const REST: Duration = Duration::from_secs(15);

/// Gives up deployments whose reporter fell silent.
pub(super) struct Stale {
    store: Store,
    timeout: Duration,
}

impl Stale {
    pub(super) fn new(context: &Context) -> Self {
        Self { store: context.store.clone(), timeout: context.config.deployment_timeout }
    }
}

impl Work for Stale {
    type Error = StoreError;

    const NAME: &'static str = "stale deployments";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        let given_up = deployment::give_up_stale(&self.store, self.timeout, clock::now()).await?;
        if given_up > 0 {
            tracing::warn!(deployments = given_up, "nobody knows how these deployments ended");
        }
        // What it gave up is projected before it looks again.
        Ok(0)
    }
}
