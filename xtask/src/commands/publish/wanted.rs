//! Which tags are wanted, and whether the gate lets anything through.

use super::Args;
use super::tags::{Wish, is_exact};
use crate::commands::{events, gate, tags};
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::git::Git;
use crate::image::Graph;
use crate::net;
use crate::policy::{Pipeline, tags as rules};
use crate::registry::Repository;
use anyhow::Result;
use evidence::Tag;

/// What is wanted.
#[derive(Debug)]
pub struct Wanted {
    /// The tags, the commit's own first.
    pub wishes: Vec<Wish>,
    /// The release's version, if it is one.
    pub version: Option<String>,
    /// The commit came from the default branch.
    pub from_default_branch: bool,
    /// The branch that it came from, if it did from one.
    pub branch: Option<String>,
}

/// Asks the gate and the tag rules. The gate is left out for a try alone: `--tag`, outside a workflow, to a registry on
/// this machine.
///
/// # Errors
/// Exit 3 when the gate says no, or when it speaks of another commit than the artefact's.
pub fn wanted(
    ctx: &Context,
    args: &Args,
    pipeline: &Pipeline,
    repository: &Repository,
    graph: &Graph,
) -> Result<Wanted> {
    let in_workflow = args.event_path.is_some() || ctx.env.get("GITHUB_EVENT_NAME").is_some();
    let local = net::is_this_machine(repository.host());
    if in_workflow || args.tags.is_empty() || !local {
        pass_gate(ctx, args, pipeline, graph)?;
    } else {
        eprintln!("  a try, with --tag and to a registry on this machine: the gate is not asked");
    }
    let own = Wish { tag: graph.commit.tag(), floating: false, rule: "the commit's own".to_owned() };
    let mut wishes = vec![own];
    let mut want = |tag: &Tag, floating: bool, rule: &str| {
        if wishes.iter().all(|wish| wish.tag != *tag) {
            wishes.push(Wish { tag: tag.clone(), floating, rule: rule.to_owned() });
        }
    };
    if !args.tags.is_empty() {
        args.tags.iter().for_each(|tag| want(tag, !is_exact(tag), "--tag"));
        let mut exact = args.tags.iter().filter(|tag| is_exact(tag)).map(Tag::as_str);
        let version = exact.find(|tag| rules::is_version(tag)).map(str::to_owned);
        let from_default_branch = Git::of(ctx).is_on(graph.commit.as_str(), &pipeline.default_branch);
        let branch = from_default_branch.then(|| pipeline.default_branch.clone());
        return Ok(Wanted { wishes, version, from_default_branch, branch });
    }
    let event = events::read(ctx, pipeline, args.event_path.as_deref())?;
    let table = tags::rules(pipeline, args.rules.as_deref())?;
    let now = args.now.as_deref();
    let mut set = tags::resolve(ctx, &table, &event, &tags::Registry::default(), now)?;
    if set.tags.iter().any(|choice| choice.rule.contains("type=sequence")) {
        let taken = repository.tags()?.unwrap_or_default();
        let held = held(repository, graph, &set, &taken)?;
        set = tags::resolve(ctx, &table, &event, &tags::Registry { taken: &taken, held: &held }, now)?;
    }
    set.tags.iter().for_each(|choice| want(&choice.tag, choice.floating, &choice.rule));
    let version = Some(set.version).filter(|version| rules::is_version(version));
    let branch = event.reference.strip_prefix("refs/heads/").map(str::to_owned);
    Ok(Wanted { wishes, version, from_default_branch: event.on_default_branch(), branch })
}

fn pass_gate(ctx: &Context, args: &Args, pipeline: &Pipeline, graph: &Graph) -> Result<()> {
    let verdict = gate::judge(ctx, pipeline, args.event_path.as_deref(), args.checks.as_deref())?;
    if !verdict.publish {
        let reasons = verdict.reasons.join("\n  ");
        return Err(Problem::new(Exit::Refused, format!("the gate says no:\n  {reasons}"))
            .next("cargo xtask gate --json")
            .into());
    }
    if verdict.sha != graph.commit.as_str() {
        return Err(Problem::new(
            Exit::Refused,
            format!(
                "the gate speaks of commit {}, and the artefact is of commit {}",
                verdict.sha, graph.commit
            ),
        )
        .next("publish the artefact of that commit, or build it")
        .into());
    }
    Ok(())
}

/// The tags of the sequence's own day that name this very image already.
fn held(
    repository: &Repository,
    graph: &Graph,
    set: &rules::TagSet,
    taken: &[String],
) -> Result<Vec<String>> {
    let sequences = set.tags.iter().filter(|choice| choice.rule.contains("type=sequence"));
    let stems: Vec<&str> =
        sequences.map(|choice| choice.tag.as_str().trim_end_matches(|c: char| c.is_ascii_digit())).collect();
    let mut held = Vec::new();
    for tag in taken.iter().filter(|tag| stems.iter().any(|stem| tag.starts_with(stem))) {
        if repository.by_tag(tag)?.is_some_and(|manifest| manifest.digest == graph.root.digest) {
            held.push(tag.clone());
        }
    }
    Ok(held)
}
