//! `workflow_job`: a job of an attempt was queued, waits, began or ended.

use super::Event;
use super::parts::{Id, Object, RepositoryId};
use super::phase::{conclusion, reached};
use crate::github::{Facts, text};
use evidence::{CiRunJob, Claim, CommitSha, RunPhase, Timestamp};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct WorkflowJobEvent {
    action: String,
    workflow_job: Object<WorkflowJob>,
    repository: Object<RepositoryId>,
}

/// A job, in an event and in an answer of the REST interface alike.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::github) struct WorkflowJob {
    id: Id,
    run_id: Id,
    run_attempt: u32,
    name: String,
    head_sha: CommitSha,
    status: String,
    conclusion: Option<String>,
    // Newer than the others: a server of one's own may not tell it yet.
    created_at: Option<Timestamp>,
    started_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl Event for WorkflowJobEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        Facts::of(self.workflow_job.fact(self.repository.id.0, Some(&self.action)))
    }
}

impl WorkflowJob {
    pub(in crate::github) fn completed_at(&self) -> Option<Timestamp> {
        self.completed_at.filter(|_| reached(None, &self.status) == Some(RunPhase::Completed))
    }

    /// What it tells, and as of when.
    pub(in crate::github) fn fact(
        &self,
        repository_id: u64,
        action: Option<&str>,
    ) -> Option<(Timestamp, Claim)> {
        let phase = reached(action, &self.status)?;
        // While a job waits, GitHub writes into `started_at` when it was queued.
        let started_at = (phase >= RunPhase::InProgress).then_some(self.started_at);
        let completed_at = self.completed_at.filter(|_| phase == RunPhase::Completed);
        let occurred_at = completed_at.or(started_at).unwrap_or(self.created_at.unwrap_or(self.started_at));
        let job = CiRunJob {
            repository_id,
            run_id: self.run_id.0,
            attempt: self.run_attempt,
            job_id: self.id.0,
            name: text::fit(&self.name, 400),
            commit: self.head_sha.clone(),
            phase,
            conclusion: conclusion(phase, self.conclusion.as_deref()),
            started_at,
            completed_at,
        };
        Some((occurred_at, Claim::CiRunJob(job)))
    }
}
