//! The present event: GitHub's, a saved one, or what git says where no workflow runs.

use crate::context::Context;
use crate::error::Problem;
use crate::git::Git;
use crate::github::GitHub;
use crate::policy::Pipeline;
use crate::policy::event::{Event, Malformed};
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The present event, from GitHub's variables and the event file (`GITHUB_EVENT_PATH`, unless another is named), or
/// from git.
///
/// # Errors
/// Exit 2 when the file is not there or there is no commit. An event that cannot be understood is a [`Malformed`].
pub fn read(ctx: &Context, pipeline: &Pipeline, event_path: Option<&Path>) -> Result<Event> {
    let path =
        event_path.map(Path::to_path_buf).or_else(|| ctx.env.get("GITHUB_EVENT_PATH").map(PathBuf::from));
    let named =
        ["GITHUB_EVENT_NAME", "GITHUB_REF", "GITHUB_SHA"].iter().any(|key| ctx.env.get(key).is_some());
    let mut event = match path {
        None if !named => {
            let head = ctx.head()?;
            Event::of_git(Git::of(ctx).facts(head.commit.as_str()))
        }
        path => Event::of_github(&ctx.env, path.map_or(Ok(Value::Null), |path| payload(&path))?)?,
    };
    if event.default_branch.is_empty() {
        event.default_branch.clone_from(&pipeline.default_branch);
    }
    settle(ctx, &mut event)?;
    Ok(event)
}

fn payload(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::usage(format!("the event file {} cannot be read: {error}", path.display()))
            .next("cargo xtask gate --event-path FILE --json")
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Malformed(format!("the payload is not JSON: {error}")).into())
}

/// Under `workflow_run` a name may be a branch or a tag. GitHub knows; without a token, this clone may.
fn settle(ctx: &Context, event: &mut Event) -> Result<()> {
    let name = match event.branch() {
        Some(name) if !event.settled && !name.is_empty() => name.to_owned(),
        _ => return Ok(()),
    };
    let (branch, tag) = match GitHub::of_env(&ctx.env)? {
        Some(github) if !event.repository.is_empty() => {
            let has = |kind: &str| github.has_reference(&event.repository, &format!("{kind}/{name}"));
            (has("heads")?, has("tags")?)
        }
        _ => {
            let known = Git::of(ctx).references();
            let has = |kind: &str| known.contains(&format!("refs/{kind}/{name}"));
            (has("heads"), has("tags"))
        }
    };
    event.settle(branch, tag);
    Ok(())
}
