//! Boots one build of the application, in containers or as processes, and judges it. `cargo xtask smoke` brings the
//! build here and calls this; it is a program of its own because Docker's client is most of what it compiles.

mod boot;
mod engine;
mod http;
mod smoke;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use xtask::{context::Context, error};

/// What `cargo xtask` calls to boot the application.
#[derive(Debug, Parser)]
#[command(name = "xtask-containers", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Boot a build that is here, and check it
    Smoke(boot::Args),
}

fn main() -> ExitCode {
    let Command::Smoke(args) = Cli::parse().command;
    error::exit(Context::of_process(args.verbose).and_then(|ctx| boot::run(&ctx, &args)))
}
