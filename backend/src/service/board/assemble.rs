//! Makes a board out of its rows.

use super::others::others;
use super::{Attempt, Board, Cell, CellKind, CellState, Observed, Service};
use crate::service::clock::stored as instant;
use crate::service::commit::{commits, in_order};
use crate::service::history::History;
use crate::store::{BoardCommits, IncidentCount, LinkRow, ObservedRow, RunRow, Session, Slot, StoreError};
use evidence::{Name, Outcome};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many commits the board shows of each sort: on the default branch, and known from other evidence only.
const COMMITS: usize = 20;

type Result<T> = std::result::Result<T, StoreError>;

/// The board, of one project or of all, and its commits for the next one. `earlier` are those of an earlier board.
pub(super) async fn board(
    session: &mut Session,
    project: Option<&Name>,
    earlier: Option<BoardCommits>,
) -> Result<(Board, BoardCommits)> {
    let rows = session.board_rows(project).await?;
    let known = match earlier {
        Some(earlier) if session.are_commits_of(&earlier, &rows).await? => earlier.seen_at(&rows),
        _ => session.board_commits(&rows, i64::try_from(COMMITS).unwrap_or(i64::MAX)).await?,
    };
    let history = History::new(&known.chains, COMMITS)?;
    let others = others(session, &rows.runs, &known, &history, COMMITS).await?;
    let mut shown: Vec<&LinkRow> = history.newest().iter().chain(&others).collect();
    // Stable, so that commits of one second stay in their history's order.
    shown.sort_by_key(|link| Reverse(link.at));
    let keys: Vec<_> = shown.iter().map(|link| (&link.project, &link.commit)).collect();
    let details = session.commits(&keys).await?;
    let tags = session.tags_of_commits(&keys).await?;
    let environments = in_order(rows.runs.iter().map(|run| &run.environment));
    let running = rows.runs.iter().filter(|run| run.slot == Slot::Running);
    let running: Vec<_> = running.map(|run| (&run.project, &run.environment, &run.commit)).collect();
    let board = Board {
        version: rows.head.version,
        epoch: rows.head.epoch,
        services: services(&rows.runs, &environments, &history, &rows.incidents)?,
        commits: commits(&keys, details, &tags, &running, &environments)?,
        incidents: total(rows.incidents.iter()),
        environments,
    };
    Ok((board, known))
}

fn total<'a>(counts: impl Iterator<Item = &'a IncidentCount>) -> u64 {
    counts.map(|count| u64::try_from(count.count).unwrap_or_default()).sum()
}

fn services(
    runs: &[RunRow],
    environments: &[Name],
    history: &History<'_>,
    incidents: &[IncidentCount],
) -> Result<Vec<Service>> {
    type Slots<'a> = (Option<&'a RunRow>, Option<&'a RunRow>);
    let mut found: BTreeMap<(&Name, &Name), BTreeMap<&Name, Slots<'_>>> = BTreeMap::new();
    for run in runs {
        let cells = found.entry((&run.project, &run.service)).or_default();
        let slots = cells.entry(&run.environment).or_default();
        match run.slot {
            Slot::Running => slots.0 = Some(run),
            Slot::Attempt => slots.1 = Some(run),
        }
    }
    let service = |((project, name), cells): (_, BTreeMap<&Name, Slots<'_>>)| {
        let in_order = environments.iter().filter_map(|environment| cells.get(environment));
        let cells = in_order.filter_map(|slots| cell(slots.0, slots.1, history, incidents).transpose());
        Ok(Service {
            project: Name::clone(project),
            name: Name::clone(name),
            cells: cells.collect::<Result<_>>()?,
        })
    };
    found.into_iter().map(service).collect()
}

fn cell(
    running: Option<&RunRow>,
    attempt: Option<&RunRow>,
    history: &History<'_>,
    incidents: &[IncidentCount],
) -> Result<Option<Cell>> {
    let Some(shown) = running.or(attempt) else {
        return Ok(None);
    };
    // What runs was the last attempt too when it began, so any other last attempt came after it.
    let later = attempt.filter(|attempt| attempt.outcome != Outcome::Success);
    let last_attempt = later.map(|attempt| {
        Ok::<_, StoreError>(Attempt {
            outcome: attempt.outcome,
            commit: attempt.commit.clone(),
            at: instant(attempt.at)?,
        })
    });
    let about = incidents.iter().filter(|count| {
        count.project == shown.project
            && count.environment.as_ref() == Some(&shown.environment)
            && count.service.as_ref() == Some(&shown.service)
    });
    Ok(Some(Cell {
        environment: shown.environment.clone(),
        state: if running.is_some() { CellState::Running } else { CellState::Failed },
        version: shown.version.clone(),
        commit: shown.commit.clone(),
        digest: shown.digest.clone(),
        actor: shown.actor.clone(),
        since: instant(shown.at)?,
        commits_behind: history.behind(&shown.project, &shown.commit),
        kind: if shown.rollback { CellKind::Rollback } else { CellKind::Deploy },
        evidence: shown.evidence.clone(),
        last_attempt: last_attempt.transpose()?,
        observed: shown.observed.as_ref().map(|seen| observed(seen, running)).transpose()?,
        incidents: total(about),
    }))
}

/// What was seen, beside what should run.
fn observed(seen: &ObservedRow, running: Option<&RunRow>) -> Result<Observed> {
    // Digests say it exactly; of what runs without an image, the commits say it.
    let matches = match (running, &seen.digest, &seen.commit) {
        _ if !seen.reachable => None,
        // Nothing should run here.
        (None, _, _) => Some(false),
        (Some(run), Some(digest), _) if run.digest.is_some() => Some(run.digest.as_ref() == Some(digest)),
        (Some(run), _, Some(commit)) => Some(run.commit == *commit),
        _ => None,
    };
    Ok(Observed { reachable: seen.reachable, digest: seen.digest.clone(), matches, at: instant(seen.at)? })
}
