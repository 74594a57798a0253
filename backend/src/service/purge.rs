//! Lets go of what is kept for a time only.

use crate::store::{Lock, Store, StoreError};

/// How many rows of a sort one step takes. Bodies can be large, so there are fewer of them.
const BATCH: i64 = 1000;
const BODIES: i64 = 100;

const DAY: i64 = 24 * 3600 * 1_000_000;

/// How long a workflow's token is remembered after its end: longer than clocks differ.
const AFTER_EXPIRY: i64 = 3600 * 1_000_000;

/// How long a notice is kept that was sent.
const NOTICE_DAYS: i64 = 30;

/// Lets go of the next things whose time is over; answers how many.
///
/// # Errors
/// When the database refuses.
pub async fn purge(store: &Store, delivery_days: u32, now: i64) -> Result<u64, StoreError> {
    let mut gone = 0;
    // A transaction each, so that none holds up other writers for long.
    let mut session = store.write(Lock::None).await?;
    gone += session.purge_delivery_bodies(now - i64::from(delivery_days) * DAY, BODIES).await?;
    session.commit().await?;
    let mut session = store.write(Lock::None).await?;
    gone += session.purge_exchanged(now - AFTER_EXPIRY, BATCH).await?;
    gone += session.purge_tokens(now - AFTER_EXPIRY, BATCH).await?;
    gone += session.purge_notices(now - NOTICE_DAYS * DAY, BATCH).await?;
    session.commit().await?;
    Ok(gone)
}
