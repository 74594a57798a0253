//! `promote`: brings to an environment what ran healthy in the one before it. Nothing is rebuilt.

use super::deploy::{How, bring};
use super::publish::repository_of;
use crate::context::Context;
use crate::deploy::resolve::{Wanted, resolve, whole};
use crate::error::{Exit, Problem};
use crate::policy::{Environment, Pipeline};
use crate::registry::{Access, Repository};
use crate::target;
use anyhow::Result;
use evidence::{CommitSha, DeploymentMode, Digest, Name, Tag};

/// Arguments of `promote`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask promote --to staging --sha a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2
  cargo xtask promote --to prod                  what runs in the environment before it
  cargo xtask promote --to prod --tag v1.2.3 --dry-run

Without any argument it takes its options from variables, as the workflows do: PORTBOOK_PROMOTE_TO, PORTBOOK_PROMOTE_SHA.")]
pub struct Args {
    /// The environment
    #[arg(long, value_name = "ENV")]
    to: Name,
    /// The full commit; without any of the three, what runs in the environment before
    #[arg(long, value_name = "SHA", conflicts_with_all = ["digest", "tag"])]
    sha: Option<CommitSha>,
    /// The digest
    #[arg(long, value_name = "sha256:…", conflicts_with = "tag")]
    digest: Option<Digest>,
    /// A tag; production takes none that can move
    #[arg(long, value_name = "TAG")]
    tag: Option<Tag>,
    #[command(flatten)]
    how: How,
}

/// Promotes.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let environments = pipeline.environments()?;
    let environment = environments.named(&args.to)?;
    let given = args.digest.clone().map(Wanted::Digest).or(args.tag.clone().map(Wanted::Tag));
    let wanted = match (given, &args.sha) {
        (Some(wanted), _) => wanted,
        (None, Some(commit)) => ran_before(ctx, &pipeline, environment, |_, of| of == commit)?
            .map_or_else(|| Wanted::Commit(commit.clone()), Wanted::Digest),
        (None, None) => {
            let running = ran_before(ctx, &pipeline, environment, |is_running, _| is_running)?;
            Wanted::Digest(running.ok_or_else(|| nothing_before(environment))?)
        }
    };
    let place = repository_of(args.how.image.as_ref(), &pipeline)?;
    let repository = Repository::open(ctx, &place, Access::Pull, &[])?;
    if !matches!(&wanted, Wanted::Tag(tag) if environment.refuses(tag).is_some()) {
        let (_, manifest) = resolve(&repository, &place, &wanted)?;
        let platforms: Vec<String> = whole(&repository, &manifest)?.iter().map(ToString::to_string).collect();
        eprintln!("{} is whole in {}: {}", manifest.digest, repository.reference(), platforms.join(", "));
    }
    bring(ctx, &pipeline, environment, &wanted, DeploymentMode::Promote, &args.how)
}

fn nothing_before(environment: &Environment) -> Problem {
    let name = &environment.name;
    let problem = match &environment.settings.after {
        Some(after) => {
            Problem::new(Exit::Failed, format!("nothing runs in {after}, which comes before {name}"))
        }
        None => {
            Problem::usage(format!("pipeline.yml names no environment that comes before {name} (`after`)"))
        }
    };
    problem.next(format!("cargo xtask promote --to {name} --sha SHA"))
}

/// The digest that runs, or last ran, in the environment before and that the test holds for. The test is told whether it
/// runs, and its commit.
fn ran_before(
    ctx: &Context,
    pipeline: &Pipeline,
    environment: &Environment,
    test: impl Fn(bool, &CommitSha) -> bool,
) -> Result<Option<Digest>> {
    let Some(after) = &environment.settings.after else { return Ok(None) };
    let environments = pipeline.environments()?;
    let document = target::open(ctx, pipeline, environments.named(after)?)?.read()?.document;
    let running = document.running.iter().map(|ran| (true, ran));
    let mut all = running.chain(document.previous.iter().map(|ran| (false, ran)));
    Ok(all.find(|(is_running, ran)| test(*is_running, &ran.commit)).map(|(_, ran)| ran.digest.clone()))
}
