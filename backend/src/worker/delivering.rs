//! Makes evidence of what GitHub sent.

use super::Context;
use super::repeat::Work;
use crate::service::delivery::{self, Processed};
use crate::store::{Store, StoreError};
use std::time::Duration;

/// Takes deliveries, for as long as there are any that are due.
pub(super) struct Delivering {
    store: Store,
    rest: Duration,
}

impl Delivering {
    pub(super) fn new(context: &Context) -> Self {
        Self { store: context.store.clone(), rest: context.config.interval }
    }
}

impl Work for Delivering {
    type Error = StoreError;

    const NAME: &'static str = "delivering";

    fn rest(&self) -> Duration {
        self.rest
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        let processed = delivery::process_next(&self.store).await?;
        let Processed { deliveries, recorded, failed } = processed;
        if failed > 0 {
            tracing::warn!(
                deliveries,
                recorded,
                failed,
                "processed deliveries; `portbook admin delivery list` tells why some failed"
            );
        } else if deliveries > 0 {
            tracing::info!(deliveries, recorded, "processed deliveries");
        }
        Ok(deliveries)
    }
}
