//! Which commits a force-push left behind. Nothing is deleted: they are marked.
//!
//! GitHub tells no parents, but of every push what the branch named before and which commits came: all of them are
//! ancestors of what it names afterwards, unless the push was forced. Where a forced push branched off is known only if
//! commits' own evidence tells their parents; without it no more is marked than is sure, which is what the branch named
//! before.

use crate::store::{Move, Session, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Marks the commits of a project again; answers whether anything changed.
pub(super) async fn project(session: &mut Session, project: &str) -> Result<bool, StoreError> {
    if !session.was_forced(project).await? {
        return Ok(false);
    }
    let moves = session.default_branch_moves(project).await?;
    let parents = session.first_parents(project).await?;
    let left = left_behind(&moves, &parents)?;
    session.set_unreachable(project, &left).await
}

fn left_behind(moves: &[Move], parents: &HashMap<String, String>) -> Result<Vec<String>, StoreError> {
    let mut ancestors: HashMap<&str, BTreeSet<String>> = HashMap::new();
    let mut heads: BTreeMap<&(i64, String), &Move> = BTreeMap::new();
    let mut ever: BTreeSet<String> = BTreeSet::new();
    for moved in moves {
        let commits: Vec<String> = serde_json::from_str(&moved.commits).map_err(StoreError::corrupt)?;
        ever.extend(moved.before.iter().chain(&moved.after).chain(&commits).cloned());
        if let Some(after) = &moved.after {
            let before = ancestors.entry(after).or_default();
            before.extend(commits);
            before.extend(moved.before.iter().filter(|_| !moved.forced).cloned());
        }
        let head = heads.entry(&moved.branch).or_insert(moved);
        if (moved.at, &moved.evidence) > (head.at, &head.evidence) {
            *head = moved;
        }
    }
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = heads.values().filter_map(|head| head.after.as_deref()).collect();
    while let Some(commit) = next.pop() {
        if reached.insert(commit) {
            next.extend(ancestors.get(commit).into_iter().flatten().map(String::as_str));
            next.extend(parents.get(commit).map(String::as_str));
        }
    }
    let mut whole = true;
    let mut dropped = BTreeSet::new();
    for moved in moves.iter().filter(|moved| moved.forced) {
        dropped.extend(moved.before.iter().cloned());
        let after = moved.after.as_deref().filter(|after| reached.contains(after));
        whole &= after.is_none_or(|after| branches_off(moved, after, parents));
    }
    let candidates = if whole { ever } else { dropped };
    Ok(candidates.into_iter().filter(|commit| !reached.contains(commit.as_str())).collect())
}

/// Whether it is known which commit the new commits of a forced push were put upon.
fn branches_off(moved: &Move, after: &str, parents: &HashMap<String, String>) -> bool {
    let commits: Vec<String> = serde_json::from_str(&moved.commits).unwrap_or_default();
    let mut own = commits.iter().map(String::as_str).chain([after]);
    own.any(|commit| parents.get(commit).is_some_and(|parent| !commits.contains(parent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(at: i64, before: Option<&str>, after: &str, commits: &[&str], forced: bool) -> Move {
        Move {
            branch: (1, "refs/heads/main".to_owned()),
            before: before.map(str::to_owned),
            after: Some(after.to_owned()),
            forced,
            commits: serde_json::to_string(commits).unwrap(),
            at,
            evidence: format!("{at}"),
        }
    }

    #[test]
    fn a_force_push_leaves_behind_what_its_new_head_does_not_descend_from() {
        let mut moves = vec![
            moved(1, None, "b", &["a", "b"], false),
            moved(2, Some("b"), "d", &["c", "d"], false),
            moved(3, Some("d"), "e", &["e"], true),
        ];
        let parents = HashMap::from([("e".to_owned(), "b".to_owned())]);
        assert_eq!(left_behind(&moves, &parents).unwrap(), ["c", "d"]);
        moves.reverse();
        assert_eq!(left_behind(&moves, &parents).unwrap(), ["c", "d"]);
        let unknown = left_behind(&moves, &HashMap::new()).unwrap();
        assert_eq!(unknown, ["d"], "without parents only the old head is known to be left behind");
        // What was left behind and is pushed again is reachable again.
        let parents = HashMap::from([("e".to_owned(), "b".to_owned()), ("c".to_owned(), "b".to_owned())]);
        moves.push(moved(4, Some("e"), "d", &["c", "d"], true));
        assert_eq!(left_behind(&moves, &parents).unwrap(), ["e"]);
    }
}
