//! `rollback`: back to what was observed healthy before.

use super::deploy::{Stage, tell};
use crate::context::Context;
use crate::deploy::{Request, deploy, last_healthy};
use crate::error::Problem;
use crate::policy::Pipeline;
use crate::registry::{Access, Repository};
use crate::target;
use anyhow::Result;
use evidence::{DeploymentMode, Digest, Name};

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask rollback --env prod                                  to what ran healthy before
  cargo xtask rollback --env prod --to sha256:… --reason \"the cart is empty\"
  cargo xtask hold release --env prod                              what was taken back may come again")]
pub struct Args {
    /// The environment
    #[arg(long, value_name = "ENV")]
    env: Name,
    /// The digest that shall run again; without it the last one that was observed healthy before
    #[arg(long, value_name = "sha256:…")]
    to: Option<Digest>,
    /// Why, for whoever wants to deploy it again
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Ask every gate, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

/// Rolls back.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let environments = pipeline.environments()?;
    let environment = environments.named(&args.env)?;
    let document = target::open(ctx, &pipeline, environment)?.read()?.document;
    let ran = match &args.to {
        Some(digest) => document.known(digest).ok_or_else(|| {
            Problem::usage(format!("{digest} was never observed healthy in {}", environment.name))
                .next(format!("cargo xtask status --env {}", environment.name))
        })?,
        None => last_healthy(&environment.name, &document)?,
    };
    let repository = Repository::open(ctx, &ran.repository, Access::Pull, &[])?;
    let request = Request {
        environment,
        image: ran.image(),
        mode: DeploymentMode::Rollback,
        break_glass: None,
        force: false,
        skip_if_running: false,
        reason: args.reason.clone(),
        dry_run: args.dry_run,
        repository: &repository,
    };
    let report = deploy(ctx, &pipeline, request);
    report
        .inspect_err(|error| tell(args.json, &environment.name, Stage::Deploy, error))?
        .conclude(ctx, args.json)
}
