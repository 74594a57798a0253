//! Asks the services that are watched what they are.

use super::Context;
use super::repeat::Work;
use crate::net::Client;
use crate::service::{clock, watch};
use crate::store::{Store, StoreError};
use std::time::Duration;

/// How long to rest when none is due.
const REST: Duration = Duration::from_secs(1);

/// Asks the services that are watched what they are.
pub(super) struct Runtimes {
    store: Store,
    client: Client,
    interval: Duration,
}

impl Runtimes {
    pub(super) fn new(context: &Context) -> Self {
        let (store, client) = (context.store.clone(), context.client.clone());
        Self { store, client, interval: context.config.observe_interval }
    }
}

impl Work for Runtimes {
    type Error = StoreError;

    const NAME: &'static str = "runtimes";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        watch::look_at_runtimes(&self.store, &self.client, self.interval, clock::now()).await
    }
}
