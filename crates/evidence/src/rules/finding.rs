//! What a rule finds.

use crate::{CommitSha, Digest, Name, Outcome, Timestamp};
use serde::Serialize;

/// The rules, by the names that they go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Rule {
    /// Published without green CI.
    R1,
    /// An immutable tag moved or vanished.
    R2,
    /// Production on a floating or unpinned reference.
    R3,
    /// Deployed without being tested, or past staging.
    R4,
    /// Something else runs than was deployed.
    R5,
}

impl Rule {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::R1, Self::R2, Self::R3, Self::R4, Self::R5];

    /// The short name: `R1` to `R5`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::R5 => "R5",
        }
    }

    /// The rule's subject in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::R1 => "Published without green CI",
            Self::R2 => "Immutable tag moved or vanished",
            Self::R3 => "Production on a floating or unpinned reference",
            Self::R4 => "Deployed untested or past staging",
            Self::R5 => "Something else runs than was deployed",
        }
    }
}

/// A breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What is wrong, from [`super::code`].
    pub code: &'static str,
    /// Names the breach for ever, among those of its rule in its project.
    pub key: String,
    /// What it is about: `repository@digest`, `repository:tag` or `environment/service`.
    pub subject: String,
    /// The environment, where there is one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub environment: Option<Name>,
    /// The service, where there is one.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub service: Option<Name>,
    /// The digest at fault: published, tagged, deployed or seen. Of a tag that vanished, the one that it named.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub digest: Option<Digest>,
    /// The commit that the digest was built from, where it is known.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub commit: Option<CommitSha>,
    /// Since when.
    pub opened_at: i64,
    /// Until when; none while it lasts, and for ever where it happened and cannot be undone.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub resolved_at: Option<i64>,
    /// What happened, for people.
    pub message: String,
    /// The documents that it was found by: their SHA-256s in order.
    pub evidence: Vec<String>,
}

/// The documents' SHA-256s, in order and each once.
pub(super) fn sorted<'a>(evidence: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut sorted: Vec<String> = evidence.into_iter().cloned().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// An instant, for people.
pub(super) fn instant(at: i64) -> String {
    Timestamp::from_micros(at).map_or_else(|| format!("{at} µs"), |instant| instant.to_string())
}

/// The last fact that is not later than an instant. Of two at one instant the one that is no success decides, for it
/// takes less to be wrong about a success; then the greater word and document, so that the choice never depends on
/// the order of what is given.
pub(super) fn last_by<T>(
    facts: &[T],
    until: i64,
    read: impl Fn(&T) -> (i64, Outcome, &String),
) -> Option<&T> {
    let rank = |fact: &&T| {
        let (at, outcome, evidence) = read(fact);
        (at, outcome != Outcome::Success, outcome.as_str(), evidence.clone())
    };
    facts.iter().filter(|fact| read(fact).0 <= until).max_by_key(rank)
}
