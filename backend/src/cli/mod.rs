//! The command line: one binary, several entry points.

mod admin;
mod arguments;
mod guard;
mod healthcheck;
mod info;
mod migrate;
mod run;

use crate::config::{ConfigError, Reader};
use crate::store::StoreError;
use arguments::{Arguments, Command};
use clap::Parser as _;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Something that was to be done could not be done: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// The call was wrong: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong: exit code 2.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It must not be done: exit code 3.
    #[error("{0}")]
    Refused(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Ahead(why) => Self::Refused(why),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let environment = |name: &str| std::env::var_os(name);
    match dispatch(arguments.command, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to be told when stderr is gone.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::from(match failure {
                Failure::Failed(_) => 1,
                Failure::Usage(_) | Failure::Config(_) => 2,
                Failure::Refused(_) => 3,
            })
        }
    }
}

fn dispatch(command: Command, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<(), Failure> {
    let reader = Reader::new(environment);
    match command {
        Command::Server => run::server(reader),
        Command::Worker => run::worker(reader),
        Command::Migrate(arguments) => migrate::migrate(reader, arguments),
        Command::Healthcheck { worker: true, .. } => healthcheck::worker(reader),
        Command::Healthcheck { worker: false, url } => healthcheck::server(reader, url),
        Command::Version { json } => info::version(reader, json),
        Command::Openapi => info::openapi(),
        Command::Admin { command } => admin::dispatch(reader, command),
    }
}

/// Writes a line of data.
fn print(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{text}")
        .map_err(|error| Failure::Failed(format!("cannot write to stdout: {error}")))
}

/// Data as people can read it, too.
fn pretty(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Failure::Failed(format!("cannot write JSON: {error}")))
}

/// Runs a short command to its end.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(no_runtime)?.block_on(work)
}

fn no_runtime(error: std::io::Error) -> Failure {
    Failure::Failed(format!("cannot start the runtime: {error}"))
}
