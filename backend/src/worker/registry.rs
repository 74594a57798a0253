//! Looks at the registries that are watched.

use super::Context;
use super::repeat::Work;
use crate::net::Client;
use crate::service::{clock, watch};
use crate::store::{Store, StoreError};
use std::time::Duration;

/// How long to rest when none is due.
const REST: Duration = Duration::from_secs(1);

/// Looks at the registries that are watched, one at a time.
pub(super) struct Registries {
    store: Store,
    client: Client,
    interval: Duration,
}

impl Registries {
    pub(super) fn new(context: &Context) -> Self {
        let (store, client) = (context.store.clone(), context.client.clone());
        Self { store, client, interval: context.config.registry_interval }
    }
}

impl Work for Registries {
    type Error = StoreError;

    const NAME: &'static str = "registries";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        let looked =
            watch::look_at_registries(&self.store, &self.client, self.interval, clock::now()).await?;
        Ok(usize::from(looked))
    }
}
