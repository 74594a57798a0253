//! What the worker needs.

use super::Reader;
use std::time::Duration;

/// What the worker needs.
#[derive(Clone, Copy, Debug)]
pub struct WorkerConfig {
    /// `PORTBOOK_WORKER_INTERVAL_MS`: how long to wait before looking again when there was nothing to do.
    pub interval: Duration,
}

impl WorkerConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let interval = reader.parsed("PORTBOOK_WORKER_INTERVAL_MS", |text| match text.parse::<u64>() {
            Ok(milliseconds @ 10..=10_000) => Ok(Duration::from_millis(milliseconds)),
            _ => Err(format!("expected 10 to 10000 milliseconds, got {text:?}")),
        });
        Self { interval: interval.unwrap_or(Duration::from_millis(250)) }
    }
}
