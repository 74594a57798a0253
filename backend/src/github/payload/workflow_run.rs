//! `workflow_run`: an attempt of a workflow run was asked for, began or ended.

use super::Event;
use super::parts::{Id, Instant, Object, RepositoryId};
use super::phase::{conclusion, reached};
use crate::github::{Facts, text};
use evidence::{CiRun, Claim, CommitSha, RunPhase, Timestamp};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct WorkflowRunEvent {
    action: String,
    workflow_run: Object<WorkflowRun>,
    repository: Object<RepositoryId>,
}

/// A run, in an event and in an answer of the REST interface alike.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::github) struct WorkflowRun {
    id: Id,
    run_attempt: u32,
    path: String,
    event: String,
    head_branch: Option<String>,
    head_sha: CommitSha,
    head_repository: Option<Object<RepositoryId>>,
    repository: Option<Object<RepositoryId>>,
    status: String,
    conclusion: Option<String>,
    run_started_at: Timestamp,
    updated_at: Instant,
}

impl Event for WorkflowRunEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        Facts::of(self.workflow_run.fact(self.repository.id.0, Some(&self.action)))
    }
}

impl WorkflowRun {
    pub(in crate::github) fn repository_id(&self) -> Option<u64> {
        Some(self.repository.as_ref()?.id.0)
    }

    pub(in crate::github) fn id(&self) -> u64 {
        self.id.0
    }

    pub(in crate::github) fn attempt(&self) -> u32 {
        self.run_attempt
    }

    pub(in crate::github) fn phase(&self) -> Option<RunPhase> {
        reached(None, &self.status)
    }

    pub(in crate::github) fn updated_at(&self) -> Timestamp {
        self.updated_at.0
    }

    /// What it tells, and as of when.
    pub(in crate::github) fn fact(
        &self,
        repository_id: u64,
        action: Option<&str>,
    ) -> Option<(Timestamp, Claim)> {
        let phase = reached(action, &self.status)?;
        let run = CiRun {
            repository_id,
            run_id: self.id.0,
            attempt: self.run_attempt,
            workflow: text::fit(file_of(&self.path), 400),
            event: text::fit(&self.event, 100),
            branch: self
                .head_branch
                .as_deref()
                .filter(|branch| !branch.is_empty())
                .map(|branch| text::fit(branch, 255)),
            commit: self.head_sha.clone(),
            // A fork that is no more is null, and was a fork.
            from_fork: self.head_repository.as_ref().is_none_or(|head| head.id.0 != repository_id),
            phase,
            conclusion: conclusion(phase, self.conclusion.as_deref()),
            started_at: self.run_started_at,
        };
        Some((self.updated_at.0, Claim::CiRun(run)))
    }
}

/// The workflow's file without the reference that it was taken from, `.github/workflows/ci.yml@main`.
fn file_of(path: &str) -> &str {
    let end = [".yml@", ".yaml@"].iter().filter_map(|end| Some(path.find(end)? + end.len() - 1)).min();
    end.map_or(path, |end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_no_part_of_the_file() {
        assert_eq!(file_of(".github/workflows/ci.yml@refs/heads/main"), ".github/workflows/ci.yml");
        assert_eq!(file_of(".github/workflows/ci.yaml@v1.yml@x"), ".github/workflows/ci.yaml");
        assert_eq!(file_of(".github/workflows/a@b.yml"), ".github/workflows/a@b.yml");
        assert_eq!(file_of("dynamic/pages/pages-build-deployment"), "dynamic/pages/pages-build-deployment");
    }
}
