//! `evidence`: what the pipeline wrote down here, and whether the ledger has it.

mod list;
mod push;

use crate::context::Context;
use anyhow::Result;
use clap::Subcommand;

/// Arguments of `evidence`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask evidence list                                  what is here, oldest first
  cargo xtask evidence list --unsent --json                  what the ledger at PORTBOOK_URL has not got
  PORTBOOK_URL=https://ledger.example.org cargo xtask evidence push

docs/evidence.md tells what is written when, and what the ledger wants to see.")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    command: Command,
}

/// What to do with the evidence.
#[derive(Debug, Subcommand)]
enum Command {
    /// List the evidence that was written here, oldest first
    List(list::Args),
    /// Post what the ledger at PORTBOOK_URL is not known to have
    Push(push::Args),
}

/// Looks into the spool.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    match &args.command {
        Command::List(args) => list::run(ctx, args),
        Command::Push(args) => push::run(ctx, args),
    }
}
