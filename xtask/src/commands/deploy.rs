//! `deploy`: brings an image to an environment.

use super::publish::{parse_repository, repository_of};
use crate::context::Context;
use crate::deploy::resolve::{Wanted, resolve};
use crate::deploy::{Request, deploy};
use crate::error::{Exit, Problem, exit_code};
use crate::git::Git;
use crate::plan::append_output;
use crate::policy::tags::is_version;
use crate::policy::{Environment, Pipeline, refs};
use crate::registry::{Access, Repository};
use crate::target::image::Pinned;
use anyhow::Result;
use evidence::{CommitSha, DeploymentMode, Digest, FailureClass, ImageRef, Name, Tag};
use serde_json::json;

/// Arguments of `deploy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask deploy --env dev --tag latest
  cargo xtask deploy --env staging --sha a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2
  cargo xtask deploy --env prod --tag v1.2.3 --dry-run      what the gates say, and nothing else
  cargo xtask deploy --env prod --digest sha256:… --json

It ends with 0 when the image runs and was observed healthy, with 1 when it failed and what ran before runs on, with 3 when a
gate says no. Running it again after whatever happened completes or mends: docs/deploying.md.

Without any argument it takes its options from variables, as the workflows do: PORTBOOK_DEPLOY_ENV, PORTBOOK_DEPLOY_TAG,
PORTBOOK_DEPLOY_FORCE_REDEPLOY=true.")]
pub struct Args {
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: Name,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    how: How,
    /// Count it as a hotfix: a release that lies on no branch of pipeline.yml's gate is one anyway
    #[arg(long)]
    hotfix: bool,
}

/// The image that is meant.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// By a tag; production takes none that can move
    #[arg(long, value_name = "TAG")]
    tag: Option<Tag>,
    /// By its digest
    #[arg(long, value_name = "sha256:…")]
    digest: Option<Digest>,
    /// By the full commit that it was built from
    #[arg(long, value_name = "SHA")]
    sha: Option<CommitSha>,
}

/// What `deploy` and `promote` have in common.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    /// From this repository; without it the one in pipeline.yml
    #[arg(long, value_name = "REGISTRY/REPO", value_parser = parse_repository)]
    pub image: Option<ImageRef>,
    /// Deploy it also where it runs already
    #[arg(long)]
    pub force_redeploy: bool,
    /// Do nothing, not even look, where it is recorded as running
    #[arg(long, conflicts_with = "force_redeploy")]
    pub skip_if_running: bool,
    /// Go on though evidence is missing, or the ledger cannot be asked; the reason is recorded
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    pub break_glass: Option<String>,
    /// Ask every gate, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print what came of it as JSON
    #[arg(long)]
    pub json: bool,
}

/// What evidence takes of a reason, in characters.
const LONGEST_REASON: usize = 500;

fn parse_reason(text: &str) -> Result<String, String> {
    let words = text.trim();
    match words.chars().count() {
        0..5 => Err("expected a reason in words".to_owned()),
        5..=LONGEST_REASON => Ok(words.to_owned()),
        length => Err(format!("expected at most {LONGEST_REASON} characters, got {length}")),
    }
}

/// Deploys.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let Which { tag, digest, sha } = args.which.clone();
    let wanted = tag.map(Wanted::Tag).or(digest.map(Wanted::Digest)).or(sha.map(Wanted::Commit));
    let Some(wanted) = wanted else { return Err(Problem::usage("expected --tag, --digest or --sha").into()) };
    let mode = if args.hotfix { DeploymentMode::Hotfix } else { DeploymentMode::Deploy };
    let pipeline = Pipeline::read(&ctx.root)?;
    let environments = pipeline.environments()?;
    bring(ctx, &pipeline, environments.named(&args.env)?, &wanted, mode, &args.how)
}

/// Resolves what is wanted, and deploys it. A hotfix is counted as one, whichever way it comes. Asked for JSON, it gives some
/// whatever happens.
pub fn bring(
    ctx: &Context,
    pipeline: &Pipeline,
    environment: &Environment,
    wanted: &Wanted,
    mode: DeploymentMode,
    how: &How,
) -> Result<()> {
    let told = |stage: Stage| move |error: &anyhow::Error| tell(how.json, &environment.name, stage, error);
    let found = find(ctx, pipeline, environment, wanted, how);
    let (repository, image) = found.inspect_err(told(Stage::Resolve))?;
    let mode = if is_hotfix(ctx, pipeline, &image.commit)? { DeploymentMode::Hotfix } else { mode };
    let request = Request {
        environment,
        image,
        mode,
        break_glass: how.break_glass.clone(),
        force: how.force_redeploy,
        skip_if_running: how.skip_if_running,
        reason: None,
        dry_run: how.dry_run,
        repository: &repository,
    };
    let report = deploy(ctx, pipeline, request).inspect_err(told(Stage::Deploy))?;
    let digest = report.digest().clone();
    report.conclude(ctx, how.json)?;
    append_output(ctx, "digest", digest.as_str()).map(drop)
}

/// How far a call came that ended without a report.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// There is nothing to pull, or nobody to ask for it.
    Resolve,
    /// The environment cannot be reached, is somebody else's, or is not as it was.
    Deploy,
}

/// Tells as JSON what came of a call that ended without a report.
pub fn tell(json: bool, environment: &Name, stage: Stage, error: &anyhow::Error) {
    if json {
        let refused = exit_code(error) == Exit::Refused as u8;
        let outcome = if refused { "refused" } else { "failed" };
        let (class, step) = match stage {
            Stage::Resolve => (FailureClass::Pull, "resolve"),
            Stage::Deploy => (FailureClass::Other, "deploy"),
        };
        let failure =
            (!refused).then(|| json!({ "class": class, "step": step, "message": format!("{error:#}") }));
        let message = format!("{error:#}");
        println!(
            "{:#}",
            json!({ "environment": environment, "outcome": outcome, "message": message, "failure": failure, "reasons": [] })
        );
    }
}

/// What is wanted, and where it is.
fn find(
    ctx: &Context,
    pipeline: &Pipeline,
    environment: &Environment,
    wanted: &Wanted,
    how: &How,
) -> Result<(Repository, Pinned)> {
    if let Wanted::Tag(tag) = wanted
        && let Some(why) = environment.refuses(tag)
    {
        return Err(Problem::new(Exit::Refused, why)
            .next(format!("cargo xtask images show {tag}, then --digest with what it names"))
            .into());
    }
    let place = repository_of(how.image.as_ref(), pipeline)?;
    let repository = Repository::open(ctx, &place, Access::Pull, &[])?;
    let (image, _) = resolve(&repository, &place, wanted)?;
    Ok((repository, image))
}

/// Whether a commit is a release that none of the branches has from which images are published, as far as the history here
/// tells: it was made beside them, from an older release.
///
/// # Errors
/// When pipeline.yml cannot be read.
pub fn is_hotfix(ctx: &Context, pipeline: &Pipeline, commit: &CommitSha) -> Result<bool> {
    let git = Git::of(ctx);
    if !git.tags_on(commit.as_str()).iter().any(|tag| tag.starts_with('v') && is_version(tag)) {
        return Ok(false);
    }
    let gate = pipeline.gate()?;
    let patterns: Vec<&str> = gate.refs.iter().map(String::as_str).collect();
    let all = git.references();
    let branches: Vec<&str> = all
        .iter()
        .filter(|name| refs::takes(patterns.iter().copied(), name, &pipeline.default_branch))
        .filter_map(|name| name.strip_prefix("refs/heads/"))
        .collect();
    // A clone that has none of these branches, or not their history, knows nothing of it.
    let beside = |branch: &&str| {
        let tip = git.branch_reference(branch);
        tip.and_then(|tip| git.is_ancestor(commit.as_str(), &tip)) == Some(false)
    };
    Ok(!branches.is_empty() && branches.iter().all(beside))
}
