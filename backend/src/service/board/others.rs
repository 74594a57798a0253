//! Commits that the board shows though no default branch is known to have them.

use crate::service::history::History;
use crate::store::{BoardCommits, LinkRow, RunRow, Session, StoreError};
use evidence::{CommitSha, Name};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The newest of them, newest first, each with the time of the newest evidence that speaks of it.
pub(super) async fn others(
    session: &mut Session,
    runs: &[RunRow],
    commits: &BoardCommits,
    history: &History<'_>,
    most: usize,
) -> Result<Vec<LinkRow>, StoreError> {
    let mut times: BTreeMap<(&Name, &CommitSha), i64> = BTreeMap::new();
    for link in &commits.others {
        times.insert((&link.project, &link.commit), link.at);
    }
    // Of what was deployed, most is on a branch, or is among them already.
    let mut asked: Vec<_> = runs
        .iter()
        .map(|run| (&run.project, &run.commit))
        .filter(|key| !times.contains_key(key) && history.behind(key.0, key.1).is_none())
        .collect();
    asked.sort_unstable();
    asked.dedup();
    let unknown = session.unknown_commits(&asked).await?;
    times.extend(unknown.iter().map(|(project, commit)| ((project, commit), i64::MIN)));
    for run in runs {
        if let Some(at) = times.get_mut(&(&run.project, &run.commit)) {
            *at = run.at.max(*at);
        }
    }
    let mut newest: Vec<_> = times.into_iter().collect();
    // Stable, so that those of one time stay in the order of their names.
    newest.sort_by_key(|(_, at)| Reverse(*at));
    newest.truncate(most);
    let link = |((project, commit), at): ((&Name, &CommitSha), i64)| LinkRow {
        project: project.clone(),
        commit: commit.clone(),
        at,
        first_parent: None,
    };
    Ok(newest.into_iter().map(link).collect())
}
