//! Deployments, each with what it has come to.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{
    CommitSha, DeploymentId, DeploymentMode, DeploymentPhase, Digest, FailureClass, Name, Outcome,
};

/// A deployment with what it has come to.
#[derive(Clone, Debug)]
pub struct DeploymentRow {
    /// Its identity.
    pub id: DeploymentId,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it is an image.
    pub digest: Option<Digest>,
    /// The reference that was asked for.
    pub reference: Option<String>,
    /// Why it was done.
    pub mode: DeploymentMode,
    /// The deployment that a rollback undid.
    pub rollback_of: Option<DeploymentId>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it.
    pub actor: String,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// Whether it was announced; otherwise only its end was told.
    pub announced: bool,
    /// Whether it happened at another time than it was recorded at.
    pub flagged: bool,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// How that evidence came.
    pub trust: Option<String>,
    /// What it has come to; none if nothing was told yet.
    pub state: Option<DeploymentStateRow>,
}

/// What a deployment has come to.
#[derive(Clone, Debug)]
pub struct DeploymentStateRow {
    /// Since when, in microseconds.
    pub at: i64,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// What it failed at.
    pub failure: Option<FailureClass>,
    /// More for people.
    pub detail: Option<String>,
    /// From the command to the observed new digest, in milliseconds.
    pub milliseconds: Option<i64>,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// How that evidence came.
    pub trust: Option<String>,
}

/// One state that a deployment passed.
#[derive(Clone, Debug)]
pub struct DeploymentEventRow {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its place among the deployment's states.
    pub sequence: i64,
    /// The state.
    pub state: DeploymentPhase,
    /// What failed.
    pub failure: Option<FailureClass>,
    /// More for people.
    pub detail: Option<String>,
    /// When, in microseconds.
    pub at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
}

/// Of which deployments a page is.
#[derive(Clone, Copy, Debug)]
pub enum DeploymentsOf<'a> {
    /// Those of one service in one environment.
    Cell(&'a Name, &'a Name),
    /// Those of one commit.
    Commit(&'a CommitSha),
    /// Those of one digest.
    Digest(&'a Digest),
}

macro_rules! deployments {
    ($where:literal, $time:literal) => {
        concat!(
            "SELECT d.id, d.service, d.environment, d.commit_sha, d.digest, d.reference, d.mode, \
             d.rollback_of, d.version, d.actor, d.started_at, d.announced, d.flagged, d.evidence, e.trust, \
             o.at, o.outcome, o.failure, o.detail, o.milliseconds, o.evidence, f.trust \
             FROM deployment AS d \
             LEFT JOIN evidence AS e ON e.project = d.project AND e.sha256 = d.evidence \
             LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id \
             LEFT JOIN evidence AS f ON f.project = o.project AND f.sha256 = o.evidence \
             WHERE d.project = $1 AND (",
            $time,
            ", d.id) < ($2, $3) AND ",
            $where,
            " ORDER BY ",
            $time,
            " DESC, d.id DESC LIMIT $4"
        )
    };
}

const OF_CELL: &str = deployments!("d.environment = $5 AND d.service = $6", "d.started_at");
// A sum, so that no database goes through all deployments by their time to find the few.
const OF_COMMIT: &str = deployments!("d.commit_sha = $5", "d.started_at + 0");
const OF_DIGEST: &str = deployments!("d.digest = $5", "d.started_at + 0");

const EVENTS: &str = "SELECT v.id, v.sequence, v.state, v.failure, v.detail, v.at, v.evidence FROM {list} \
     JOIN deployment_event AS v ON v.project = list.value ->> 0 AND v.id = list.value ->> 1 \
     ORDER BY v.id, v.sequence, v.at, v.evidence";

const CELLS: &str = "SELECT DISTINCT environment, service FROM env_state \
     WHERE project = $1 ORDER BY environment, service";

impl Session {
    /// At most `limit` deployments before the key, newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployment_page(
        &mut self,
        project: &Name,
        of: DeploymentsOf<'_>,
        before: (i64, &str),
        limit: i64,
    ) -> Result<Vec<DeploymentRow>, StoreError> {
        let (sql, first, second) = match of {
            DeploymentsOf::Cell(environment, service) => {
                (OF_CELL, environment.as_str(), Some(service.as_str()))
            }
            DeploymentsOf::Commit(commit) => (OF_COMMIT, commit.as_str(), None),
            DeploymentsOf::Digest(digest) => (OF_DIGEST, digest.as_str(), None),
        };
        let mut params = vec![Text(project.as_str()), Int(before.0), Text(before.1), Int(limit), Text(first)];
        params.extend(second.map(|second| MaybeText(Some(second))));
        self.rows(sql, &params).await?.iter().map(DeploymentRow::read).collect()
    }

    /// The states that these deployments passed, of each in order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployment_events<'a>(
        &mut self,
        project: &Name,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<DeploymentEventRow>, StoreError> {
        let keys = ids.map(|id| (project.as_str(), id));
        self.rows_about(EVENTS, keys).await?.iter().map(DeploymentEventRow::read).collect()
    }

    /// Each environment and service to which something was deployed, or should have been.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn cells(&mut self, project: &Name) -> Result<Vec<(Name, Name)>, StoreError> {
        let rows = self.rows(CELLS, &[Text(project.as_str())]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.parsed(1)?))).collect()
    }
}

impl DeploymentRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let state = match row.maybe_int(15)? {
            Some(at) => Some(DeploymentStateRow {
                at,
                outcome: row.maybe_word(16)?,
                failure: row.maybe_word(17)?,
                detail: row.maybe_text(18)?,
                milliseconds: row.maybe_int(19)?,
                evidence: row.text(20)?,
                trust: row.maybe_text(21)?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.parsed(0)?,
            service: row.parsed(1)?,
            environment: row.parsed(2)?,
            commit: row.parsed(3)?,
            digest: row.maybe_parsed(4)?,
            reference: row.maybe_text(5)?,
            mode: row.word(6)?,
            rollback_of: row.maybe_parsed(7)?,
            version: row.text(8)?,
            actor: row.text(9)?,
            started_at: row.int(10)?,
            announced: row.int(11)? != 0,
            flagged: row.int(12)? != 0,
            evidence: row.text(13)?,
            trust: row.maybe_text(14)?,
            state,
        })
    }
}

impl DeploymentEventRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            deployment: row.parsed(0)?,
            sequence: row.int(1)?,
            state: row.word(2)?,
            failure: row.maybe_word(3)?,
            detail: row.maybe_text(4)?,
            at: row.int(5)?,
            evidence: row.text(6)?,
        })
    }
}
