//! The worker: a loop that projects evidence, and shows that it is alive.

use crate::config::WorkerConfig;
use crate::service::{clock, project};
use crate::store::{Lock, Store, StoreError};
use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

/// The longest pause after errors.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often the worker shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Workers that were silent for a day are forgotten.
const FORGET_AFTER_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Works until `shutdown`; the step that is under way then is finished first.
pub async fn run(store: &Store, config: WorkerConfig, shutdown: impl Future<Output = ()>) {
    let mut shutdown = pin!(shutdown);
    let mut worker =
        Worker { store, name: format!("{}-{}", host_name(), std::process::id()), last_beat: None };
    let mut pause_after_error = config.interval;
    tracing::info!(worker = worker.name, "working");
    loop {
        let pause = match worker.step().await {
            Ok(0) => {
                pause_after_error = config.interval;
                config.interval
            }
            Ok(_) => Duration::ZERO,
            Err(error) => {
                let pause = pause_after_error;
                tracing::warn!(%error, retry_in = ?pause, "could not work");
                pause_after_error = LONGEST_PAUSE.min(pause * 2);
                pause
            }
        };
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    tracing::info!("stopped working");
}

struct Worker<'a> {
    store: &'a Store,
    name: String,
    last_beat: Option<Instant>,
}

impl Worker<'_> {
    /// One step; answers how many documents it took. A worker that cannot work shows no sign of life.
    async fn step(&mut self) -> Result<usize, StoreError> {
        let projected = project::project_next(self.store).await?;
        if projected.documents > 0 {
            let project::Projected { documents, changed, .. } = projected;
            tracing::info!(documents, changed, "projected");
        }
        if self.last_beat.is_none_or(|last| last.elapsed() >= HEARTBEAT) {
            self.beat().await?;
        }
        Ok(projected.documents)
    }

    async fn beat(&mut self) -> Result<(), StoreError> {
        let mut session = self.store.write(Lock::None).await?;
        let now = clock::now();
        if self.last_beat.is_none() {
            session.forget_workers(now - FORGET_AFTER_MICROS).await?;
        }
        session.beat(&self.name, now).await?;
        session.commit().await?;
        self.last_beat = Some(Instant::now());
        Ok(())
    }
}

/// The host's name, where the kernel tells it in a file; only for people who look at the table.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "worker".to_owned() } else { name.to_owned() }
}
