//! Projects evidence, and shows that this worker is alive.

use super::Context;
use super::repeat::Work;
use crate::service::{clock, project};
use crate::store::{Lock, Store, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the worker shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Workers that were silent for a day are forgotten.
const FORGET_AFTER_MICROS: i64 = 24 * 3600 * 1_000_000;

/// A worker that projects everything again is believed alive for so long.
const REBUILD_LIMIT_MICROS: i64 = 15 * 60 * 1_000_000;

/// Projects evidence. A worker that cannot do this shows no sign of life.
pub(super) struct Projecting {
    store: Store,
    name: Arc<str>,
    rest: Duration,
    tell: bool,
    last_beat: Option<Instant>,
}

impl Projecting {
    pub(super) fn new(context: &Context) -> Self {
        let name = Arc::clone(&context.name);
        let tell = context.config.notify.is_some();
        Self { store: context.store.clone(), name, rest: context.config.interval, tell, last_beat: None }
    }

    /// Shows a sign of life that holds for `ahead` microseconds more than usual.
    async fn beat(&mut self, ahead: i64) -> Result<(), StoreError> {
        let mut session = self.store.write(Lock::None).await?;
        let now = clock::now();
        if self.last_beat.is_none() {
            session.forget_workers(now - FORGET_AFTER_MICROS).await?;
        }
        session.beat(&self.name, now + ahead).await?;
        session.commit().await?;
        self.last_beat = Some(Instant::now());
        Ok(())
    }
}

impl Work for Projecting {
    type Error = StoreError;

    const NAME: &'static str = "projecting";

    fn rest(&self) -> Duration {
        self.rest
    }

    async fn step(&mut self) -> Result<usize, StoreError> {
        if self.last_beat.is_none() {
            project::take_up_skipped(&self.store).await?;
        }
        if project::rebuild_wanted(&self.store).await? {
            // Nothing else can be written meanwhile, at least on SQLite, and nobody should take that for death.
            self.beat(REBUILD_LIMIT_MICROS).await?;
            self.last_beat = None;
        }
        let projected = project::project_and_tell(&self.store, self.tell).await?;
        if projected.documents > 0 {
            let project::Projected { documents, changed, .. } = projected;
            tracing::info!(documents, changed, "projected");
        }
        if self.last_beat.is_none_or(|last| last.elapsed() >= HEARTBEAT) {
            self.beat(0).await?;
        }
        Ok(projected.documents)
    }
}
