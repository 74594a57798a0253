//! Makes a board out of its rows.

use super::{Attempt, Board, Cell, CellKind, CellState, Commit, Image, Observed, Service};
use crate::service::clock::stored as instant;
use crate::service::history::History;
use crate::store::{
    CommitRow, IncidentCount, LinkRow, ObservedRow, PublicationRow, RunRow, Session, Slot, StoreError,
};
use evidence::{CommitSha, Digest, Name, Outcome};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many commits the board shows of each sort: on the default branch, and known from other evidence only.
const COMMITS: usize = 20;

/// The environments that have a natural order; any other follows them by name.
const KNOWN_ENVIRONMENTS: [&str; 6] = ["local", "ci", "dev", "test", "staging", "prod"];

type Result<T> = std::result::Result<T, StoreError>;

/// The board, of one project or of all.
pub(super) async fn board(session: &mut Session, project: Option<&Name>) -> Result<Board> {
    let mut rows = session.board_rows(project, i64::try_from(COMMITS).unwrap_or(i64::MAX)).await?;
    rows.others.truncate(COMMITS);
    let history = History::new(rows.chain);
    let mut shown: Vec<&LinkRow> = history.newest(COMMITS).chain(&rows.others).collect();
    // Stable, so that commits of one second stay in their history's order.
    shown.sort_by_key(|link| Reverse(link.at));
    let keys: Vec<_> = shown.iter().map(|link| (&link.project, &link.commit)).collect();
    let details = session.commits(&keys).await?;
    let tags = session.tags_of_commits(&keys).await?;
    let environments = environments(&rows.runs);
    Ok(Board {
        version: rows.state.version,
        epoch: rows.state.epoch,
        services: services(&rows.runs, &environments, &history, &rows.incidents)?,
        commits: commits(&keys, details, &tags, &rows.runs, &environments)?,
        incidents: total(rows.incidents.iter()),
        environments,
    })
}

fn environments(runs: &[RunRow]) -> Vec<Name> {
    let present: BTreeSet<&Name> = runs.iter().map(|run| &run.environment).collect();
    let known = KNOWN_ENVIRONMENTS.iter();
    let known = known.filter_map(|name| present.iter().find(|other| other.as_str() == *name));
    let others = present.iter().filter(|name| !KNOWN_ENVIRONMENTS.contains(&name.as_str()));
    known.chain(others).map(|name| (*name).clone()).collect()
}

fn total<'a>(counts: impl Iterator<Item = &'a IncidentCount>) -> u64 {
    counts.map(|count| u64::try_from(count.count).unwrap_or_default()).sum()
}

fn services(
    runs: &[RunRow],
    environments: &[Name],
    history: &History,
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
    history: &History,
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

fn commits(
    shown: &[(&Name, &CommitSha)],
    details: Vec<CommitRow>,
    tags: &[PublicationRow],
    runs: &[RunRow],
    environments: &[Name],
) -> Result<Vec<Commit>> {
    let mut details: HashMap<_, _> =
        details.into_iter().map(|row| ((row.project.clone(), row.commit.clone()), row)).collect();
    let rows =
        shown.iter().filter_map(|(project, commit)| details.remove(&((*project).clone(), (*commit).clone())));
    let commit = |row: CommitRow| {
        let about = |project: &Name, commit: &CommitSha| (project, commit) == (&row.project, &row.commit);
        // One tag can be in several repositories.
        let published: BTreeSet<_> =
            tags.iter().filter(|tag| about(&tag.project, &tag.commit)).map(|tag| tag.tag.clone()).collect();
        let runs_in = |environment: &&Name| {
            let mut running = runs.iter().filter(|run| run.slot == Slot::Running);
            running.any(|run| run.environment == **environment && about(&run.project, &run.commit))
        };
        let environments = environments.iter().filter(runs_in).cloned().collect();
        let committed_at = row.message.as_ref().map(|message| instant(message.at)).transpose()?;
        let (subject, author) = row.message.map(|message| (message.subject, message.author)).unzip();
        Ok(Commit {
            subject,
            author,
            committed_at,
            ci: row.ci,
            image: row.image.as_ref().map(image).transpose()?,
            smoke: row.smoke,
            published: published.into_iter().collect(),
            environments,
            project: row.project,
            commit: row.commit,
        })
    };
    rows.map(commit).collect()
}

fn image((digest, size_bytes, platforms): &(Digest, i64, String)) -> Result<Image> {
    Ok(Image {
        digest: digest.clone(),
        size_bytes: u64::try_from(*size_bytes).map_err(StoreError::corrupt)?,
        platforms: serde_json::from_str(platforms).map_err(StoreError::corrupt)?,
    })
}
