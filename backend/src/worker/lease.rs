//! Leases: of several workers one does the work, and if it dies another goes on when the lease has run out.

use crate::store::{Lock, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// One worker's claim to some work.
#[derive(Clone)]
pub struct Lease {
    store: Store,
    name: &'static str,
    holder: Arc<str>,
}

/// What a worker has that has the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What the work remembers from one time to the next, as JSON; none at the very first time.
    pub memory: Option<String>,
}

impl Lease {
    /// A claim to the work of that name; nothing is taken yet. `holder` is unique among the workers that run.
    pub fn new(store: Store, name: &'static str, holder: Arc<str>) -> Self {
        Self { store, name, holder }
    }

    /// Takes the lease for a while from `now` (microseconds), or makes it last longer; none if another worker has
    /// it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn take(&self, now: i64, duration: Duration) -> Result<Option<Held>, StoreError> {
        let until = now.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
        let mut session = self.store.write(Lock::None).await?;
        let taken = session.take_lease(self.name, &self.holder, now, until).await?;
        session.commit().await?;
        Ok(taken.map(|memory| Held { memory }))
    }

    /// Has the work remember something; answers `false` if the lease was lost in the meantime.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn remember(&self, memory: &str) -> Result<bool, StoreError> {
        let mut session = self.store.write(Lock::None).await?;
        let kept = session.remember(self.name, &self.holder, memory).await?;
        session.commit().await?;
        Ok(kept)
    }

    /// Gives the lease back, so that the next worker need not wait until it has run out.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn release(&self) -> Result<(), StoreError> {
        let mut session = self.store.write(Lock::None).await?;
        session.release_lease(self.name, &self.holder).await?;
        session.commit().await
    }
}
