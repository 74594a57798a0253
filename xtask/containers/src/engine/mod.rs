//! Where a thing runs: in containers of a Docker engine, or as processes of this machine.

pub mod docker;
pub mod process;

use anyhow::Result;
use std::time::Duration;

/// A long-running part of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The web process.
    Server,
    /// The worker.
    Worker,
}

impl Role {
    /// The sub-command of the binary, and the part's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Worker => "worker",
        }
    }
}

/// A call of the binary that ran to its end.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i64>,
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

/// Boots one build of the application, always the same binary and files, and takes it down again.
///
/// Dropping an engine removes everything that it started.
pub trait Engine {
    /// What it is, for people: `docker 28.5, image portbook:…`.
    fn describe(&self) -> String;
    /// The engine's name as it stands in evidence: `docker` or `process`.
    fn name(&self) -> &'static str;
    /// Runs the binary once with these arguments on the same data, and waits for its end.
    fn run_once(&mut self, args: &[&str]) -> Result<Finished>;
    /// Starts a part. For the server: until it is bound to a port.
    fn start(&mut self, role: Role) -> Result<()>;
    /// Where the server answers, without a slash at the end.
    fn base_url(&self) -> Result<String>;
    /// None while a part runs, its exit code once it has ended.
    fn ended(&mut self, role: Role) -> Result<Option<Option<i64>>>;
    /// SIGTERM, and SIGKILL after `grace`; the exit code.
    fn stop(&mut self, role: Role, grace: Duration) -> Result<Option<i64>>;
    /// The last lines of a part's log.
    fn logs(&self, role: Role, lines: usize) -> String;
    /// How a person stops what `--keep` left running.
    fn how_to_remove(&self) -> String;
    /// Leave everything running when this value is dropped.
    fn keep(&mut self);
    /// What can be asked of a container and of nothing else.
    fn container(&self) -> Option<&docker::DockerEngine> {
        None
    }
}
