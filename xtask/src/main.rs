//! `cargo xtask`.

use clap::Parser as _;
use std::process::ExitCode;
use xtask::context::{Context, Env};
use xtask::{cli::Cli, commands, error, inputs};

fn main() -> ExitCode {
    let cli = match inputs::expanded(std::env::args_os(), &Env::of_process()) {
        Ok(call) => Cli::parse_from(call),
        Err(problem) => return error::exit(Err(problem.into())),
    };
    error::exit(Context::of_process(cli.verbose).and_then(|ctx| commands::dispatch(&ctx, cli.command)))
}
