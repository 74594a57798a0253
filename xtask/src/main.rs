//! `cargo xtask`.

use clap::Parser as _;
use std::process::ExitCode;
use xtask::{cli::Cli, commands, context::Context, error};

fn main() -> ExitCode {
    let cli = Cli::parse();
    error::exit(Context::of_process(cli.verbose).and_then(|ctx| commands::dispatch(&ctx, cli.command)))
}
