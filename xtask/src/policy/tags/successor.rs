//! Whether a release's number follows on those that are there.

use super::version::release;
use semver::Version;

/// What a release leaves out, for people; none where it is the next patch of its line, where its line begins with it, or
/// where no release is known. It is no reason against it: a number may have been given up.
pub fn leaves_out(tag: &str, others: &[&str]) -> Option<String> {
    let own = release(tag).filter(|own| own.pre.is_empty())?;
    let others: Vec<Version> = others.iter().filter_map(|other| release(other)).collect();
    if others.iter().all(|other| *other == own) {
        return None;
    }
    let lower = |other: &&Version| {
        other.pre.is_empty()
            && (other.major, other.minor) == (own.major, own.minor)
            && other.patch < own.patch
    };
    let next = others.iter().filter(lower).map(|other| other.patch + 1).max().unwrap_or(0);
    (own.patch > next)
        .then(|| format!("{tag} leaves out v{}.{}.{next}, which no tag here has", own.major, own.minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_follow_one_another() {
        for (tag, others, left) in [
            ("v1.2.4", &["v1.2.3", "v1.3.0", "v2.0.0"][..], None),
            ("v1.2.6", &["v1.2.3", "v1.2.4"], Some("v1.2.5")),
            ("v1.2.3", &["v1.2.3", "v1.2.4", "v1.2.2"], None),
            ("v1.4.1", &["v1.3.0"], Some("v1.4.0")),
            ("v1.4.0", &["v1.3.0"], None),
            ("v1.2.5", &["v1.2.3", "v1.2.4-rc.1"], Some("v1.2.4")),
            ("v1.2.9-rc.1", &["v1.2.3"], None),
            ("v1.2.9", &["v1.2.9"], None),
            ("v1.2.9", &[], None),
            ("nightly", &["v1.2.3"], None),
        ] {
            let said = leaves_out(tag, others);
            assert_eq!(said.is_some(), left.is_some(), "{tag}: {said:?}");
            assert!(left.is_none_or(|left| said.unwrap().contains(left)), "{tag}");
        }
    }
}
