//! What becomes of each tag: decided from what it names now.

use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::git::Git;
use crate::image::Graph;
use crate::image::manifest::{Manifest, REVISION};
use crate::policy::floating::{Candidate, Move, Named, Relation, may_move};
use crate::registry::Repository;
use anyhow::Result;
use evidence::{CommitSha, Digest, Tag};

/// A tag that is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The tag.
    pub tag: Tag,
    /// It may move from image to image.
    pub floating: bool,
    /// The rule that asks for it.
    pub rule: String,
}

/// What becomes of a tag, and why.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The tag that is wanted.
    pub wish: Wish,
    /// What is done.
    pub act: Move,
    /// Why.
    pub why: String,
    /// The digest that it names in the end.
    pub names: Digest,
}

/// Who wants the tags.
pub struct Publisher<'a> {
    /// What every command gets.
    pub ctx: &'a Context,
    /// The registry's repository.
    pub repository: &'a Repository,
    /// The image.
    pub graph: &'a Graph,
    /// The release's version, if it is one.
    pub version: Option<String>,
    /// The commit came from the default branch.
    pub from_default_branch: bool,
    /// The branch that floating tags follow, if it is one.
    pub branch: Option<String>,
}

impl Publisher<'_> {
    /// Decides about a tag from what it names at this moment.
    ///
    /// # Errors
    /// Exit 3 where a tag that never moves names something else.
    pub fn decide(&self, wish: &Wish) -> Result<Fate> {
        let now = self.repository.by_tag(wish.tag.as_str())?;
        let ours = &self.graph.root.digest;
        let fate = |act, why, names: &Digest| Fate { wish: wish.clone(), act, why, names: names.clone() };
        let Some(now) = now else {
            let (act, why) = if wish.floating {
                self.may_move(&wish.tag, None, Relation::Unknown)
            } else {
                (Move::Create, "new".to_owned())
            };
            return Ok(fate(act, why, ours));
        };
        if now.digest == *ours {
            return Ok(fate(Move::Already, "names this image already".to_owned(), ours));
        }
        let named = self.named(&now)?;
        if !wish.floating {
            return Err(self.clash(&wish.tag, &named).into());
        }
        let relation = named.commit.as_ref().map_or(Relation::Unknown, |commit| self.relation(commit));
        let (act, why) = self.may_move(&wish.tag, Some(&named), relation);
        // The same commit, and yet not the same image: which of them is the tested one cannot be told here.
        if act == Move::Already {
            return Err(self.clash(&wish.tag, &named).into());
        }
        let names = if act == Move::Keep { &now.digest } else { ours };
        Ok(fate(act, why, names))
    }

    fn may_move(&self, tag: &Tag, named: Option<&Named>, relation: Relation) -> (Move, String) {
        let candidate = Candidate {
            commit: &self.graph.commit,
            version: self.version.as_deref(),
            from_default_branch: self.from_default_branch,
        };
        may_move(tag, &candidate, named, relation)
    }

    /// What an image in the registry says of itself.
    pub fn named(&self, manifest: &Manifest) -> Result<Named> {
        let mut named = Named { digest: manifest.digest.clone(), commit: None, version: None };
        let annotation = manifest.content.annotations.get(REVISION);
        named.commit = annotation.and_then(|text| text.parse().ok());
        let Some(config) = self.repository.config_of(manifest)? else {
            return Ok(named);
        };
        named.commit = named.commit.or_else(|| config.label(REVISION)?.parse().ok());
        named.version = config.label("org.opencontainers.image.version").map(str::to_owned);
        Ok(named)
    }

    fn clash(&self, tag: &Tag, named: &Named) -> Problem {
        let (ours, digest) = (&self.graph.commit, &self.graph.root.digest);
        let there = &named.digest;
        let show = format!("cargo xtask images show {}:{tag}", self.repository.reference());
        let message = match &named.commit {
            Some(commit) if commit == ours => format!(
                "commit {ours} is published already as {there} (tag {tag}), and this artefact is {digest}: what was \
                tested then and what would be published now are not the same"
            ),
            Some(commit) if commit.short() == ours.short() && *tag == ours.tag() => format!(
                "{tag} names commit {commit}, and this artefact is of commit {ours}: the two begin with the same seven \
                digits, and one tag cannot name both"
            ),
            Some(commit) => format!(
                "{tag} names {there} of commit {commit}, and this artefact is {digest} of commit {ours}: a tag that is no \
                floating one never moves"
            ),
            None => format!(
                "{tag} names {there}, which does not say its commit, and this artefact is {digest}: a tag that is no \
                floating one never moves"
            ),
        };
        Problem::new(Exit::Refused, message).next(show)
    }

    /// How the candidate's commit stands to another one, as git knows it.
    fn relation(&self, named: &CommitSha) -> Relation {
        let ours = &self.graph.commit;
        if named == ours {
            return Relation::Same;
        }
        let git = Git::of(self.ctx);
        match (git.is_ancestor(named.as_str(), ours.as_str()), git.is_ancestor(ours.as_str(), named.as_str()))
        {
            (Some(true), _) => Relation::Descends,
            (_, Some(true)) => Relation::Behind,
            (Some(false), Some(false)) => Relation::Diverged,
            _ => Relation::Unknown,
        }
    }
}

/// Whether a tag that someone names by hand is one that never moves: of a commit, a release, or a numbered test build.
pub fn is_exact(tag: &Tag) -> bool {
    let text = tag.as_str();
    let hex = |text: &str| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let core = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next().unwrap_or_default();
    let release = core.split('.').count() == 3 && core.split('.').all(number);
    let mut parts = text.rsplitn(3, '-');
    let numbered = matches!((parts.next(), parts.next(), parts.next()), (Some(n), Some(day), Some(_))
        if number(n) && number(day) && day.len() == 8);
    release || numbered || text.strip_prefix("sha-").is_some_and(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_tags_are_told_from_floating_ones() {
        for exact in ["sha-a1b2c3d", "v1.2.3", "1.2.3", "v1.2.3-rc.1", "test-20260102-3"] {
            assert!(is_exact(&exact.parse().unwrap()), "{exact}");
        }
        for floating in ["latest", "1.2", "1", "v1", "staging-latest", "edge", "main", "sha-x", "test-1-3"] {
            assert!(!is_exact(&floating.parse().unwrap()), "{floating}");
        }
    }
}
