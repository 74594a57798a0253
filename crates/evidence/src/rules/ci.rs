//! R1: published without green CI.

use super::code;
use super::fact::{CiFact, PublicationFact};
use super::finding::{Finding, Rule, instant, last_by, sorted};
use crate::Outcome;

/// What CI had last concluded at an instant.
pub(super) fn verdict_at(ci: &[CiFact], at: i64) -> Option<&CiFact> {
    last_by(ci, at, |fact| (fact.concluded_at, fact.outcome, &fact.evidence))
}

/// R1: the last verdict about the publication's commit that was there when it was published is not green, or there
/// was none. What CI concludes later neither mends nor makes it, so it is never resolved.
pub fn published_without_green_ci(publication: &PublicationFact, ci: &[CiFact]) -> Option<Finding> {
    let verdict = verdict_at(ci, publication.at);
    let commit = publication.commit.short();
    let (code, state) = match verdict {
        Some(fact) if fact.outcome == Outcome::Success => return None,
        Some(fact) => {
            let (word, at) = (fact.outcome.as_str(), instant(fact.concluded_at));
            (code::PUBLISHED_ON_RED, format!("the last verdict of CI about {commit} was {word}, of {at}"))
        }
        None => (code::PUBLISHED_WITHOUT_VERDICT, format!("CI had not come to a verdict about {commit}")),
    };
    let PublicationFact { repository, digest, at, evidence, .. } = publication;
    Some(Finding {
        rule: Rule::R1,
        code,
        key: format!("{repository}@{digest}#{evidence}"),
        subject: format!("{repository}@{digest}"),
        environment: None,
        service: None,
        digest: Some(digest.clone()),
        commit: Some(publication.commit.clone()),
        opened_at: *at,
        resolved_at: None,
        message: format!(
            "{} was published as {} at {}, when {state}.",
            digest.short(),
            named(publication),
            instant(*at)
        ),
        evidence: sorted(verdict.map(|fact| &fact.evidence).into_iter().chain([evidence])),
    })
}

/// The repository and the tags in order.
fn named(publication: &PublicationFact) -> String {
    let mut tags: Vec<&str> = publication.tags.iter().map(|tag| tag.as_str()).collect();
    tags.sort_unstable();
    if tags.is_empty() {
        return publication.repository.clone();
    }
    format!("{}:{}", publication.repository, tags.join(", :"))
}
