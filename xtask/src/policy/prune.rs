//! Which images nothing needs.

use evidence::Digest;
use std::collections::{BTreeMap, BTreeSet};
use time::{Duration, OffsetDateTime};

/// An image as far as the decision goes.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its manifest or index.
    pub digest: Digest,
    /// The tags that name it.
    pub tags: Vec<String>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// The manifests below it.
    pub children: Vec<Digest>,
    /// What refers to it, the list of that included.
    pub referrers: Vec<Digest>,
}

/// What may go.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Only images all of whose tags match one of these; `*` stands for any text.
    pub patterns: Vec<String>,
    /// Only images that are older.
    pub older_than: Option<Duration>,
    /// Never the newest so many of those that could go.
    pub keep_last: usize,
}

/// What becomes of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The image.
    pub digest: Digest,
    /// Whether nothing needs it.
    pub remove: bool,
    /// Why.
    pub why: String,
}

/// Decides about every image, in the order given. `pinned` are the digests that are needed elsewhere, each with why: an
/// image of which any part is pinned stays whole.
pub fn decide(
    images: &[Kept],
    pinned: &BTreeMap<Digest, String>,
    rules: &Rules,
    now: OffsetDateTime,
) -> Vec<Verdict> {
    let mut newest: Vec<&Kept> =
        images.iter().filter(|image| reason_to_keep(image, pinned, rules).is_none()).collect();
    newest.sort_by_key(|image| std::cmp::Reverse(image.created));
    let spared: BTreeSet<&Digest> = newest.iter().take(rules.keep_last).map(|image| &image.digest).collect();
    let judge = |image: &Kept| {
        if let Some(why) = reason_to_keep(image, pinned, rules) {
            return (false, why);
        }
        if spared.contains(&image.digest) {
            return (false, format!("among the newest {}", rules.keep_last));
        }
        match (rules.older_than, image.created) {
            (Some(_), None) => (false, "does not say how old it is".to_owned()),
            (Some(limit), Some(created)) if now - created <= limit => {
                (false, format!("not older than {} d", limit.whole_days()))
            }
            _ => (true, "nothing needs it".to_owned()),
        }
    };
    images
        .iter()
        .map(|image| {
            let (remove, why) = judge(image);
            Verdict { digest: image.digest.clone(), remove, why }
        })
        .collect()
}

fn reason_to_keep(image: &Kept, pinned: &BTreeMap<Digest, String>, rules: &Rules) -> Option<String> {
    let parts = [&image.digest].into_iter().chain(&image.children);
    if let Some(why) = parts.into_iter().find_map(|part| pinned.get(part)) {
        return Some(why.clone());
    }
    let other = image.tags.iter().find(|tag| !rules.patterns.iter().any(|pattern| matches(pattern, tag)));
    other.map(|tag| format!("the tag {tag} names it"))
}

/// What is deleted, in order: each image before what it names, so that no tag ever names what is not whole. Whatever is
/// reachable from an image that stays is not in it.
pub fn deletions(images: &[Kept], verdicts: &[Verdict], pinned: &BTreeMap<Digest, String>) -> Vec<Digest> {
    let removed =
        |image: &&Kept| verdicts.iter().any(|verdict| verdict.remove && verdict.digest == image.digest);
    let reach = |image: &Kept| -> Vec<Digest> {
        let parts = image.children.iter().chain(&image.referrers);
        [&image.digest].into_iter().chain(parts).cloned().collect()
    };
    let needed: BTreeSet<Digest> =
        images.iter().filter(|image| !removed(image)).flat_map(reach).chain(pinned.keys().cloned()).collect();
    let mut seen = BTreeSet::new();
    let gone: Vec<&Kept> = images.iter().filter(removed).collect();
    let roots = gone.iter().map(|image| image.digest.clone());
    let rest = gone.iter().flat_map(|image| reach(image).into_iter().skip(1));
    roots.chain(rest).filter(|digest| !needed.contains(digest) && seen.insert(digest.clone())).collect()
}

/// Whether a text matches a pattern in which `*` stands for any text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A time span such as `30d`, `12h` or `2w`.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and h, d or w, such as 30d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    match unit {
        "h" => Ok(Duration::hours(number.into())),
        "d" => Ok(Duration::days(number.into())),
        "w" => Ok(Duration::weeks(number.into())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_772_323_200).unwrap()
    }

    fn digest(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn image(name: &str, tags: &[&str], days: i64) -> Kept {
        Kept {
            digest: digest(name),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            created: Some(now() - Duration::days(days)),
            children: vec![digest(&format!("{name}/amd64")), digest("shared")],
            referrers: vec![digest(&format!("{name}/evidence"))],
        }
    }

    fn rules() -> Rules {
        Rules { patterns: vec!["sha-*".to_owned()], older_than: Some(Duration::days(30)), keep_last: 1 }
    }

    #[test]
    fn only_what_nothing_needs_goes() {
        let images = [
            image("young", &["sha-1"], 1),
            image("released", &["sha-2", "v1"], 90),
            image("deployed", &["sha-3"], 80),
            image("old", &["sha-4"], 70),
        ];
        let pinned = BTreeMap::from([(digest("deployed/amd64"), "runs in prod".to_owned())]);
        let verdicts = decide(&images, &pinned, &rules(), now());
        let shown: Vec<(bool, &str)> = verdicts.iter().map(|v| (v.remove, v.why.as_str())).collect();
        assert_eq!(
            shown,
            [
                (false, "among the newest 1"),
                (false, "the tag v1 names it"),
                (false, "runs in prod"),
                (true, "nothing needs it")
            ]
        );
        let gone = deletions(&images, &verdicts, &pinned);
        assert_eq!(
            gone,
            [digest("old"), digest("old/amd64"), digest("old/evidence")],
            "what is shared stays"
        );
    }

    #[test]
    fn an_image_of_unknown_age_stays() {
        let mut unknown = image("x", &["sha-1"], 0);
        unknown.created = None;
        let rules = Rules { keep_last: 0, ..rules() };
        assert!(!decide(&[unknown], &BTreeMap::new(), &rules, now())[0].remove);
    }

    #[test]
    fn patterns_and_spans_are_what_they_seem() {
        assert!(matches("sha-*", "sha-a1") && matches("*", "") && matches("a*b*c", "axxbyyc"));
        assert!(!matches("sha-*", "xsha-a1") && !matches("v1", "v1.2") && !matches("a*b", "ac"));
        assert_eq!(parse_span("2w"), Ok(Duration::days(14)));
        for bad in ["", "d", "-1d", "3", "3m", "é", "99999999999d"] {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }
}
