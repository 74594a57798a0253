//! Evidence: one document per fact.

use crate::digest::hex;
use crate::{Claim, Name};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, UtcOffset};

/// The value of `schema` in every document of this form.
pub const SCHEMA: &str = "portbook.evidence/v1";

/// The largest integer that every JSON reader keeps exactly (RFC 8259, section 6): 2^53 - 1.
pub(crate) const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// How instants are written: RFC 3339.
pub const RFC3339: &time::format_description::well_known::Rfc3339 =
    &time::format_description::well_known::Rfc3339;

/// One fact about a project, as it is written under `target/xtask/evidence/` and posted to the ledger.
///
/// A document is identified by its content: see [`Evidence::sha256`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// Always [`SCHEMA`].
    #[cfg_attr(feature = "openapi", schema(example = "portbook.evidence/v1"))]
    pub schema: String,
    /// The project that the fact is about.
    pub project: Name,
    /// When it happened, RFC 3339.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub occurred_at: OffsetDateTime,
    /// The fact itself.
    pub claim: Claim,
}

/// What is wrong with a document that parses, but says something impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceError {
    /// A JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}

impl std::fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}

impl std::error::Error for EvidenceError {}

impl Evidence {
    /// A document of the present form. The instant is kept in UTC, to the second.
    pub fn new(project: Name, occurred_at: OffsetDateTime, claim: Claim) -> Self {
        let occurred_at = occurred_at.to_offset(UtcOffset::UTC).truncate_to_second();
        Self { schema: SCHEMA.to_owned(), project, occurred_at, claim }
    }

    /// The document's canonical JSON (RFC 8785) with the instant in UTC. Spacing, key order and time zone
    /// of what it was read from do not show in it.
    pub fn canonical_json(&self) -> String {
        let mut normal = self.clone();
        // An instant that has no UTC form is refused by `validate`; here it only must not panic.
        if let Some(utc) = normal.occurred_at.checked_to_offset(UtcOffset::UTC) {
            normal.occurred_at = utc;
        }
        let value = serde_json::to_value(&normal).unwrap_or_default();
        serde_json_canonicalizer::to_string(&value).unwrap_or_default()
    }

    /// The SHA-256 of [`Evidence::canonical_json`], as 64 hexadecimal digits: the document's identity.
    pub fn sha256(&self) -> String {
        self.hashed().1
    }

    /// [`Evidence::canonical_json`] and [`Evidence::sha256`], made at once.
    pub fn hashed(&self) -> (String, String) {
        let json = self.canonical_json();
        let sha256 = hex(&Sha256::digest(json.as_bytes()));
        (json, sha256)
    }

    /// Checks what the types cannot express.
    ///
    /// # Errors
    /// Every impossible field, each with its JSON pointer.
    pub fn validate(&self) -> Result<(), Vec<EvidenceError>> {
        let mut errors = Vec::new();
        if self.schema != SCHEMA {
            errors.push(EvidenceError {
                pointer: "/schema".to_owned(),
                detail: format!("expected {SCHEMA:?}"),
            });
        }
        let utc = self.occurred_at.checked_to_offset(UtcOffset::UTC);
        if !utc.is_some_and(|instant| (1970..=9999).contains(&instant.year())) {
            errors.push(EvidenceError {
                pointer: "/occurred_at".to_owned(),
                detail: "expected an instant of the years 1970 to 9999 in UTC".to_owned(),
            });
        }
        errors.extend(
            self.claim
                .violations()
                .into_iter()
                .map(|(field, detail)| EvidenceError { pointer: format!("/claim/{field}"), detail }),
        );
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    const TEXT: &str = r#"{
        "schema": "portbook.evidence/v1", "project": "portbook",
        "occurred_at": "2026-01-02T03:04:05Z",
        "claim": {"kind": "smoke", "commit": "0123456789abcdef0123456789abcdef01234567",
                  "outcome": "success", "engine": "process"}}"#;

    #[test]
    fn identity_ignores_spacing_order_and_time_zone() {
        let first: Evidence = serde_json::from_str(TEXT).unwrap();
        let other = r#"{"project":"portbook","claim":{"engine":"process","outcome":"success",
            "commit":"0123456789abcdef0123456789abcdef01234567","kind":"smoke"},
            "occurred_at":"2026-01-02T04:04:05+01:00","schema":"portbook.evidence/v1"}"#;
        let second: Evidence = serde_json::from_str(other).unwrap();
        assert_eq!(first.sha256(), second.sha256());
        // Fixed for ever: a change here would make every stored document a new one.
        assert_eq!(first.sha256(), "55039dc7e619f486bdc4c0e67f7b3504d81a0d7e29df7433863d30fb29c262fc");
    }

    #[test]
    fn unknown_fields_and_missing_outcomes_are_refused() {
        let extra = TEXT.replace("\"project\"", "\"projekt\": \"x\", \"project\"");
        assert!(serde_json::from_str::<Evidence>(&extra).is_err());
        let missing = TEXT.replace("\"outcome\": \"success\", ", "");
        assert!(serde_json::from_str::<Evidence>(&missing).unwrap_err().to_string().contains("outcome"));
    }

    #[test]
    fn numbers_instants_and_characters_that_cannot_be_kept_are_refused() {
        let mut evidence: Evidence = serde_json::from_str(TEXT).unwrap();
        evidence.occurred_at = OffsetDateTime::parse("9999-12-31T23:59:59-01:00", RFC3339).unwrap();
        evidence.claim = Claim::ImageBuilt {
            commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
            digest: Digest::of(b""),
            platforms: vec!["linux/\0".to_owned()],
            size_bytes: 1 << 53,
            milliseconds: None,
            cache: None,
            schema_range: None,
        };
        let errors = evidence.validate().unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        let expected = ["/occurred_at", "/claim/platforms/0", "/claim/size_bytes"];
        assert_eq!(pointers, expected);
        assert_eq!(evidence.sha256().len(), 64, "no panic, and still an identity");
    }

    #[test]
    fn impossible_fields_are_named_by_pointer() {
        let mut evidence: Evidence = serde_json::from_str(TEXT).unwrap();
        evidence.schema = "other".to_owned();
        evidence.claim = Claim::Commit {
            commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
            subject: String::new(),
            author: "a".repeat(101),
            parents: vec![],
        };
        let pointers: Vec<_> =
            evidence.validate().unwrap_err().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/schema", "/claim/subject", "/claim/author"]);
    }
}
