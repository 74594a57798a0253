//! Claims: what an evidence document states.

use crate::{
    CiRun, CiRunJob, CommitSha, DeploymentId, DeploymentStarted, DeploymentState, Digest, FailureClass,
    GithubDeployment, Name, PullRequest, RefMoved, RepositoryNamed, RuntimeObserved, Tag, TagObserved,
};
use serde::{Deserialize, Serialize};

/// What an [`Evidence`] document states. `kind` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Claim {
    /// A commit exists on the default branch; `occurred_at` is its commit time.
    Commit {
        /// The commit.
        commit: CommitSha,
        /// The first line of its message, at most 200 characters.
        subject: String,
        /// The author's name, at most 100 characters.
        author: String,
        /// Its parents, first parent first; empty for a root commit.
        parents: Vec<CommitSha>,
    },
    /// CI came to a conclusion about a commit.
    CiVerdict {
        /// The commit that was tested.
        commit: CommitSha,
        /// What CI concluded.
        outcome: Outcome,
        /// The jobs it was concluded from.
        jobs: Vec<CiJob>,
    },
    /// An image was built from a commit.
    ImageBuilt {
        /// The commit it was built from.
        commit: CommitSha,
        /// The digest of its manifest or index.
        digest: Digest,
        /// Its platforms, such as `linux/amd64`.
        platforms: Vec<String>,
        /// The compressed size of all its blobs, in bytes.
        size_bytes: u64,
        /// How long the build took, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        milliseconds: Option<u64>,
        /// Whether the build started with a filled cache.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        cache: Option<BuildCache>,
        /// The database schemas that it can run on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        schema_range: Option<SchemaRange>,
    },
    /// The production build of a commit was booted and checked.
    Smoke {
        /// The commit that was booted.
        commit: CommitSha,
        /// The image that was booted; absent when it ran as a process without a container.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Whether every check passed.
        outcome: Outcome,
        /// What it ran on: `docker` or `process`.
        engine: Name,
    },
    /// An image was published under tags.
    Published {
        /// The commit it was built from.
        commit: CommitSha,
        /// The digest of its manifest or index.
        digest: Digest,
        /// Registry and repository, without tag.
        repository: String,
        /// The tags that name it from now on.
        tags: Vec<Tag>,
    },
    /// A digest was deployed to an environment, or the attempt failed.
    Deployed {
        /// The service.
        service: Name,
        /// The environment.
        environment: Name,
        /// The commit that the image was built from.
        commit: CommitSha,
        /// The digest that runs; absent when what runs is a process and not an image.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The version that people call it by.
        version: String,
        /// Whether it runs now.
        outcome: Outcome,
        /// Who or what asked for it, at most 100 characters.
        actor: String,
        /// The deployment that this is the end of, if it was announced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        deployment: Option<DeploymentId>,
        /// The reference that was asked for, such as `registry/name:v1.2.3`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        reference: Option<String>,
        /// What it failed at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        failure: Option<FailureClass>,
        /// From the command to the observed new digest, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        milliseconds: Option<u64>,
        /// Why gates that said no were passed over, where they were; at most 500 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        break_glass: Option<String>,
    },
    /// An environment went back to an earlier digest.
    RolledBack {
        /// The service.
        service: Name,
        /// The environment.
        environment: Name,
        /// The commit that runs again.
        commit: CommitSha,
        /// The digest that runs again; absent when it is a process and not an image.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The version that runs again.
        version: String,
        /// Who or what asked for it, at most 100 characters.
        actor: String,
        /// The deployment that this is the end of, if it was announced.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        deployment: Option<DeploymentId>,
    },
    /// A deployment began.
    DeploymentStarted(DeploymentStarted),
    /// A deployment went on, or came to an end.
    DeploymentState(DeploymentState),
    /// An attempt of a workflow run.
    CiRun(CiRun),
    /// A job of a workflow run.
    CiRunJob(CiRunJob),
    /// A branch or tag moved.
    RefMoved(RefMoved),
    /// A pull request changed.
    PullRequest(PullRequest),
    /// A deployment as GitHub knows it.
    GithubDeployment(GithubDeployment),
    /// A repository's name and owner.
    RepositoryNamed(RepositoryNamed),
    /// What a tag names in its registry.
    TagObserved(TagObserved),
    /// What a service says that it is.
    RuntimeObserved(RuntimeObserved),
}

/// How a run ended. There is no default: an unknown outcome is said, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Outcome {
    /// Everything passed.
    Success,
    /// Something failed.
    Failure,
    /// It was stopped before it came to a conclusion.
    Cancelled,
    /// It was not run, because something it needs is missing.
    Skipped,
    /// Nobody knows, for instance because the reporter died.
    Unknown,
}

impl Outcome {
    /// The word as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// One job of a [`Claim::CiVerdict`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CiJob {
    /// The job's name, such as `backend-quality`.
    pub name: Name,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// Whether a build started with a filled cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BuildCache {
    /// Nothing was there.
    Cold,
    /// Earlier layers were there.
    Warm,
}

/// The database schemas that an image can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SchemaRange {
    /// The oldest.
    pub min: u64,
    /// The one that its own migrations lead to.
    pub max: u64,
}

/// Who may state a kind of claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The pipeline, in a batch of evidence.
    Pipeline,
    /// Who deploys, by the addresses for deployments.
    Deployment,
    /// GitHub, by webhook or asked.
    Github,
    /// The ledger itself, which looked.
    Observation,
}

impl Claim {
    /// The commit that the claim is about; none where it is about something else.
    pub fn commit(&self) -> Option<&CommitSha> {
        match self {
            Self::Commit { commit, .. }
            | Self::CiVerdict { commit, .. }
            | Self::ImageBuilt { commit, .. }
            | Self::Smoke { commit, .. }
            | Self::Published { commit, .. }
            | Self::Deployed { commit, .. }
            | Self::RolledBack { commit, .. } => Some(commit),
            Self::DeploymentStarted(started) => Some(&started.commit),
            Self::CiRun(run) => Some(&run.commit),
            Self::CiRunJob(job) => Some(&job.commit),
            Self::RefMoved(moved) => moved.after.as_ref().or(moved.before.as_ref()),
            Self::PullRequest(pull) => Some(&pull.head),
            Self::GithubDeployment(deployment) => Some(&deployment.commit),
            Self::RuntimeObserved(observed) => observed.commit.as_ref(),
            Self::DeploymentState(_) | Self::RepositoryNamed(_) | Self::TagObserved(_) => None,
        }
    }

    /// What the claim is about, for looking it up: its commit, or else the key of what it speaks of.
    pub fn subject(&self) -> String {
        match self {
            Self::DeploymentState(state) => state.id.to_string(),
            Self::RepositoryNamed(named) => named.repository_id.to_string(),
            Self::TagObserved(observed) => format!("{}:{}", observed.repository, observed.tag),
            Self::RuntimeObserved(observed) => format!("{}/{}", observed.environment, observed.service),
            other => other.commit().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// Who may state this kind of claim.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Commit { .. }
            | Self::CiVerdict { .. }
            | Self::ImageBuilt { .. }
            | Self::Smoke { .. }
            | Self::Published { .. }
            | Self::Deployed { .. }
            | Self::RolledBack { .. } => Origin::Pipeline,
            Self::DeploymentStarted(_) | Self::DeploymentState(_) => Origin::Deployment,
            Self::CiRun(_)
            | Self::CiRunJob(_)
            | Self::RefMoved(_)
            | Self::PullRequest(_)
            | Self::GithubDeployment(_)
            | Self::RepositoryNamed(_) => Origin::Github,
            Self::TagObserved(_) | Self::RuntimeObserved(_) => Origin::Observation,
        }
    }

    /// The variant's name as it stands in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Commit { .. } => "commit",
            Self::CiVerdict { .. } => "ci_verdict",
            Self::ImageBuilt { .. } => "image_built",
            Self::Smoke { .. } => "smoke",
            Self::Published { .. } => "published",
            Self::Deployed { .. } => "deployed",
            Self::RolledBack { .. } => "rolled_back",
            Self::DeploymentStarted(_) => "deployment_started",
            Self::DeploymentState(_) => "deployment_state",
            Self::CiRun(_) => "ci_run",
            Self::CiRunJob(_) => "ci_run_job",
            Self::RefMoved(_) => "ref_moved",
            Self::PullRequest(_) => "pull_request",
            Self::GithubDeployment(_) => "github_deployment",
            Self::RepositoryNamed(_) => "repository_named",
            Self::TagObserved(_) => "tag_observed",
            Self::RuntimeObserved(_) => "runtime_observed",
        }
    }
}
