//! The fields that we use of GitHub's payloads. Whatever else stands in them is passed over.
//!
//! A field that is missing or of another type is an error with its place; a word that is new to us is not,
//! because GitHub adds some now and then: what it would tell is then left untold.

mod deployment;
mod package;
mod parts;
mod phase;
mod pull_request;
mod push;
mod reference;
mod repository;
mod workflow_job;
mod workflow_run;

pub(super) use deployment::{DeploymentEvent, DeploymentStatusEvent};
pub(super) use package::{PackageEvent, RegistryPackageEvent};
pub(super) use parts::{Envelope, Id, Object};
pub(super) use pull_request::PullRequestEvent;
pub(super) use push::PushEvent;
pub(super) use reference::{CreateEvent, DeleteEvent};
pub(super) use repository::{PingEvent, RepositoryEvent};
pub(super) use workflow_job::{WorkflowJob, WorkflowJobEvent};
pub(super) use workflow_run::{WorkflowRun, WorkflowRunEvent};

use super::Facts;

/// An event whose fields were read.
pub(super) trait Event {
    /// What it was sent for; some events have only one reason and do not name it.
    fn action(&self) -> Option<&str> {
        None
    }

    /// The repository that it is about.
    fn repository_id(&self) -> Option<u64>;

    /// What it tells. The same event tells the same, whenever and however often it comes.
    fn facts(&self) -> Facts;
}
