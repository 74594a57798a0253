//! The fields that we use of GitHub's answers.

use crate::github::event::parse;
use crate::github::payload::{Id, WorkflowJob, WorkflowRun};
use evidence::{Claim, RunPhase, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// A webhook that is switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: u64,
    /// Where it sends to.
    pub url: String,
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDelivery {
    /// The attempt's id.
    pub id: u64,
    /// The event's, the same for all its attempts.
    pub guid: String,
    /// When, in microseconds.
    pub delivered_at: i64,
    /// What it was answered; 0 if it was not.
    pub status_code: u16,
}

/// An attempt of a run that has come to its end, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The repository; none where it is not told.
    pub repository_id: Option<u64>,
    /// The run.
    pub id: u64,
    /// Which attempt of it.
    pub attempt: u32,
    /// Whether it has come to its end.
    pub completed: bool,
    /// When something of it changed last.
    pub updated_at: Timestamp,
    run: Box<WorkflowRun>,
}

/// A job of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    job: Box<WorkflowJob>,
}

#[derive(Deserialize)]
pub(super) struct HookJson {
    id: u64,
    active: bool,
    config: HookConfig,
}

#[derive(Deserialize)]
struct HookConfig {
    url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RunsJson {
    workflow_runs: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct JobsJson {
    jobs: Vec<Value>,
}

#[derive(Deserialize)]
struct DeliveryJson {
    id: Id,
    guid: String,
    delivered_at: Timestamp,
    status_code: u16,
}

impl HookJson {
    pub(super) fn webhook(self) -> Option<Webhook> {
        let url = self.config.url.filter(|_| self.active)?;
        Some(Webhook { id: self.id, url })
    }
}

impl RunsJson {
    pub(super) fn runs(self) -> Vec<Result<Run, String>> {
        self.workflow_runs.into_iter().map(Run::read).collect()
    }
}

impl JobsJson {
    pub(super) fn jobs(self) -> Vec<Result<Job, String>> {
        self.jobs.into_iter().map(Job::read).collect()
    }
}

impl HookDelivery {
    pub(super) fn read(json: Value) -> Result<Self, String> {
        let read: DeliveryJson = parse(&json.to_string()).map_err(|error| error.to_string())?;
        let DeliveryJson { id, guid, delivered_at, status_code } = read;
        Ok(Self { id: id.0, guid, delivered_at: delivered_at.micros(), status_code })
    }
}

impl Run {
    pub(super) fn read(json: Value) -> Result<Self, String> {
        let run: WorkflowRun = parse(&json.to_string()).map_err(|error| error.to_string())?;
        Ok(Self {
            repository_id: run.repository_id(),
            id: run.id(),
            attempt: run.attempt(),
            completed: run.phase() == Some(RunPhase::Completed),
            updated_at: run.updated_at(),
            run: Box::new(run),
        })
    }

    /// What it tells of a repository, as an event would have, but for when it ended: that is no later than the last
    /// of its jobs, because GitHub goes on to touch a run that is over.
    pub fn fact(&self, repository_id: u64, jobs: &[Job]) -> Option<(Timestamp, Claim)> {
        let (at, claim) = self.run.fact(repository_id, None)?;
        let last = jobs.iter().filter_map(Job::completed_at).max();
        Some((last.filter(|_| self.completed).map_or(at, |last| last.min(at)), claim))
    }
}

impl Job {
    fn read(json: Value) -> Result<Self, String> {
        let job: WorkflowJob = parse(&json.to_string()).map_err(|error| error.to_string())?;
        Ok(Self { job: Box::new(job) })
    }

    /// When it ended, if it has.
    pub fn completed_at(&self) -> Option<Timestamp> {
        self.job.completed_at()
    }

    /// What it tells of a repository, as an event would have.
    pub fn fact(&self, repository_id: u64) -> Option<(Timestamp, Claim)> {
        self.job.fact(repository_id, None)
    }
}
