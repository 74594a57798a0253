//! What GitHub told of a repository. Keys are GitHub's numeric ids, because repositories get renamed.

use crate::{CommitSha, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a workflow run or one of its jobs is. The order is the order in which phases are passed, and the last
/// absorbs: what completed is never running again under the same attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunPhase {
    /// It was asked for.
    Requested,
    /// It waits for a runner, an approval or another run.
    Queued,
    /// It runs.
    InProgress,
    /// It came to an end.
    Completed,
}

/// How a workflow run or job ended, in GitHub's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Conclusion {
    /// It passed.
    Success,
    /// It failed.
    Failure,
    /// Somebody or something stopped it.
    Cancelled,
    /// It was not run.
    Skipped,
    /// It neither passed nor failed.
    Neutral,
    /// It ran out of time.
    TimedOut,
    /// It waits for somebody.
    ActionRequired,
    /// It was given up, because newer ones came.
    Stale,
    /// Its workflow could not be started.
    StartupFailure,
}

/// One attempt of a workflow run (`workflow_run`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CiRun {
    /// The repository's id.
    pub repository_id: u64,
    /// The run's id, the same for all its attempts.
    pub run_id: u64,
    /// From 1; each re-run is one more.
    pub attempt: u32,
    /// The workflow's file, such as `.github/workflows/ci.yml`.
    pub workflow: String,
    /// What started it, such as `push`.
    pub event: String,
    /// The branch or tag it ran for, where GitHub says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub branch: Option<String>,
    /// The commit that it tested: `head_sha`.
    pub commit: CommitSha,
    /// Whether that commit came from another repository.
    pub from_fork: bool,
    /// How far it is.
    pub phase: RunPhase,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub conclusion: Option<Conclusion>,
    /// When this attempt began.
    pub started_at: Timestamp,
}

/// One job of one attempt (`workflow_job`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CiRunJob {
    /// The repository's id.
    pub repository_id: u64,
    /// The run's id.
    pub run_id: u64,
    /// The attempt of the run that the job belongs to.
    pub attempt: u32,
    /// The job's id.
    pub job_id: u64,
    /// The job's name.
    pub name: String,
    /// The commit that it tested.
    pub commit: CommitSha,
    /// How far it is.
    pub phase: RunPhase,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub conclusion: Option<Conclusion>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub completed_at: Option<Timestamp>,
}

/// A branch or tag was made, moved or deleted (`push`, `create`, `delete`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefMoved {
    /// The repository's id.
    pub repository_id: u64,
    /// The whole reference, such as `refs/heads/main`.
    pub reference: String,
    /// Whether it is the default branch.
    pub default_branch: bool,
    /// What it named before; absent when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub before: Option<CommitSha>,
    /// What it names now; absent when it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub after: Option<CommitSha>,
    /// Whether commits were left behind by it (a force-push).
    pub forced: bool,
    /// The commits that came with it, oldest first.
    pub commits: Vec<PushedCommit>,
}

/// One commit of a push. GitHub does not tell its parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushedCommit {
    /// The commit.
    pub commit: CommitSha,
    /// The first line of its message, at most 200 characters.
    pub subject: String,
    /// The author's name, at most 100 characters.
    pub author: String,
    /// Its commit time.
    pub at: Timestamp,
}

/// How a pull request stands (`pull_request`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullRequest {
    /// The repository's id.
    pub repository_id: u64,
    /// Its number.
    pub number: u64,
    /// Its title, at most 200 characters.
    pub title: String,
    /// Who opened it.
    pub author: String,
    /// The branch that it goes into.
    pub base: String,
    /// The newest commit of its branch.
    pub head: CommitSha,
    /// Whether it is open, closed or merged.
    pub state: PullRequestState,
    /// The commit that it was merged as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub merge_commit: Option<CommitSha>,
}

/// Whether a pull request is open, closed or merged; the order is the order of precedence at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PullRequestState {
    /// It waits.
    Open,
    /// It was closed without being merged.
    Closed,
    /// It was merged.
    Merged,
}

/// What GitHub knows of a deployment (`deployment`, `deployment_status`). It names no digest, so it says what was
/// tried and never what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GithubDeployment {
    /// The repository's id.
    pub repository_id: u64,
    /// The deployment's id.
    pub deployment_id: u64,
    /// The status's id; 0 for the deployment itself.
    pub status_id: u64,
    /// The environment, in GitHub's spelling.
    pub environment: String,
    /// The commit.
    pub commit: CommitSha,
    /// The state, in GitHub's words; `created` for the deployment itself.
    pub state: String,
    /// Who made it.
    pub actor: String,
}

/// What a repository is called now, and whose it is (`repository`, and every other event).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepositoryNamed {
    /// The repository's id.
    pub repository_id: u64,
    /// The owner's id.
    pub owner_id: u64,
    /// Owner and name, such as `octo/shop`.
    pub full_name: String,
    /// The default branch.
    pub default_branch: String,
}
