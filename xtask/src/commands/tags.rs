//! `tags`: the tags, version and labels of the present event.

use super::events;
use crate::context::Context;
use crate::error::Problem;
use crate::git::Git;
use crate::policy::Pipeline;
use crate::policy::event::{self, Event};
use crate::policy::tags::{self, Facts, Refusal, Rules, TagSet};
use crate::zoneinfo;
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Arguments of `tags`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "In a workflow the event is GitHub's (GITHUB_EVENT_NAME, GITHUB_REF, GITHUB_SHA, GITHUB_REPOSITORY
and the event file); elsewhere it is a push of what is checked out. The rules are those of pipeline.yml: docs/tagging.md.

Examples:
  cargo xtask tags                                     what a push of this commit would get, and why
  cargo xtask tags --json
  cargo xtask tags --rules rules.yml --event-path event.json --now 2026-01-02T03:04:05Z"
)]
pub struct Args {
    /// The event's payload
    #[arg(long, value_name = "FILE")]
    event_path: Option<PathBuf>,
    /// Rules of another file: YAML with images, tags, flavor, labels, as docker/metadata-action takes them
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The present time
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
    /// A tag that the registry has: a sequence goes on after it. May be given again
    #[arg(long, value_name = "TAG")]
    taken: Vec<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Works the tags out and prints them.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let event = events::read(ctx, &pipeline, args.event_path.as_deref()).map_err(|error| {
        match error.downcast::<event::Malformed>() {
            Ok(malformed) => Problem::usage(malformed.0).into(),
            Err(error) => error,
        }
    })?;
    let rules = rules(&pipeline, args.rules.as_deref())?;
    let registry = Registry { taken: &args.taken, held: &[] };
    let mut set = resolve(ctx, &rules, &event, &registry, args.now.as_deref())?;
    if let Some(tag) = event.reference.strip_prefix("refs/tags/") {
        let all = Git::of(ctx).references();
        let others: Vec<&str> = all.iter().filter_map(|name| name.strip_prefix("refs/tags/")).collect();
        set.why.extend(tags::leaves_out(tag, &others).map(|gap| format!("warning: {gap}")));
    }
    let references = set.references(&rules.images);
    if args.json {
        println!(
            "{:#}",
            serde_json::json!({
                "version": set.version,
                "latest": set.latest,
                "tags": references,
                "labels": set.labels,
                "why": set.why,
            })
        );
        return Ok(());
    }
    for reference in &references {
        println!("{reference}");
    }
    if references.is_empty() {
        eprintln!("no tags: nothing of {} is published", event::shown(&event.reference));
    }
    for line in &set.why {
        eprintln!("  {line}");
    }
    Ok(())
}

/// What the registry says of the image's tags.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registry<'a> {
    /// All its tags.
    pub taken: &'a [String],
    /// Those that name this very commit's image.
    pub held: &'a [String],
}

/// The rules of `pipeline.yml`, or of a file.
///
/// # Errors
/// Exit 2, naming the line that is wrong.
pub fn rules(pipeline: &Pipeline, file: Option<&Path>) -> Result<Rules> {
    let rules = match file {
        None => pipeline.rules(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Problem::usage(format!("the rules {} cannot be read: {error}", path.display()))
            })?;
            Rules::parse(&text)
        }
    };
    rules.map_err(|refusal| Problem::from(refusal).into())
}

/// The tags of an event, with the facts that git, the clock and the system's time zones give.
///
/// # Errors
/// Exit 2 when a rule cannot be followed, exit 3 when following it would do harm.
pub fn resolve(
    ctx: &Context,
    rules: &Rules,
    event: &Event,
    registry: &Registry<'_>,
    now: Option<&str>,
) -> Result<TagSet> {
    let now = match now {
        None => OffsetDateTime::now_utc(),
        Some(text) => OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Problem::usage(format!("{text:?} is not a time: expected RFC 3339, as 2026-01-02T03:04:05Z"))
        })?,
    };
    let git = Git::of(ctx);
    let references = git.references();
    let release = release(&git, &event.sha);
    let facts = Facts {
        commit_date: payload_date(event).or_else(|| git.commit_date(&event.sha)),
        taken: registry.taken,
        held: registry.held,
        references: &references,
        release: release.as_deref(),
        zones: &zoneinfo::look_up,
        ..Facts::at(now)
    };
    tags::resolve(rules, event, &facts).map_err(|refusal: Refusal| Problem::from(refusal).into())
}

/// When the event's commit was made, as its payload tells it.
fn payload_date(event: &Event) -> Option<OffsetDateTime> {
    let commits = event.payload.get("commits").and_then(Value::as_array).into_iter().flatten();
    let heads =
        ["/head_commit", "/workflow_run/head_commit"].iter().filter_map(|at| event.payload.pointer(at));
    let own = commits.chain(heads).find(|commit| event::text(commit, "/id") == Some(&event.sha))?;
    OffsetDateTime::parse(event::text(own, "/timestamp")?, &Rfc3339).ok()
}

/// The version that a commit is released as: that of a git tag on it, else Cargo.toml's.
fn release(git: &Git<'_>, sha: &str) -> Option<String> {
    if sha.is_empty() {
        return None;
    }
    let tagged = git.tags_on(sha).into_iter().find(|tag| tag.starts_with('v') && tags::is_version(tag));
    tagged.or_else(|| cargo_version(&git.file(sha, "Cargo.toml")?))
}

/// `version` of `[workspace.package]` or `[package]`.
fn cargo_version(manifest: &str) -> Option<String> {
    let mut lines = manifest.lines().map(str::trim);
    lines.by_ref().find(|line| matches!(*line, "[workspace.package]" | "[package]"))?;
    let value = lines.take_while(|line| !line.starts_with('[')).find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "version").then_some(value)
    })?;
    value.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifests_own_version() {
        let manifest =
            "[workspace]\nmembers = []\n\n[workspace.package]\nedition = \"2024\"\nversion = \"1.2.3\" # x\n";
        assert_eq!(cargo_version(manifest).as_deref(), Some("1.2.3"));
        assert_eq!(cargo_version("[package]\nversion.workspace = true\n[other]\nversion = \"9\"\n"), None);
        assert_eq!(cargo_version("[dependencies]\nversion = \"9\"\n"), None);
    }
}
