//! `hold`: what a rollback keeps from coming back.

use super::lock::changed;
use crate::context::Context;
use crate::policy::Pipeline;
use crate::target::state::Document;
use anyhow::Result;
use evidence::Name;

/// Arguments of `hold`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask hold release --env prod     what was taken back may come again")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Let what was taken back be deployed again
    #[command(after_help = "Examples:
  cargo xtask hold release --env prod")]
    Release {
        /// The environment
        #[arg(long, value_name = "ENV")]
        env: Name,
    },
}

/// Releases a hold.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let Command::Release { env } = &args.command;
    let pipeline = Pipeline::read(&ctx.root)?;
    let before = changed(ctx, &pipeline, env, |document| Document { hold: None, ..document.clone() })?;
    match before.hold {
        Some(hold) => println!("{env}: {} ({}) may be deployed again", hold.version, hold.digest),
        None => eprintln!("{env}: nothing was on hold"),
    }
    Ok(())
}
