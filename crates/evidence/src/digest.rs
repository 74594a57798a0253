//! Content digests and commit identifiers.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// The digest of a manifest or blob: `sha256:` and 64 lower-case hexadecimal digits.
///
/// Source: OCI image specification, `descriptor.md`, "Digests". Only SHA-256 is accepted: it is the
/// one algorithm every registry must support.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^sha256:[a-f0-9]{64}$"))]
pub struct Digest(String);

/// Why a text is not a [`Digest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDigestError(String);

impl fmt::Display for ParseDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits", self.0)
    }
}

impl std::error::Error for ParseDigestError {}

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// The whole text, `sha256:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits without the algorithm: the name of the blob's file in an OCI layout.
    pub fn encoded(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The first 12 hexadecimal digits, for people.
    pub fn short(&self) -> &str {
        &self.encoded()[..12]
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sha256:") {
            Some(encoded) if encoded.len() == 64 && encoded.bytes().all(is_lower_hex) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(ParseDigestError(clip(text))),
        }
    }
}

/// A git commit: the full 40 lower-case hexadecimal digits, never a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-f0-9]{40}$"))]
pub struct CommitSha(String);

/// Why a text is not a [`CommitSha`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCommitShaError(String);

impl fmt::Display for ParseCommitShaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a commit: expected the full 40 lower-case hexadecimal digits", self.0)
    }
}

impl std::error::Error for ParseCommitShaError {}

impl CommitSha {
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 7 digits, for people and for the `sha-` tag.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }

    /// The commit's immutable tag, `sha-<7>`.
    pub fn tag(&self) -> crate::Tag {
        crate::Tag::from_trusted(format!("sha-{}", self.short()))
    }
}

impl FromStr for CommitSha {
    type Err = ParseCommitShaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 40 && text.bytes().all(is_lower_hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseCommitShaError(clip(text)))
        }
    }
}

macro_rules! text_conversions {
    ($($type:ident: $error:ident),*) => {$(
        impl TryFrom<String> for $type {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
pub(crate) use text_conversions;
text_conversions!(Digest: ParseDigestError, CommitSha: ParseCommitShaError);

fn is_lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// At most 80 characters of a rejected text, so that an error about a megabyte of noise stays a line.
pub(crate) fn clip(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(79).collect();
    clipped.push('…');
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_lower_case_sha256_only() {
        let good = Digest::of(b"");
        assert_eq!(good.as_str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(good.short(), "e3b0c44298fc");
        for bad in ["", "sha256:", "sha256:abc", &good.as_str().to_uppercase(), "sha512:00", good.encoded()] {
            assert!(bad.parse::<Digest>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn commit_is_never_a_prefix() {
        let full = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(full.parse::<CommitSha>().unwrap().tag().as_str(), "sha-0123456");
        assert!(full[..39].parse::<CommitSha>().is_err());
        assert!(full.to_uppercase().parse::<CommitSha>().is_err());
    }

    #[test]
    fn errors_stay_short() {
        let error = "é".repeat(100_000).parse::<Digest>().unwrap_err().to_string();
        assert!(error.chars().count() < 200, "{error}");
    }
}
