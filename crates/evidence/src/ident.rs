//! Tags, and the names of projects, services and environments.

use crate::digest::{clip, text_conversions};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An image tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
///
/// Source: OCI distribution specification, "Pulling manifests".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$"))]
pub struct Tag(String);

/// Why a text is not a [`Tag`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTagError(String);

impl fmt::Display for ParseTagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a tag: expected 1 to 128 of letters, digits, `_`, `.`, `-`, not starting with `.` or `-`",
            self.0
        )
    }
}

impl std::error::Error for ParseTagError {}

impl Tag {
    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Tag {
    type Err = ParseTagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let starts_well = !text.starts_with(['.', '-']);
        if (1..=128).contains(&text.len()) && starts_well && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseTagError(clip(text)))
        }
    }
}

/// The name of a project, a service or an environment: `[a-z0-9][a-z0-9-]{0,62}`.
///
/// That is a DNS label (RFC 1123), so that a name can stand in a URL, a host name or a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9][a-z0-9-]{0,62}$"))]
pub struct Name(String);

/// Why a text is not a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseNameError(String);

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a name: expected 1 to 63 of lower-case letters, digits and `-`, not starting with `-`",
            self.0
        )
    }
}

impl std::error::Error for ParseNameError {}

impl Name {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_trusted(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Name {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-';
        if (1..=63).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(legal) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseNameError(clip(text)))
        }
    }
}

text_conversions!(Tag: ParseTagError, Name: ParseNameError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_distribution_grammar() {
        for good in ["latest", "sha-a1b2c3d", "v1.2.3", "_x", &"a".repeat(128)] {
            assert!(good.parse::<Tag>().is_ok(), "{good} was refused");
        }
        for bad in ["", ".x", "-x", "v1.2.3+patch", "a b", "a/b", "é", &"a".repeat(129)] {
            assert!(bad.parse::<Tag>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn names_are_dns_labels() {
        assert!("web-1".parse::<Name>().is_ok());
        for bad in ["", "-a", "Web", "a_b", &"a".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad} was accepted");
        }
    }
}
