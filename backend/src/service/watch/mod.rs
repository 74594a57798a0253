//! What the ledger sees for itself: the tags of registries, and what runs.
//!
//! What is due is claimed by moving the time of the next look: a worker that dies in between strands nothing, and
//! two never look at the same at once. What was seen is recorded only where it differs from what was seen before.

mod challenge;
mod distribution;
mod registry;
mod runtime;
mod tag;
mod version;
mod worth;

pub use registry::look_at_registries;
pub use runtime::look_at_runtimes;

use super::log::{Provenance, Trust};

const SECOND: i64 = 1_000_000;

/// The longest pause after failures.
const LONGEST_PAUSE: i64 = 3600 * SECOND;

/// The longest that another server's Retry-After is obeyed.
const LONGEST_RETRY_AFTER: i64 = 24 * 3600 * SECOND;

/// What the ledger saw itself, asking there.
fn seen(asked: &str) -> Provenance {
    Provenance { trust: Trust::Poll, token_id: None, source: Some(asked.to_owned()) }
}

/// The pause after that many failures in a row, the first of which is `first`.
fn pause_after(failures: i64, first: i64) -> i64 {
    let doublings = u32::try_from(failures.clamp(1, 20) - 1).unwrap_or_default();
    first.saturating_mul(1 << doublings).min(LONGEST_PAUSE.max(first))
}

/// The beginning of a message, for a column that people read.
fn clip(text: &str) -> String {
    text.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(pause_after(1, 60 * SECOND), 60 * SECOND);
        assert_eq!(pause_after(3, 60 * SECOND), 240 * SECOND);
        assert_eq!(pause_after(1000, 60 * SECOND), LONGEST_PAUSE);
        assert_eq!(pause_after(5, 2 * LONGEST_PAUSE), 2 * LONGEST_PAUSE);
    }
}
