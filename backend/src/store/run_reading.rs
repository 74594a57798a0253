//! Workflow runs and their jobs.

use super::session::Row;
use super::{Session, StoreError};
use evidence::{CommitSha, Conclusion, Name, RunPhase};

/// An attempt of a workflow run.
#[derive(Clone, Debug)]
pub struct RunAttemptRow {
    /// The repository's id.
    pub repository_id: i64,
    /// The run's id.
    pub run_id: i64,
    /// The attempt, from 1.
    pub attempt: i64,
    /// How far it is.
    pub phase: RunPhase,
    /// The workflow's file.
    pub workflow: String,
    /// What started it.
    pub event: String,
    /// The branch or tag.
    pub branch: Option<String>,
    /// Whether the commit came from another repository.
    pub from_fork: bool,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// When it was last heard of, in microseconds.
    pub updated_at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// Who vouches for it.
    pub trust: Option<String>,
}

/// A job of an attempt.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// The repository's id.
    pub repository_id: i64,
    /// The run's id.
    pub run_id: i64,
    /// The attempt that it belongs to.
    pub attempt: i64,
    /// The job's id.
    pub job_id: i64,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub phase: RunPhase,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it began, in microseconds.
    pub started_at: Option<i64>,
    /// When it ended, in microseconds.
    pub completed_at: Option<i64>,
}

const RUNS: &str = "SELECT r.repository_id, r.run_id, r.attempt, r.phase, r.workflow, r.event, r.branch, \
     r.from_fork, r.conclusion, r.started_at, r.updated_at, r.evidence, e.trust FROM ci_run AS r \
     LEFT JOIN evidence AS e ON e.project = r.project AND e.sha256 = r.evidence \
     WHERE r.project = $1 AND r.commit_sha = $2 ORDER BY r.repository_id, r.run_id, r.attempt LIMIT $3";

const JOBS: &str = "SELECT repository_id, run_id, attempt, job_id, name, phase, conclusion, started_at, \
     completed_at FROM ci_job WHERE project = $1 AND commit_sha = $2 \
     ORDER BY repository_id, run_id, name, attempt, job_id LIMIT $3";

impl Session {
    /// All attempts of the runs that tested a commit.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn run_attempts(
        &mut self,
        project: &Name,
        commit: &CommitSha,
    ) -> Result<Vec<RunAttemptRow>, StoreError> {
        self.about(RUNS, project, commit.as_str(), RunAttemptRow::read).await
    }

    /// The jobs of all attempts that tested a commit.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn jobs(&mut self, project: &Name, commit: &CommitSha) -> Result<Vec<JobRow>, StoreError> {
        self.about(JOBS, project, commit.as_str(), JobRow::read).await
    }
}

impl RunAttemptRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            repository_id: row.int(0)?,
            run_id: row.int(1)?,
            attempt: row.int(2)?,
            phase: phase(row.int(3)?)?,
            workflow: row.text(4)?,
            event: row.text(5)?,
            branch: row.maybe_text(6)?,
            from_fork: row.int(7)? != 0,
            conclusion: row.maybe_word(8)?,
            started_at: row.int(9)?,
            updated_at: row.int(10)?,
            evidence: row.text(11)?,
            trust: row.maybe_text(12)?,
        })
    }
}

impl JobRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            repository_id: row.int(0)?,
            run_id: row.int(1)?,
            attempt: row.int(2)?,
            job_id: row.int(3)?,
            name: row.text(4)?,
            phase: phase(row.int(5)?)?,
            conclusion: row.maybe_word(6)?,
            started_at: row.maybe_int(7)?,
            completed_at: row.maybe_int(8)?,
        })
    }
}

fn phase(number: i64) -> Result<RunPhase, StoreError> {
    Ok(match number {
        0 => RunPhase::Requested,
        1 => RunPhase::Queued,
        2 => RunPhase::InProgress,
        3 => RunPhase::Completed,
        other => return Err(StoreError::corrupt(format!("the phase {other}"))),
    })
}
