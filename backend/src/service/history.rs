//! The default branch, as far as it is known.

use crate::store::LinkRow;
use evidence::{CommitSha, Name};
use std::collections::{HashMap, HashSet};

/// The known commits of the default branches, newest first.
pub(super) struct History {
    commits: Vec<LinkRow>,
    behind: HashMap<(Name, CommitSha), u64>,
}

impl History {
    /// Takes commits that are sorted by time, newest first.
    pub(super) fn new(commits: Vec<LinkRow>) -> Self {
        let commits = children_first(commits);
        let behind = distances(&commits);
        Self { commits, behind }
    }

    /// The newest commits.
    pub(super) fn newest(&self, most: usize) -> impl Iterator<Item = &LinkRow> {
        self.commits.iter().take(most)
    }

    /// How many commits lie between the newest and this one, by first parents.
    pub(super) fn behind(&self, project: &Name, commit: &CommitSha) -> Option<u64> {
        self.behind.get(&(project.clone(), commit.clone())).copied()
    }
}

/// Git keeps whole seconds, so a rebase gives many commits one time: among those, children come first.
fn children_first(commits: Vec<LinkRow>) -> Vec<LinkRow> {
    let mut sorted = Vec::with_capacity(commits.len());
    for group in commits.chunk_by(|a, b| a.at == b.at) {
        let inside: HashMap<_, _> = group.iter().map(|row| ((&row.project, &row.commit), row)).collect();
        let parents: HashSet<_> =
            group.iter().filter_map(|row| Some((&row.project, row.first_parent.as_ref()?))).collect();
        let tips = group.iter().filter(|row| !parents.contains(&(&row.project, &row.commit)));
        let mut placed = HashSet::new();
        for tip in tips.chain(group) {
            let mut next = Some(tip);
            while let Some(row) = next {
                if !placed.insert((&row.project, &row.commit)) {
                    break;
                }
                sorted.push(row.clone());
                let parent = row.first_parent.as_ref();
                next = parent.and_then(|parent| inside.get(&(&row.project, parent)).copied());
            }
        }
    }
    sorted
}

fn distances(commits: &[LinkRow]) -> HashMap<(Name, CommitSha), u64> {
    let by_commit: HashMap<_, _> = commits.iter().map(|row| ((&row.project, &row.commit), row)).collect();
    let mut behind = HashMap::new();
    let mut seen = HashSet::new();
    for newest in commits {
        if !seen.insert(&newest.project) {
            continue;
        }
        let mut next = Some(newest);
        let mut distance = 0;
        while let Some(row) = next {
            // Also ends a circle, which no git makes but anyone can claim.
            if behind.insert((row.project.clone(), row.commit.clone()), distance).is_some() {
                break;
            }
            distance += 1;
            let parent = row.first_parent.as_ref();
            next = parent.and_then(|parent| by_commit.get(&(&row.project, parent)).copied());
        }
    }
    behind
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(number: u32) -> CommitSha {
        format!("{number:040x}").parse().unwrap()
    }

    fn row(number: u32, parent: Option<u32>, at: i64) -> LinkRow {
        LinkRow { project: "p".parse().unwrap(), commit: sha(number), at, first_parent: parent.map(sha) }
    }

    fn behind(history: &History, number: u32) -> Option<u64> {
        history.behind(&"p".parse().unwrap(), &sha(number))
    }

    #[test]
    fn distance_is_counted_along_first_parents() {
        let history = History::new(vec![
            row(4, Some(3), 40),
            row(9, Some(1), 35),
            row(3, Some(1), 30),
            row(1, None, 10),
        ]);
        assert_eq!([4, 3, 1].map(|number| behind(&history, number)), [Some(0), Some(1), Some(2)]);
        assert_eq!(behind(&history, 9), None, "a side branch is not behind, it is beside");
        assert_eq!(behind(&history, 7), None);
    }

    #[test]
    fn commits_of_one_second_are_ordered_by_parentage() {
        let history = History::new(vec![
            row(1, Some(0), 10),
            row(3, Some(2), 10),
            row(2, Some(1), 10),
            row(0, None, 5),
        ]);
        let order: Vec<_> = history.newest(9).map(|row| row.commit.clone()).collect();
        assert_eq!(order, [3, 2, 1, 0].map(sha));
        assert_eq!(behind(&history, 0), Some(3));
    }

    #[test]
    fn a_circle_ends() {
        let history = History::new(vec![row(1, Some(2), 10), row(2, Some(1), 10)]);
        assert_eq!(history.newest(9).count(), 2);
    }
}
