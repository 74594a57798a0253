//! The board: services × environments, and the newest commits.

use super::clock;
use super::history::History;
use crate::store::{BoardRows, CommitRow, PublicationRow, RunRow, Slot, Store, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome, Tag};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// How many commits the board shows of each sort: on the default branch, and known from other evidence only.
const COMMITS: usize = 20;

/// The environments that have a natural order; any other follows them by name.
const KNOWN_ENVIRONMENTS: [&str; 6] = ["local", "ci", "dev", "test", "staging", "prod"];

/// What runs where, and what is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    /// Grows whenever anything on the board changes; also in the `ETag`.
    pub version: i64,
    /// The columns, in their order.
    pub environments: Vec<Name>,
    /// The rows, by project and name.
    pub services: Vec<Service>,
    /// The newest commits, newest first.
    pub commits: Vec<Commit>,
}

/// One service and where it runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Service {
    /// The project that it belongs to.
    pub project: Name,
    /// The service's name.
    pub name: Name,
    /// One cell for each environment in which it was ever deployed, or an attempt was made.
    pub cells: Vec<Cell>,
}

/// One service in one environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cell {
    /// The environment.
    pub environment: Name,
    /// Whether anything runs there.
    pub state: CellState,
    /// The version that people call it by.
    pub version: String,
    /// The commit that runs, or that was attempted if nothing ever ran.
    pub commit: CommitSha,
    /// The digest that runs; null when it is a process and not an image.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// Who or what asked for it.
    pub actor: String,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub since: String,
    /// How many commits of the default branch it is behind the newest; null if its commit is not on
    /// the known first-parent chain.
    #[schema(required)]
    pub commits_behind: Option<u64>,
    /// How it came there.
    pub kind: CellKind,
    /// The SHA-256 of the evidence that says so.
    #[schema(pattern = "^[a-f0-9]{64}$")]
    pub evidence: String,
    /// The last attempt, when it was not a success and came after what runs; otherwise null.
    #[schema(required)]
    pub last_attempt: Option<Attempt>,
}

/// Whether anything runs in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// It was deployed or rolled back with success.
    Running,
    /// No attempt has ever succeeded.
    Failed,
}

/// How what runs in a cell came there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// By a deployment.
    Deploy,
    /// By going back to an earlier digest.
    Rollback,
}

/// A deployment that did not succeed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// The commit that should have run.
    pub commit: CommitSha,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
}

/// One commit and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commit {
    /// The project that it belongs to.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The first line of its message; null when only other evidence speaks of it.
    #[schema(required)]
    pub subject: Option<String>,
    /// Its author; null when only other evidence speaks of it.
    #[schema(required)]
    pub author: Option<String>,
    /// Its commit time, RFC 3339; null when only other evidence speaks of it.
    #[schema(required, format = DateTime)]
    pub committed_at: Option<String>,
    /// What CI concluded last; null if it has not.
    #[schema(required)]
    pub ci: Option<Outcome>,
    /// The image that was built from it last; null if none was.
    #[schema(required)]
    pub image: Option<Image>,
    /// How the last smoke test of it ended; null if there was none.
    #[schema(required)]
    pub smoke: Option<Outcome>,
    /// The tags that name its image now.
    pub published: Vec<Tag>,
    /// The environments in which it runs now.
    pub environments: Vec<Name>,
}

/// A built image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Image {
    /// The digest of its manifest or index.
    pub digest: Digest,
    /// The compressed size of all its blobs, in bytes.
    pub size_bytes: u64,
    /// Its platforms, such as `linux/amd64`.
    pub platforms: Vec<String>,
}

/// A board could not be made.
type Result<T> = std::result::Result<T, StoreError>;

/// The version that the board is at.
///
/// # Errors
/// When the database cannot be asked.
pub async fn version(store: &Store) -> Result<i64> {
    Ok(store.read().await?.projection_head().await?.version)
}

/// The board, of one project or of all.
///
/// # Errors
/// When the database cannot be asked.
pub async fn board(store: &Store, project: Option<&Name>) -> Result<Board> {
    let rows = store.read().await?.board_rows(project, COMMITS).await?;
    assemble(rows)
}

fn assemble(rows: BoardRows) -> Result<Board> {
    let history = History::new(rows.commits);
    let present: BTreeSet<&Name> = rows.runs.iter().map(|run| &run.environment).collect();
    let known = KNOWN_ENVIRONMENTS.iter();
    let mut environments: Vec<Name> = known
        .filter_map(|name| present.iter().find(|other| other.as_str() == *name))
        .map(|name| (*name).clone())
        .collect();
    let others = present.iter().filter(|name| !KNOWN_ENVIRONMENTS.contains(&name.as_str()));
    environments.extend(others.map(|name| (*name).clone()));
    Ok(Board {
        version: rows.version,
        services: services(&rows.runs, &environments, &history)?,
        commits: commits(&history, rows.other_commits, &rows.publications, &rows.runs, &environments)?,
        environments,
    })
}

fn services(runs: &[RunRow], environments: &[Name], history: &History) -> Result<Vec<Service>> {
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
        let cells = in_order.filter_map(|slots| cell(slots.0, slots.1, history).transpose());
        Ok(Service {
            project: Name::clone(project),
            name: Name::clone(name),
            cells: cells.collect::<Result<_>>()?,
        })
    };
    found.into_iter().map(service).collect()
}

fn cell(running: Option<&RunRow>, attempt: Option<&RunRow>, history: &History) -> Result<Option<Cell>> {
    let Some(shown) = running.or(attempt) else {
        return Ok(None);
    };
    // What runs was the last attempt too when it began, so any other last attempt came after it.
    let later = attempt.filter(|attempt| attempt.outcome != Outcome::Success);
    let last_attempt = later
        .map(|attempt| {
            Ok::<_, StoreError>(Attempt {
                outcome: attempt.outcome,
                commit: attempt.commit.clone(),
                at: instant(attempt.at)?,
            })
        })
        .transpose()?;
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
        last_attempt,
    }))
}

fn commits(
    history: &History,
    others: Vec<CommitRow>,
    publications: &[PublicationRow],
    runs: &[RunRow],
    environments: &[Name],
) -> Result<Vec<Commit>> {
    let mut shown: Vec<&CommitRow> = history.newest(COMMITS).chain(&others).collect();
    // Stable, so that commits of one second stay in their history's order.
    shown.sort_by_key(|row| std::cmp::Reverse(row.at));
    let commit = |row: &CommitRow| {
        let about = |project: &Name, commit: &CommitSha| (project, commit) == (&row.project, &row.commit);
        let tags: BTreeSet<_> = publications
            .iter()
            .filter(|publication| about(&publication.project, &publication.commit))
            .map(|publication| publication.tag.clone())
            .collect();
        let runs_in = |environment: &&Name| {
            runs.iter().any(|run| {
                run.slot == Slot::Running
                    && run.environment == **environment
                    && about(&run.project, &run.commit)
            })
        };
        let committed_at = row.message.as_ref().map(|_| instant(row.at)).transpose()?;
        let (subject, author) = row.message.clone().unzip();
        Ok(Commit {
            project: row.project.clone(),
            commit: row.commit.clone(),
            subject,
            author,
            committed_at,
            ci: row.ci,
            image: row.image.as_ref().map(image).transpose()?,
            smoke: row.smoke,
            published: tags.into_iter().collect(),
            environments: environments.iter().filter(runs_in).cloned().collect(),
        })
    };
    shown.into_iter().map(commit).collect()
}

fn image((digest, size_bytes, platforms): &(Digest, i64, String)) -> Result<Image> {
    Ok(Image {
        digest: digest.clone(),
        size_bytes: u64::try_from(*size_bytes).map_err(StoreError::corrupt)?,
        platforms: serde_json::from_str(platforms).map_err(StoreError::corrupt)?,
    })
}

fn instant(micros: i64) -> Result<String> {
    clock::rfc3339(micros).ok_or_else(|| StoreError::corrupt(format!("the instant {micros}")))
}
