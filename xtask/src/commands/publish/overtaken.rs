//! A publisher that is older and ends last must not have the last word on a floating tag.
//!
//! The distribution specification has no conditional put, so between judging a tag and putting it another publisher can come
//! in. Every publisher puts its commit's own tag before any floating one. Whoever has put a floating tag therefore looks
//! once more whether a later commit of the same branch is published, and gives the tag to it: the last one to put looks
//! last, and sees all that came before.

use super::tags::{Fate, Publisher};
use crate::git::Git;
use crate::image::manifest::Manifest;
use crate::policy::floating::Move;
use anyhow::Result;
use evidence::CommitSha;
use std::collections::BTreeSet;

/// How often a tag is handed on while others publish at the same time.
const TRIES: usize = 5;

/// Hands a floating tag that was just put to the latest published commit of its branch, if that is another one.
pub fn hand_on(publisher: &Publisher<'_>, mut fate: Fate) -> Result<Fate> {
    for _ in 0..TRIES {
        let Some((commit, newest)) = latest_published(publisher)? else {
            break;
        };
        let now = publisher.repository.by_tag(fate.wish.tag.as_str())?.map(|manifest| manifest.digest);
        if now.as_ref() != Some(&fate.names) || newest.digest == fate.names {
            // Someone else has put it since and looks after it, or it is where it belongs.
            fate.names = now.unwrap_or(fate.names);
            break;
        }
        publisher.repository.put_manifest(&newest, Some(&fate.wish.tag))?;
        let why =
            format!("{} is newer and was published meanwhile: {} names it", commit.short(), fate.wish.tag);
        fate = Fate { act: Move::Keep, why, names: newest.digest, ..fate };
    }
    Ok(fate)
}

/// The last commit after the publisher's on its branch, as this clone knows it, that has its own tag in the registry.
fn latest_published(publisher: &Publisher<'_>) -> Result<Option<(CommitSha, Manifest)>> {
    let (git, ours) = (Git::of(publisher.ctx), publisher.graph.commit.as_str());
    let later = publisher.branch.as_deref().map(|branch| git.commits_after(ours, branch)).unwrap_or_default();
    if later.is_empty() {
        return Ok(None);
    }
    let tags: BTreeSet<String> = publisher.repository.tags()?.unwrap_or_default().into_iter().collect();
    for commit in later.into_iter().filter(|commit| tags.contains(commit.tag().as_str())) {
        let Some(manifest) = publisher.repository.by_tag(commit.tag().as_str())? else {
            continue;
        };
        if publisher.named(&manifest)?.commit.as_ref() == Some(&commit) {
            return Ok(Some((commit, manifest)));
        }
    }
    Ok(None)
}
