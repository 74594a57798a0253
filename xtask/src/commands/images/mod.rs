//! `images`: what is in the registry, in words a person understands, and removing what nothing needs.

mod list;
mod prune;
mod show;
mod stored;

use super::publish::{parse_repository, repository_of};
use crate::context::Context;
use crate::policy::Pipeline;
use crate::registry::{Access, Repository};
use anyhow::Result;
use clap::Subcommand;
use evidence::ImageRef;

/// Arguments of `images`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask images list                                what is published, newest first
  cargo xtask images show v1.2.3                         one image: platforms, labels, what refers to it
  cargo xtask images prune --keep-last 20                what could go, and why the rest stays
  cargo xtask images prune --older-than 90d --apply      remove it")]
pub struct Args {
    /// Look into this repository; without it the one in pipeline.yml
    #[arg(long, global = true, value_name = "REGISTRY/REPO", value_parser = parse_repository)]
    image: Option<ImageRef>,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
    /// What to do
    #[command(subcommand)]
    command: Command,
}

/// What to do with the images.
#[derive(Debug, Subcommand)]
enum Command {
    /// List the images with their tags, newest first
    #[command(after_help = "Examples:
  cargo xtask images list
  cargo xtask images list --image 127.0.0.1:5000/team/app --json")]
    List,
    /// Show one image: platforms, layers, labels, and what refers to it
    Show(show::Args),
    /// Say which images nothing needs, and with --apply remove them
    Prune(prune::Args),
}

/// Looks into the registry.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let image = repository_of(args.image.as_ref(), &pipeline)?;
    let open = |image: &ImageRef, access| Repository::open(ctx, image, access, &[]);
    match &args.command {
        Command::List => list::run(ctx, &open(&image, Access::Pull)?, args.json),
        Command::Show(show) => {
            let (image, reference) = show.target(&image)?;
            show::run(&open(&image, Access::Pull)?, &reference, args.json)
        }
        Command::Prune(prune) => {
            let access = if prune.apply { Access::Delete } else { Access::Pull };
            prune::run(ctx, &open(&image, access)?, prune, args.json)
        }
    }
}
