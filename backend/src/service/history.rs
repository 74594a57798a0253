//! The default branches, as far as they are known.

use crate::store::{ChainRow, LinkRow, StoreError};
use evidence::{CommitSha, Name};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// The newest commits of the default branches.
pub(super) struct History<'a> {
    newest: Vec<LinkRow>,
    /// How far each commit of a first-parent chain is from its newest.
    behind: HashMap<&'a Name, HashMap<&'a str, u64>>,
}

/// A commit in the text of a chain.
#[derive(Clone, Copy)]
struct Link<'a> {
    commit: &'a str,
    at: i64,
    /// Empty where there is none.
    parent: &'a str,
}

impl<'a> History<'a> {
    /// Reads chains, and keeps that many of the newest commits of each.
    pub(super) fn new(chains: &'a [ChainRow], most: usize) -> Result<Self, StoreError> {
        let mut newest = Vec::new();
        let mut behind = HashMap::new();
        for chain in chains {
            let mut links = chain.links.split_terminator(',').map(link).collect::<Result<Vec<_>, _>>()?;
            // Newest first. The database has found them in that order, and would sort them once more to put them together.
            links.sort_unstable_by_key(|link| Reverse((link.at, link.commit)));
            let first = children_first(&links, most.max(1));
            behind.insert(&chain.project, distances(&links, first.first().copied()));
            for link in first.into_iter().take(most) {
                newest.push(LinkRow {
                    project: chain.project.clone(),
                    commit: link.commit.parse().map_err(StoreError::corrupt)?,
                    at: link.at,
                    first_parent: None,
                });
            }
        }
        // Stable, so that commits of one second stay in their chain's order.
        newest.sort_by_key(|link| Reverse(link.at));
        newest.truncate(most);
        Ok(Self { newest, behind })
    }

    /// The newest commits of all.
    pub(super) fn newest(&self) -> &[LinkRow] {
        &self.newest
    }

    /// How many commits lie between the newest and this one, by first parents.
    pub(super) fn behind(&self, project: &Name, commit: &CommitSha) -> Option<u64> {
        self.behind.get(project)?.get(commit.as_str()).copied()
    }
}

fn link(text: &str) -> Result<Link<'_>, StoreError> {
    let mut words = text.split(' ');
    let (Some(commit), Some(at), Some(parent)) = (words.next(), words.next(), words.next()) else {
        return Err(StoreError::corrupt(format!("the commit {text:?} of a chain")));
    };
    Ok(Link { commit, at: at.parse().map_err(StoreError::corrupt)?, parent })
}

/// At least that many of the newest commits, if there are as many. Git keeps whole seconds, so a rebase gives many
/// commits one time: among those, children come first.
fn children_first<'a>(links: &[Link<'a>], most: usize) -> Vec<Link<'a>> {
    let mut sorted = Vec::new();
    for group in links.chunk_by(|a, b| a.at == b.at) {
        if sorted.len() >= most {
            break;
        }
        let inside: HashMap<_, _> = group.iter().map(|link| (link.commit, link)).collect();
        let parents: HashSet<_> = group.iter().map(|link| link.parent).collect();
        let tips = group.iter().filter(|link| !parents.contains(link.commit));
        let mut placed = HashSet::new();
        for tip in tips.chain(group) {
            let mut next = Some(tip);
            while let Some(link) = next.filter(|link| placed.insert(link.commit)) {
                sorted.push(*link);
                next = inside.get(link.parent).copied();
            }
        }
    }
    sorted
}

fn distances<'a>(links: &[Link<'a>], newest: Option<Link<'a>>) -> HashMap<&'a str, u64> {
    let by_commit: HashMap<_, _> = links.iter().map(|link| (link.commit, link.parent)).collect();
    let mut behind = HashMap::with_capacity(links.len());
    let mut next = newest.map(|link| link.commit);
    let mut distance = 0;
    while let Some((commit, parent)) = next.and_then(|commit| Some((commit, *by_commit.get(commit)?))) {
        // Also ends a circle, which no git makes but anyone can claim.
        if behind.insert(commit, distance).is_some() {
            break;
        }
        distance += 1;
        next = Some(parent);
    }
    behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(number: u32) -> CommitSha {
        format!("{number:040x}").parse().unwrap()
    }

    fn chain(commits: &[(u32, Option<u32>, i64)]) -> Vec<ChainRow> {
        let text = |(number, parent, at): &(u32, Option<u32>, i64)| {
            let parent = parent.map(|parent| sha(parent).to_string()).unwrap_or_default();
            format!("{} {at} {parent}", sha(*number))
        };
        let links: Vec<_> = commits.iter().map(text).collect();
        vec![ChainRow { project: "p".parse().unwrap(), links: links.join(",") }]
    }

    fn behind(history: &History<'_>, number: u32) -> Option<u64> {
        history.behind(&"p".parse().unwrap(), &sha(number))
    }

    #[test]
    fn distance_is_counted_along_first_parents() {
        let chain = chain(&[(4, Some(3), 40), (9, Some(1), 35), (3, Some(1), 30), (1, None, 10)]);
        let history = History::new(&chain, 9).unwrap();
        assert_eq!([4, 3, 1].map(|number| behind(&history, number)), [Some(0), Some(1), Some(2)]);
        assert_eq!(behind(&history, 9), None, "a side branch is not behind, it is beside");
        assert_eq!(behind(&history, 7), None);
    }

    #[test]
    fn commits_of_one_second_are_ordered_by_parentage() {
        let chain = chain(&[(1, Some(0), 10), (3, Some(2), 10), (2, Some(1), 10), (0, None, 5)]);
        let history = History::new(&chain, 9).unwrap();
        let order = |history: &History<'_>| -> Vec<_> {
            history.newest().iter().map(|link| link.commit.clone()).collect()
        };
        assert_eq!(order(&history), [3, 2, 1, 0].map(sha));
        assert_eq!(behind(&history, 0), Some(3));
        assert_eq!(order(&History::new(&chain, 2).unwrap()), [3, 2].map(sha));
    }

    #[test]
    fn a_circle_ends_and_nothing_is_no_history() {
        assert_eq!(History::new(&chain(&[(1, Some(2), 10), (2, Some(1), 10)]), 9).unwrap().newest().len(), 2);
        assert_eq!(History::new(&chain(&[]), 9).unwrap().newest().len(), 0);
    }
}
