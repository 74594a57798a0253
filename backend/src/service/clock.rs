//! Instants as they are stored: microseconds since 1970-01-01T00:00:00Z.

use crate::store::StoreError;
use evidence::RFC3339;
use time::OffsetDateTime;

/// Now, in microseconds.
pub fn now() -> i64 {
    micros(OffsetDateTime::now_utc())
}

/// An instant in microseconds; anything finer is cut off.
pub fn micros(instant: OffsetDateTime) -> i64 {
    // The years that `time` knows fit into an i64 more than twenty times over.
    i64::try_from(instant.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// Microseconds as RFC 3339 in UTC; none if that is no year that RFC 3339 can write.
pub fn rfc3339(micros: i64) -> Option<String> {
    let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
    instant.format(RFC3339).ok()
}

/// A stored instant as RFC 3339.
///
/// # Errors
/// When it is none that we would have stored.
pub fn stored(micros: i64) -> Result<String, StoreError> {
    rfc3339(micros).ok_or_else(|| StoreError::corrupt(format!("the instant {micros}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_round_trip() {
        let instant = OffsetDateTime::parse("2026-01-02T03:04:05.678901+02:00", RFC3339).unwrap();
        assert_eq!(rfc3339(micros(instant)).as_deref(), Some("2026-01-02T01:04:05.678901Z"));
        assert_eq!(rfc3339(i64::MAX), None);
    }
}
