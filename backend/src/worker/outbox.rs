//! Sends notices about incidents.

use super::Context;
use super::repeat::Work;
use crate::net::Client;
use crate::service::{clock, outbox};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How long to rest when nothing is to be told.
const REST: Duration = Duration::from_secs(1);

/// Sends notices about incidents, if there is anybody to tell.
pub(super) struct Outbox {
    store: Store,
    client: Client,
    config: Arc<crate::config::WorkerConfig>,
}

impl Outbox {
    pub(super) fn new(context: &Context) -> Self {
        let (store, client) = (context.store.clone(), context.client.clone());
        Self { store, client, config: Arc::clone(&context.config) }
    }
}

impl Work for Outbox {
    type Error = StoreError;

    const NAME: &'static str = "outbox";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        match &self.config.notify {
            Some(notify) => outbox::send_due(&self.store, &self.client, notify, clock::now()).await,
            None => Ok(0),
        }
    }
}
