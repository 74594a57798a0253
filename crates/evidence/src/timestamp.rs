//! Instants inside a claim.

use crate::document::RFC3339;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::{OffsetDateTime, UtcOffset};

/// An instant in UTC, written as RFC 3339. Whatever time zone it was read in, it is written alike, so that the
/// same instant is the same document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Timestamp(OffsetDateTime);

/// Why a text is not a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError(String);

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an RFC 3339 instant of the years 1970 to 9999", self.0)
    }
}

impl std::error::Error for ParseTimestampError {}

impl Timestamp {
    /// The instant that many microseconds after 1970-01-01T00:00:00Z; none outside the years 1970 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok().and_then(Self::from_instant)
    }

    /// The instant in UTC; none outside the years 1970 to 9999.
    pub fn from_instant(instant: OffsetDateTime) -> Option<Self> {
        let utc = instant.checked_to_offset(UtcOffset::UTC)?;
        (1970..=9999).contains(&utc.year()).then_some(Self(utc))
    }

    /// The instant itself, in UTC.
    pub fn instant(self) -> OffsetDateTime {
        self.0
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = OffsetDateTime::parse(text, RFC3339).ok();
        instant.and_then(Self::from_instant).ok_or_else(|| ParseTimestampError(crate::digest::clip(text)))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ParseTimestampError;
    fn try_from(text: String) -> Result<Self, ParseTimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(value: Timestamp) -> String {
        value.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(RFC3339).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_one_spelling() {
        let there: Timestamp = "2026-01-02T04:04:05+01:00".parse().unwrap();
        assert_eq!(there.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(Timestamp::from_micros(there.micros()), Some(there));
        for bad in ["", "yesterday", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad} was accepted");
        }
    }
}
