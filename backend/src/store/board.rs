//! What the board is made of.

use super::commit::keys;
use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Head, Session, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome};

/// How many commits of a project's default branch are looked through for "commits behind".
pub const KNOWN_COMMITS: i64 = 2000;

/// How many of the newest facts of each sort are looked through for commits that only they speak of.
const RECENT_FACTS: i64 = 100;

/// How far a state may be from another to be compared by the documents between them.
const NEAR: i64 = 500;

/// The rows that a board is made of which each deployment changes, of one state of the projection.
pub struct BoardRows {
    /// The state.
    pub head: Head,
    /// The projects that it shows.
    pub projects: Vec<Name>,
    /// By project, service, environment and slot.
    pub runs: Vec<RunRow>,
    /// How many incidents are open, by cell.
    pub incidents: Vec<IncidentCount>,
}

/// The rows that a board is made of which no deployment changes: they cost most, and are mostly as they were.
pub struct BoardCommits {
    /// A state that they are of.
    head: Head,
    projects: Vec<Name>,
    /// The newest commits of each default branch.
    pub chains: Vec<ChainRow>,
    /// Commits that no default branch has, and of which the newest evidence speaks that tells of no deployment, with that
    /// evidence's time.
    pub others: Vec<LinkRow>,
}

/// The two rows that each service has in each environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// What runs.
    Running,
    /// What was last attempted.
    Attempt,
}

/// What runs in an environment, or was attempted there.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The project.
    pub project: Name,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// Which of the two.
    pub slot: Slot,
    /// Whether it came there by a rollback.
    pub rollback: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it is an image.
    pub digest: Option<Digest>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it.
    pub actor: String,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// When, in microseconds.
    pub at: i64,
    /// What the service said last that it is.
    pub observed: Option<ObservedRow>,
}

/// What a service said that it is.
#[derive(Clone, Debug)]
pub struct ObservedRow {
    /// Whether it answered.
    pub reachable: bool,
    /// The digest, if it said one.
    pub digest: Option<Digest>,
    /// The commit, if it said one.
    pub commit: Option<CommitSha>,
    /// When, in microseconds.
    pub at: i64,
}

/// The newest commits of a project's default branch. As one text, because thousands of rows cost more to read than all
/// else on the board.
#[derive(Clone, Debug)]
pub struct ChainRow {
    /// The project.
    pub project: Name,
    /// In no order, separated by commas: the commit, its time in microseconds, and its first parent or nothing.
    pub links: String,
}

/// A commit and its first parent.
#[derive(Clone, Debug)]
pub struct LinkRow {
    /// The project.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// Its commit time in microseconds.
    pub at: i64,
    /// Its first parent.
    pub first_parent: Option<CommitSha>,
}

/// Open incidents of a cell, or of none.
#[derive(Clone, Debug)]
pub struct IncidentCount {
    /// The project.
    pub project: Name,
    /// The environment, if they are about one.
    pub environment: Option<Name>,
    /// The service, if they are about one.
    pub service: Option<Name>,
    /// How many.
    pub count: i64,
}

const RUNS: &str = "SELECT s.project, s.service, s.environment, s.slot, s.kind, s.outcome, s.commit_sha, \
     s.digest, s.version, s.actor, s.evidence, s.occurred_at, r.reachable, r.digest, r.commit_sha, r.at \
     FROM env_state AS s LEFT JOIN runtime_fact AS r ON r.project = s.project AND r.evidence = (\
     SELECT x.evidence FROM runtime_fact AS x WHERE x.project = s.project \
     AND x.environment = s.environment AND x.service = s.service \
     ORDER BY x.at DESC, x.evidence DESC LIMIT 1) \
     WHERE ($1 IS NULL OR s.project = $1) ORDER BY s.project, s.service, s.environment, s.slot";

const CHAIN: &str = "SELECT string_agg(commit_sha || ' ' || occurred_at || ' ' || COALESCE(first_parent, ''), ',') FROM (\
     SELECT commit_sha, occurred_at, first_parent FROM commit_known WHERE project = $1 \
     ORDER BY occurred_at DESC, commit_sha DESC LIMIT $2) AS newest";

const OTHERS: &str = "SELECT $1, f.commit_sha, MAX(f.at), NULL FROM (\
     SELECT commit_sha, at FROM (SELECT commit_sha, concluded_at AS at FROM commit_ci \
     WHERE project = $1 ORDER BY concluded_at DESC LIMIT $3) AS ci \
     UNION ALL SELECT commit_sha, at FROM (SELECT commit_sha, occurred_at AS at FROM image \
     WHERE project = $1 ORDER BY occurred_at DESC LIMIT $3) AS images \
     UNION ALL SELECT commit_sha, at FROM (SELECT commit_sha, occurred_at AS at FROM smoke \
     WHERE project = $1 ORDER BY occurred_at DESC LIMIT $3) AS smokes \
     UNION ALL SELECT commit_sha, at FROM (SELECT commit_sha, occurred_at AS at FROM publication \
     WHERE project = $1 ORDER BY occurred_at DESC LIMIT $3) AS publications) AS f \
     WHERE NOT EXISTS (SELECT 1 FROM commit_known AS c \
     WHERE c.project = $1 AND c.commit_sha = f.commit_sha) \
     GROUP BY f.commit_sha ORDER BY MAX(f.at) DESC, f.commit_sha LIMIT $2";

/// Of a list of projects and commits, those that no default branch is known to have.
const UNKNOWN: &str = "SELECT list.value ->> 0, list.value ->> 1 FROM {list} WHERE NOT EXISTS (\
     SELECT 1 FROM commit_known AS c WHERE c.project = list.value ->> 0 AND c.commit_sha = list.value ->> 1)";

/// Whether there are documents between two places of the log that may tell of commits. Those of kinds that this version does
/// not know may tell of anything.
const TOLD_OF_COMMITS: &str = "SELECT 1 FROM evidence WHERE seq > $1 AND seq <= $2 AND kind NOT IN (\
     'deployed', 'rolled_back', 'deployment_started', 'deployment_state', 'runtime_observed') LIMIT 1";

const INCIDENTS: &str = "SELECT project, environment, service, COUNT(*) FROM incident \
     WHERE resolved_at IS NULL AND ($1 IS NULL OR project = $1) GROUP BY project, environment, service";

impl Session {
    /// What is on the board, of one project or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn board_rows(&mut self, project: Option<&Name>) -> Result<BoardRows, StoreError> {
        let head = self.projection_head().await?;
        let projects = match project {
            Some(project) => vec![project.clone()],
            None => self.projects().await?,
        };
        let filter = MaybeText(project.map(Name::as_str));
        let runs = self.rows(RUNS, &[filter]).await?;
        let incidents = self.rows(INCIDENTS, &[filter]).await?;
        Ok(BoardRows {
            head,
            projects,
            runs: runs.iter().map(RunRow::read).collect::<Result<_, _>>()?,
            incidents: incidents.iter().map(IncidentCount::read).collect::<Result<_, _>>()?,
        })
    }

    /// The commits on that board; `others` bounds those of each project that only other evidence speaks of.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn board_commits(
        &mut self,
        board: &BoardRows,
        others: i64,
    ) -> Result<BoardCommits, StoreError> {
        let mut commits = BoardCommits {
            head: board.head.clone(),
            projects: board.projects.clone(),
            chains: Vec::new(),
            others: Vec::new(),
        };
        for project in &board.projects {
            let name = Text(project.as_str());
            for row in self.rows(CHAIN, &[name, Int(KNOWN_COMMITS)]).await? {
                let links = row.maybe_text(0)?.unwrap_or_default();
                commits.chains.push(ChainRow { project: project.clone(), links });
            }
            for row in self.rows(OTHERS, &[name, Int(others), Int(RECENT_FACTS)]).await? {
                commits.others.push(LinkRow::read(project, &row)?);
            }
        }
        Ok(commits)
    }

    /// Whether the commits that were found for an earlier board are those on this one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn are_commits_of(
        &mut self,
        earlier: &BoardCommits,
        board: &BoardRows,
    ) -> Result<bool, StoreError> {
        let (from, to) = (earlier.head.cursor, board.head.cursor);
        if earlier.head.epoch != board.head.epoch
            || earlier.projects != board.projects
            || !(0..=NEAR).contains(&(to - from))
        {
            return Ok(false);
        }
        Ok(self.rows(TOLD_OF_COMMITS, &[Int(from), Int(to)]).await?.is_empty())
    }

    /// Those of these commits that no default branch is known to have.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn unknown_commits(
        &mut self,
        commits: &[(&Name, &CommitSha)],
    ) -> Result<Vec<(Name, CommitSha)>, StoreError> {
        let rows = self.rows_about(UNKNOWN, keys(commits)).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.parsed(1)?))).collect()
    }
}

impl BoardCommits {
    /// The same commits, known to be those of a later board.
    pub fn seen_at(self, board: &BoardRows) -> Self {
        Self { head: board.head.clone(), ..self }
    }
}

impl RunRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let slot = match row.text(3)?.as_str() {
            "running" => Slot::Running,
            _ => Slot::Attempt,
        };
        let observed = match row.maybe_int(15)? {
            Some(at) => Some(ObservedRow {
                reachable: row.int(12)? != 0,
                digest: row.maybe_parsed(13)?,
                commit: row.maybe_parsed(14)?,
                at,
            }),
            None => None,
        };
        Ok(Self {
            project: row.parsed(0)?,
            service: row.parsed(1)?,
            environment: row.parsed(2)?,
            slot,
            rollback: row.text(4)? == "rollback",
            outcome: row.word(5)?,
            commit: row.parsed(6)?,
            digest: row.maybe_parsed(7)?,
            version: row.text(8)?,
            actor: row.text(9)?,
            evidence: row.text(10)?,
            at: row.int(11)?,
            observed,
        })
    }
}

impl LinkRow {
    pub(super) fn read(project: &Name, row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            project: project.clone(),
            commit: row.parsed(1)?,
            at: row.int(2)?,
            first_parent: row.maybe_parsed(3)?,
        })
    }
}

impl IncidentCount {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            project: row.parsed(0)?,
            environment: row.maybe_parsed(1)?,
            service: row.maybe_parsed(2)?,
            count: row.int(3)?,
        })
    }
}
