//! `docker`, as the environment's engine is asked: by context, by SSH, or the one at hand.

use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::plan::quote;
use crate::process::{Said, Spawn, child_env};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest that a question may take; over SSH the first one logs in.
const QUESTION: Duration = Duration::from_secs(30);

/// Calls of `docker` for one engine.
#[derive(Clone)]
pub struct Docker {
    ctx: Context,
    context: Option<String>,
    /// Variables beside the process's own.
    pub variables: BTreeMap<String, String>,
}

impl Docker {
    /// Of a Docker context, or of whatever `docker` itself would talk to.
    pub fn of(ctx: &Context, context: Option<&str>, variables: BTreeMap<String, String>) -> Self {
        Self { ctx: ctx.clone(), context: context.map(str::to_owned), variables }
    }

    /// Calls that name their engine themselves, by `--host`.
    #[must_use]
    pub fn without_context(&self) -> Self {
        Self { context: None, ..self.clone() }
    }

    /// The engine, for people.
    pub fn shown(&self) -> String {
        let named = self.context.as_deref().or_else(|| self.ctx.env.get("DOCKER_CONTEXT"));
        match (named, self.ctx.env.get("DOCKER_HOST")) {
            (Some(context), _) => format!("the engine of context {context}"),
            (None, Some(host)) => format!("the engine at {host}"),
            (None, None) => "the engine of this machine".to_owned(),
        }
    }

    /// The engine's address, such as `unix:///var/run/docker.sock` or `ssh://deploy@host`.
    ///
    /// # Errors
    /// When there is no such context.
    pub fn address(&self) -> Result<String> {
        match (&self.context, self.ctx.env.get("DOCKER_HOST")) {
            (None, Some(host)) => Ok(host.to_owned()),
            (context, _) => {
                let mut call = vec!["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
                call.extend(context.as_deref());
                self.ask(&call)
            }
        }
    }

    fn spawn(&self, args: &[&str]) -> Spawn {
        let mut env = child_env(&self.ctx);
        env.extend(self.variables.clone());
        if self.context.is_some() {
            // It would win over `--context`.
            env.remove("DOCKER_HOST");
        }
        let context = self.context.iter().flat_map(|name| ["--context".to_owned(), name.clone()]);
        let args = context.chain(args.iter().map(|&arg| arg.to_owned())).collect();
        Spawn { program: "docker".into(), args, dir: self.ctx.root.clone(), env }
    }

    /// A call as a line that can be pasted into a shell.
    pub fn line(&self, args: &[&str], variables: &[&str]) -> String {
        let assigned = variables.iter().filter_map(|name| Some((name, self.variables.get(*name)?)));
        let assigned: Vec<String> =
            assigned.map(|(name, value)| format!("{name}={}", quote(value))).collect();
        let spawn = self.spawn(args);
        let words = spawn.args.iter().map(|word| quote(word));
        assigned.into_iter().chain(["docker".to_owned()]).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Runs a call for `limit` at most; none when it took longer.
    ///
    /// # Errors
    /// When `docker` cannot be started, and exit 130 when the user stops it.
    pub fn call(&self, args: &[&str], limit: Duration) -> Result<Option<Said>> {
        if self.ctx.out.verbose {
            eprintln!("    $ {}", self.line(args, &[]));
        }
        self.spawn(args).ask(&self.ctx.stop, limit)
    }

    /// Runs a call as [`Docker::call`] does, where the line of another one has ended well; else its exit code is the answer.
    ///
    /// # Errors
    /// As [`Docker::call`].
    pub fn call_after(&self, line: &str, args: &[&str], limit: Duration) -> Result<Option<Said>> {
        let script = format!("{line} || exit; exec {}", self.line(args, &[]));
        let spawn = self.spawn(args);
        let args = vec!["-c".to_owned(), script];
        Spawn { program: "sh".into(), args, ..spawn }.ask(&self.ctx.stop, limit)
    }

    /// Asks something small.
    ///
    /// # Errors
    /// Exit 4 when the engine does not answer or says no.
    pub fn ask(&self, args: &[&str]) -> Result<String> {
        match self.call(args, QUESTION)? {
            Some(Said { code: Some(0), stdout, .. }) => Ok(stdout),
            Some(said) => Err(self.trouble(args, &said).into()),
            None => Err(self.silent(QUESTION).into()),
        }
    }

    /// What a call that failed says, as an error: exit 4 where the engine does not answer.
    pub fn trouble(&self, args: &[&str], said: &Said) -> Problem {
        let words = if said.stderr.is_empty() { &said.stdout } else { &said.stderr };
        let what = args.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let exit = if does_not_answer(words) { Exit::Missing } else { Exit::Failed };
        let problem = Problem::new(exit, format!("{}: docker {what} failed: {words}", self.shown()));
        if exit == Exit::Missing { problem.next("cargo xtask doctor") } else { problem }
    }

    /// The error of an engine that does not answer.
    pub fn silent(&self, limit: Duration) -> Problem {
        Problem::missing(format!("{} did not answer within {} s", self.shown(), limit.as_secs()))
            .next("docker info")
    }
}

/// Whether `docker` complains that nothing answers it.
pub fn does_not_answer(words: &str) -> bool {
    ["Cannot connect to the Docker daemon", "error during connect"]
        .iter()
        .any(|begin| words.starts_with(begin))
}
