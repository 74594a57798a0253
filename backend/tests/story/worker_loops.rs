//! The worker's loops, step by step. Time that must pass is told and not waited for.

use crate::support::*;
use portbook::worker::lease::{Held, Lease};
use std::time::Duration;

const MINUTE: i64 = 60_000_000;

#[tokio::test]
async fn a_lease_is_one_workers_and_outlives_a_dead_one_only_for_its_time() {
    let ledger = Ledger::new().await;
    let lease = |holder: &str| Lease::new(ledger.store.clone(), "reconcile", holder.into());
    let (first, second) = (lease("first"), lease("second"));
    let minute = Duration::from_secs(60);
    assert_eq!(first.take(0, minute).await.unwrap(), Some(Held { memory: None }));
    assert_eq!(second.take(MINUTE - 1, minute).await.unwrap(), None);
    assert!(first.remember("{\"page\":7}").await.unwrap());
    // It makes its own last longer.
    assert!(first.take(MINUTE / 2, minute).await.unwrap().is_some());
    assert_eq!(second.take(MINUTE, minute).await.unwrap(), None);
    // Then it dies, and another goes on where it was.
    let memory = Some("{\"page\":7}".to_owned());
    assert_eq!(second.take(MINUTE * 3 / 2, minute).await.unwrap(), Some(Held { memory: memory.clone() }));
    // Should it wake up again, it can neither take nor change what is another's.
    assert_eq!(first.take(MINUTE * 3 / 2, minute).await.unwrap(), None);
    assert!(!first.remember("{}").await.unwrap());
    first.release().await.unwrap();
    assert_eq!(first.take(MINUTE * 2, minute).await.unwrap(), None);
    second.release().await.unwrap();
    assert_eq!(first.take(MINUTE * 2, minute).await.unwrap(), Some(Held { memory }));
}
