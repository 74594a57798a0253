//! Lets go of what is kept for a time only.

use super::Context;
use super::lease::Lease;
use super::repeat::Work;
use crate::service::{clock, purge};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether anything's time is over.
const REST: Duration = Duration::from_secs(600);

/// How long a worker has this work to itself: two would only stand in each other's way.
const LEASE: Duration = Duration::from_secs(660);

/// Lets go of what is kept for a time only.
pub(super) struct Purge {
    store: Store,
    lease: Lease,
    delivery_days: u32,
}

impl Purge {
    pub(super) fn new(context: &Context) -> Self {
        let lease = Lease::new(context.store.clone(), "purge", Arc::clone(&context.name));
        Self { store: context.store.clone(), lease, delivery_days: context.config.delivery_days }
    }
}

impl Work for Purge {
    type Error = StoreError;

    const NAME: &'static str = "purge";

    fn rest(&self) -> Duration {
        REST
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        if self.lease.take(clock::now(), LEASE).await?.is_none() {
            return Ok(0);
        }
        let gone = purge::purge(&self.store, self.delivery_days, clock::now()).await?;
        if gone > 0 {
            tracing::info!(rows = gone, "let go of what was kept for a time");
        }
        Ok(usize::try_from(gone).unwrap_or(usize::MAX))
    }
}
