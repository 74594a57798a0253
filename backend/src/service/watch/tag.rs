//! What an answer about a tag means, after what was known of it.

use super::SECOND;
use crate::store::WatchedTag;
use evidence::{Digest, Tag};

/// How far apart two answers are at least that make a tag gone.
pub(super) const GONE_AFTER: i64 = 60 * SECOND;

/// What is remembered of a tag after an answer, and what is to be recorded if that is a change. None of it for a
/// tag that was never there.
pub(super) fn step(
    tag: &Tag,
    answer: Option<&Digest>,
    before: Option<&WatchedTag>,
    now: i64,
) -> Option<(WatchedTag, Option<Option<Digest>>)> {
    let remember = |digest: Option<&str>, missing_since| WatchedTag {
        tag: tag.as_str().to_owned(),
        digest: digest.map(str::to_owned),
        missing_since,
        checked_at: now,
    };
    let known = before.and_then(|before| before.digest.as_deref());
    match (answer, known) {
        (Some(digest), known) => {
            let change = known != Some(digest.as_str());
            Some((remember(Some(digest.as_str()), None), change.then(|| Some(digest.clone()))))
        }
        (None, None) => before.map(|_| (remember(None, None), None)),
        (None, Some(known)) => match before.and_then(|before| before.missing_since) {
            None => Some((remember(Some(known), Some(now)), None)),
            Some(since) if now - since < GONE_AFTER => Some((remember(Some(known), Some(since)), None)),
            Some(_) => Some((remember(None, None), Some(None))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_gone_after_two_answers_a_minute_apart_and_not_before() {
        let (tag, digest): (Tag, _) = ("v1".parse().unwrap(), Digest::of(b"1"));
        let other = Digest::of(b"2");
        let mut memory: Option<WatchedTag> = None;
        let mut look = |answer: Option<&Digest>, seconds: i64| {
            let (after, change) = step(&tag, answer, memory.as_ref(), seconds * SECOND)?;
            memory = Some(after);
            change
        };
        assert_eq!(look(None, 0), None, "it was never there");
        assert_eq!(look(Some(&digest), 1), Some(Some(digest.clone())));
        assert_eq!(look(Some(&digest), 2), None);
        assert_eq!(look(None, 10), None);
        assert_eq!(look(None, 69), None, "too soon");
        assert_eq!(look(Some(&digest), 70), None, "it came back unchanged");
        assert_eq!(look(None, 80), None, "and is missing anew");
        assert_eq!(look(None, 140), Some(None));
        assert_eq!(look(None, 300), None, "gone is told once");
        assert_eq!(look(Some(&other), 301), Some(Some(other.clone())));
        assert_eq!(look(Some(&digest), 302), Some(Some(digest.clone())), "moved");
    }
}
