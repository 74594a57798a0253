//! The delivery pipeline as a program: what CI and developers run, defined once.

mod cli;
mod commands;
mod context;
mod engine;
mod error;
mod image;
mod plan;
mod policy;
mod process;
mod record;
mod smoke;
mod tools;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let done =
        context::Context::of_process(cli.verbose).and_then(|ctx| commands::dispatch(&ctx, cli.command));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where the report has already said everything, the error is only the exit code.
            if !error.is::<commands::Reported>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::from(commands::exit_code(&error))
        }
    }
}
