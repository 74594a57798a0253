//! Reads a batch of deliveries, away from the threads that others wait on.

use crate::github::{self, Hook};
use crate::store::PendingDelivery;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A delivery whose body was read, or why it was not.
pub(super) struct Reading {
    pub id: i64,
    pub guid: String,
    pub attempts: i64,
    pub read: Result<Hook, String>,
}

pub(super) fn read_all(deliveries: Vec<PendingDelivery>) -> Vec<Reading> {
    deliveries.into_iter().map(read).collect()
}

fn read(delivery: PendingDelivery) -> Reading {
    let PendingDelivery { id, guid, event, attempts, body } = delivery;
    // A fault of ours in one body must not keep the others waiting for ever.
    let read = catch_unwind(AssertUnwindSafe(|| match &body {
        None => Err("its body was purged".to_owned()),
        Some(body) => github::read(&event, body).map_err(|error| error.to_string()),
    }));
    let read = read.unwrap_or_else(|_| Err("reading it panicked; the log has the details".to_owned()));
    Reading { id, guid, attempts, read }
}
