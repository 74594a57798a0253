//! R2: an immutable tag moved or vanished.

use super::code;
use super::fact::{TagFact, TagSource};
use super::finding::{Finding, Rule, instant, sorted};
use crate::{Digest, Tag};
use std::collections::BTreeMap;

/// Whether a tag promises to name one image for ever: a commit's `sha-<7 to 40 hexadecimal digits>`, a whole semantic
/// version with or without `v` (`v1.2.3`, `1.2.3-rc.1`), or a build of a day, `test-<YYYYMMDD>-<N>`.
pub fn is_immutable(tag: &Tag) -> bool {
    let text = tag.as_str();
    let commit = text.strip_prefix("sha-").is_some_and(|digits| {
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (7..=40).contains(&digits.len()) && digits.bytes().all(hexadecimal)
    });
    commit || is_build_of_a_day(text) || is_version(text.strip_prefix('v').unwrap_or(text))
}

fn is_build_of_a_day(text: &str) -> bool {
    let Some((day, number)) = text.strip_prefix("test-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let part = |from: usize, to: usize| day.get(from..to).and_then(|digits| digits.parse::<u8>().ok());
    day.len() == 8
        && is_digits(day)
        && part(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && part(6, 8).is_some_and(|day| (1..=31).contains(&day))
        && is_digits(number)
}

/// A whole version as semver.org 2.0.0 has it, without build metadata, for which a tag has no `+`. One that calls
/// itself the latest, such as `1.2.3-latest`, says that it moves.
fn is_version(text: &str) -> bool {
    let (core, unfinished) = text.split_once('-').map_or((text, None), |(core, rest)| (core, Some(rest)));
    let number = |part: &str| is_digits(part) && (part == "0" || !part.starts_with('0'));
    let identifier = |part: &str| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(legal) && (!is_digits(part) || number(part))
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && unfinished.is_none_or(|rest| rest.split('.').all(identifier) && !rest.ends_with("latest"))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// R2: where an immutable tag named another digest than its first, or none. A finding for each; it is resolved when
/// the tag names its first digest again, or, for one that vanished, any. What the registry was seen to answer is
/// undone only by what it is seen to answer, not by a publication's word.
pub fn immutable_tag(repository: &str, tag: &Tag, history: &[TagFact]) -> Vec<Finding> {
    let named = history.iter().filter_map(|fact| fact.digest.as_ref().map(|digest| (fact, digest)));
    let first = named.min_by_key(|(fact, digest)| (fact.at, fact.source, *digest, &fact.evidence));
    let Some((first, promised)) = first.filter(|_| is_immutable(tag)) else {
        return Vec::new();
    };
    // At one instant: gone, then as promised, then anything else, so that a doubt ends as a finding.
    let rank =
        |fact: &TagFact| fact.digest.as_ref().map_or(0, |digest| if digest == promised { 1 } else { 2 });
    let mut facts: Vec<&TagFact> = history.iter().collect();
    facts.sort_by_key(|fact| (fact.at, rank(fact), fact.source, &fact.digest, &fact.evidence));
    let since = facts.iter().position(|fact| fact.digest.is_some()).unwrap_or_default();

    let mut history =
        History { subject: format!("{repository}:{tag}"), first, promised, breaches: Vec::new() };
    let mut open: BTreeMap<Option<&Digest>, usize> = BTreeMap::new();
    let mut last = promised;
    for &fact in &facts[since..] {
        let digest = fact.digest.as_ref();
        open.retain(|away, index| {
            let mended = digest == Some(promised) || (away.is_none() && digest.is_some());
            !(mended && history.resolve(*index, fact))
        });
        if digest != Some(promised) {
            let index = *open.entry(digest).or_insert_with(|| history.open(fact, last));
            history.breaches[index].observed |= fact.source == TagSource::Observed;
        }
        last = digest.unwrap_or(last);
    }
    history.breaches.into_iter().map(|breach| breach.finding).collect()
}

struct History<'a> {
    subject: String,
    first: &'a TagFact,
    promised: &'a Digest,
    breaches: Vec<Breach>,
}

struct Breach {
    finding: Finding,
    /// Whether the registry was seen to be in breach, and not only said to be by who published.
    observed: bool,
}

impl History<'_> {
    /// Adds a breach and gives its index.
    fn open(&mut self, fact: &TagFact, last: &Digest) -> usize {
        let Self { subject, first, promised, .. } = self;
        let (at, since) = (instant(fact.at), instant(first.at));
        let (code, what, digest, message) = match &fact.digest {
            Some(digest) => (
                code::IMMUTABLE_TAG_MOVED,
                digest.to_string(),
                digest,
                format!(
                    "{subject} named {} since {since}, and {} at {at}.",
                    promised.short(),
                    digest.short()
                ),
            ),
            None => (
                code::IMMUTABLE_TAG_VANISHED,
                "gone".to_owned(),
                last,
                format!("{subject} named {} and was gone from its registry at {at}.", last.short()),
            ),
        };
        let finding = Finding {
            rule: Rule::R2,
            code,
            key: format!("{subject}#{what}#{}", fact.at),
            subject: subject.clone(),
            environment: None,
            service: None,
            digest: Some(digest.clone()),
            commit: None,
            opened_at: fact.at,
            resolved_at: None,
            message,
            evidence: sorted([&first.evidence, &fact.evidence]),
        };
        self.breaches.push(Breach { finding, observed: false });
        self.breaches.len() - 1
    }

    /// Whether the fact is good enough to end the breach.
    fn resolve(&mut self, index: usize, fact: &TagFact) -> bool {
        let Breach { finding, observed } = &mut self.breaches[index];
        if *observed && fact.source == TagSource::Published {
            return false;
        }
        finding.resolved_at = Some(fact.at);
        finding.evidence = sorted(finding.evidence.iter().chain([&fact.evidence]));
        true
    }
}
