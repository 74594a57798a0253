//! What the board is made of.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, State, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome};

/// How many commits of a project's default branch are looked through for "commits behind".
pub const KNOWN_COMMITS: i64 = 2000;

/// How many of the newest facts of each sort are looked through for commits that only they speak of.
const RECENT_FACTS: i64 = 100;

/// The rows that a board is made of, of one state of the projection.
pub struct BoardRows {
    /// The state.
    pub state: State,
    /// By project, service, environment and slot.
    pub runs: Vec<RunRow>,
    /// The newest commits of each default branch.
    pub chains: Vec<ChainRow>,
    /// Commits that only the newest other evidence speaks of, with that evidence's time; newest first.
    pub others: Vec<LinkRow>,
    /// How many incidents are open, by cell.
    pub incidents: Vec<IncidentCount>,
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
     WHERE project = $1 ORDER BY occurred_at DESC LIMIT $3) AS publications \
     UNION ALL SELECT commit_sha, occurred_at AS at FROM env_state WHERE project = $1) AS f \
     WHERE NOT EXISTS (SELECT 1 FROM commit_known AS c \
     WHERE c.project = $1 AND c.commit_sha = f.commit_sha) \
     GROUP BY f.commit_sha ORDER BY MAX(f.at) DESC, f.commit_sha LIMIT $2";

const INCIDENTS: &str = "SELECT project, environment, service, COUNT(*) FROM incident \
     WHERE resolved_at IS NULL AND ($1 IS NULL OR project = $1) GROUP BY project, environment, service";

impl Session {
    /// All rows of the board, of one project or of all; `others` bounds the commits that only other evidence
    /// speaks of, of each project.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn board_rows(&mut self, project: Option<&Name>, others: i64) -> Result<BoardRows, StoreError> {
        let state = self.state().await?;
        let projects = match project {
            Some(project) => vec![project.clone()],
            None => self.projects().await?,
        };
        let filter = MaybeText(project.map(Name::as_str));
        let runs = self.rows(RUNS, &[filter]).await?;
        let incidents = self.rows(INCIDENTS, &[filter]).await?;
        let mut rows = BoardRows {
            state,
            runs: runs.iter().map(RunRow::read).collect::<Result<_, _>>()?,
            chains: Vec::new(),
            others: Vec::new(),
            incidents: incidents.iter().map(IncidentCount::read).collect::<Result<_, _>>()?,
        };
        for project in &projects {
            let name = Text(project.as_str());
            for row in self.rows(CHAIN, &[name, Int(KNOWN_COMMITS)]).await? {
                let links = row.maybe_text(0)?.unwrap_or_default();
                rows.chains.push(ChainRow { project: project.clone(), links });
            }
            for row in self.rows(OTHERS, &[name, Int(others), Int(RECENT_FACTS)]).await? {
                rows.others.push(LinkRow::read(project, &row)?);
            }
        }
        // Stable, so that within a project the order stays the statement's.
        rows.others.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(rows)
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
