//! What `portbook migrate` needs beside the database.

use super::Reader;
use crate::store::LOCK_TIMEOUT;
use std::time::Duration;

/// The longest that a migration may hold up what runs, in milliseconds: an hour.
const MOST: u64 = 3_600_000;

/// What `portbook migrate` needs beside the database.
#[derive(Clone, Copy, Debug)]
pub struct MigrateConfig {
    /// `PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS`: how long a migration may wait for a table that is in use.
    pub lock_timeout: Duration,
}

impl MigrateConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let lock = reader.parsed("PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS", |text| match text.parse::<u64>() {
            Ok(number) if (1..=MOST).contains(&number) => Ok(Duration::from_millis(number)),
            _ => Err(format!("expected 1 to {MOST} milliseconds, got {text:?}")),
        });
        Self { lock_timeout: lock.unwrap_or(LOCK_TIMEOUT) }
    }
}
