//! Floating tags never move backwards.

use super::tags::version;
use evidence::{CommitSha, Digest, Tag};
use std::cmp::Ordering;

/// What wants the tag.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The commit it was built from.
    pub commit: &'a CommitSha,
    /// The version, of a release.
    pub version: Option<&'a str>,
    /// Whether it was pushed to the default branch.
    pub from_default_branch: bool,
}

/// What the tag names now.
#[derive(Clone, Debug)]
pub struct Named {
    /// The image.
    pub digest: Digest,
    /// The commit that the image says it was built from.
    pub commit: Option<CommitSha>,
    /// The version that the image says it is, where that is a release's.
    pub version: Option<String>,
}

/// How the candidate's commit stands to the one that the tag names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is the same commit.
    Same,
    /// The candidate has the named commit among its ancestors.
    Descends,
    /// The candidate is an ancestor of the named commit.
    Behind,
    /// Neither is an ancestor of the other.
    Diverged,
    /// The history at hand does not tell.
    Unknown,
}

/// What becomes of the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// There is none yet.
    Create,
    /// From the named image to the candidate.
    Move,
    /// It names this commit already.
    Already,
    /// It stays where it is.
    Keep,
}

/// Whether a floating tag may move to the candidate, and why.
///
/// Between two releases the version decides, and a pre-release takes nothing. Otherwise the history does: only a
/// descendant takes the tag. What cannot be shown counts as no.
pub fn may_move(
    tag: &Tag,
    candidate: &Candidate<'_>,
    named: Option<&Named>,
    relation: Relation,
) -> (Move, String) {
    let own = candidate.version.and_then(version::release);
    let own_shown = candidate.version.unwrap_or(candidate.commit.short());
    if tag.as_str() == "latest" && own.is_none() && !candidate.from_default_branch {
        return (Move::Keep, "latest comes from the default branch or from a release alone".to_owned());
    }
    if own.as_ref().is_some_and(|own| !own.pre.is_empty()) {
        return (Move::Keep, format!("{own_shown} is a pre-release, which takes no floating tag"));
    }
    let Some(named) = named else {
        return (Move::Create, format!("{tag} is new"));
    };
    if named.commit.as_ref() == Some(candidate.commit) {
        return (Move::Already, format!("{tag} names {} already", candidate.commit.short()));
    }
    let theirs = named.version.as_deref().and_then(version::release);
    if let (Some(own), Some(theirs)) = (&own, &theirs) {
        let shown = named.version.as_deref().unwrap_or_default();
        match own.cmp_precedence(theirs) {
            Ordering::Greater => {
                return (Move::Move, format!("{own_shown} is higher than {shown}, which {tag} named"));
            }
            Ordering::Less => {
                return (Move::Keep, format!("{tag} names {shown}, and {own_shown} is lower: a backport"));
            }
            // Versions that differ in their build metadata alone, as a hotfix `v1.2.3+patch`: the history decides.
            Ordering::Equal => {}
        }
    }
    let Some(commit) = &named.commit else {
        return (
            Move::Keep,
            format!(
                "{tag} names {}, which does not say its commit: nothing shows that {own_shown} is newer",
                named.digest.short()
            ),
        );
    };
    let there = commit.short();
    match relation {
        Relation::Same => (Move::Already, format!("{tag} names {there} already")),
        Relation::Descends => (Move::Move, format!("{own_shown} descends from {there}, which {tag} named")),
        Relation::Behind => {
            (Move::Keep, format!("{tag} names {there}, which is newer: {own_shown} is one of its ancestors"))
        }
        Relation::Diverged => {
            (Move::Keep, format!("{tag} names {there}, from which {own_shown} does not descend"))
        }
        Relation::Unknown => (
            Move::Keep,
            format!(
                "{tag} names {there}, and the history at hand does not tell whether {own_shown} is newer: fetch all of it"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> CommitSha {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn verdict(
        tag: &str,
        version: Option<&str>,
        named: Option<(&str, Option<&str>)>,
        relation: Relation,
    ) -> Move {
        let own = sha('a');
        let candidate = Candidate { commit: &own, version, from_default_branch: true };
        let named = named.map(|(commit, version)| Named {
            digest: Digest::of(b""),
            commit: commit.chars().next().map(sha),
            version: version.map(str::to_owned),
        });
        let (verdict, why) = may_move(&tag.parse().unwrap(), &candidate, named.as_ref(), relation);
        assert!(!why.is_empty() && !why.contains('\n'));
        verdict
    }

    #[test]
    fn branches_follow_the_history() {
        use Relation::*;
        assert_eq!(verdict("latest", None, None, Unknown), Move::Create);
        for (relation, expected) in [
            (Descends, Move::Move),
            (Behind, Move::Keep),
            (Diverged, Move::Keep),
            (Unknown, Move::Keep),
            (Same, Move::Already),
        ] {
            assert_eq!(verdict("latest", None, Some(("b", None)), relation), expected, "{relation:?}");
        }
        assert_eq!(verdict("latest", None, Some(("a", None)), Unknown), Move::Already);
        assert_eq!(verdict("latest", None, Some(("", None)), Descends), Move::Keep, "no label, no proof");
    }

    #[test]
    fn releases_follow_their_versions() {
        use Relation::*;
        let named = |version| Some(("b", Some(version)));
        for (tag, own, theirs, relation, expected) in [
            ("latest", "v2.0.1", "v2.0.0", Diverged, Move::Move),
            ("latest", "v1.9.1", "v2.0.1", Diverged, Move::Keep),
            ("1.9", "v1.9.1", "v1.9.0", Descends, Move::Move),
            ("1", "v1.9.1", "v1.10.0", Diverged, Move::Keep),
            ("latest", "v2.1.0-rc.1", "v2.0.1", Descends, Move::Keep),
            ("latest", "v2.0.1+patch", "v2.0.1", Descends, Move::Move),
            ("latest", "v2.0.1+patch", "v2.0.1", Behind, Move::Keep),
            // A release after a branch's image, and the other way round: the history.
            ("latest", "v2.0.1", "sha-bbbbbbb", Descends, Move::Move),
            ("latest", "v2.0.1", "sha-bbbbbbb", Behind, Move::Keep),
        ] {
            assert_eq!(verdict(tag, Some(own), named(theirs), relation), expected, "{own} after {theirs}");
        }
        assert_eq!(verdict("latest", None, named("v2.0.1"), Descends), Move::Move);
        assert_eq!(verdict("latest", Some("v1.0.0-rc.1"), None, Unknown), Move::Keep);
    }

    #[test]
    fn latest_is_of_the_default_branch() {
        let own = sha('a');
        let elsewhere = Candidate { commit: &own, version: None, from_default_branch: false };
        let of = |tag: &str| may_move(&tag.parse().unwrap(), &elsewhere, None, Relation::Unknown).0;
        assert_eq!((of("latest"), of("staging-latest")), (Move::Keep, Move::Create));
    }
}
