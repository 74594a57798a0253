//! Payloads in the full shape that GitHub sends, with values of our own. They are JSON values, so that a test can
//! change what it is about and leave the rest as it comes.

// Each of the programs that include this takes what it needs.
#![allow(dead_code, unused_imports)]

mod ci;
mod code;
mod deploy;
mod parts;
mod registry;

pub use ci::{job, run, workflow_job, workflow_run};
pub use code::{create, delete, ping, pull_request, push, pushed_commit, repository_event};
pub use deploy::{deployment, deployment_status};
pub use parts::{OWNER_ID, REPOSITORY, REPOSITORY_ID, repository, repository_of_push, sha, user};
pub use registry::{package, registry_package};

use serde_json::Value;

/// One event of every sort that we know, with its name.
pub fn every_event() -> Vec<(&'static str, Value)> {
    vec![
        ("workflow_run", workflow_run("requested", 1)),
        ("workflow_run", workflow_run("in_progress", 1)),
        ("workflow_run", workflow_run("completed", 1)),
        ("workflow_job", workflow_job("queued", 1, 1)),
        ("workflow_job", workflow_job("in_progress", 1, 1)),
        ("workflow_job", workflow_job("completed", 1, 1)),
        ("push", push("refs/heads/main")),
        ("pull_request", pull_request("opened")),
        ("pull_request", pull_request("closed")),
        ("deployment", deployment()),
        ("deployment_status", deployment_status("in_progress")),
        ("deployment_status", deployment_status("success")),
        ("package", package()),
        ("registry_package", registry_package()),
        ("create", create("branch", "feature/lights")),
        ("delete", delete("tag", "v0.9.0")),
        ("repository", repository_event("renamed")),
        ("ping", ping()),
    ]
}
