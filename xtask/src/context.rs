//! What every command gets: the repository's root, the environment, the output settings, the stop flag.

use crate::error::Problem;
use anyhow::{Context as _, Result};
use evidence::CommitSha;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use xshell::{Shell, cmd};

/// The environment, read once and passed in, so that no decision depends on the process's own.
#[derive(Clone, Debug, Default)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// The process's environment; variables that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// A variable's value; an empty one counts as unset.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a variable is set to something other than `0` or `false`.
    pub fn is_set(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !matches!(value, "0" | "false"))
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Env {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
    }
}

/// How output is written.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// stderr is a terminal: a live line may be redrawn.
    pub terminal: bool,
    /// Colour may be used.
    pub colour: bool,
    /// GitHub Actions reads the output: groups and annotations.
    pub github: bool,
    /// Print the output of steps as it comes.
    pub verbose: bool,
}

impl Output {
    /// Colour only on a terminal, never with NO_COLOR (no-color.org) or TERM=dumb.
    pub fn detect(env: &Env, verbose: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && env.get("TERM") != Some("dumb");
        Self {
            terminal,
            colour: terminal && env.get("NO_COLOR").is_none(),
            github: env.get("GITHUB_ACTIONS") == Some("true"),
            verbose,
        }
    }
}

/// Set by Ctrl-C or SIGTERM; everything that waits looks at it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Registers the flag for SIGINT and SIGTERM. A second signal ends the process at once.
    pub fn on_signals() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, flag.clone())?;
            signal_hook::flag::register(signal, flag.clone())?;
        }
        Ok(Self(flag))
    }

    /// Asks to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the user asked to stop.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error when the user asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.requested() { Err(Problem::interrupted().into()) } else { Ok(()) }
    }
}

/// What every command gets.
#[derive(Clone)]
pub struct Context {
    /// The repository's root folder.
    pub root: PathBuf,
    /// The environment.
    pub env: Env,
    /// Output settings.
    pub out: Output,
    /// The stop flag.
    pub stop: Stop,
}

/// The commit that the work tree stands on.
#[derive(Clone, Debug)]
pub struct Head {
    /// The commit.
    pub commit: CommitSha,
    /// Its commit time, in seconds since the epoch: `SOURCE_DATE_EPOCH` of everything built from it.
    pub epoch: i64,
    /// Tracked files differ from the commit, or there are untracked files that are not ignored.
    pub dirty: bool,
}

impl Context {
    /// The context of this process, in the repository that this xtask was built from.
    pub fn of_process(verbose: bool) -> Result<Self> {
        let env = Env::of_process();
        let root = find_root()?;
        Ok(Self { out: Output::detect(&env, verbose), root, env, stop: Stop::on_signals()? })
    }

    /// Where xtask keeps what it makes: `target/xtask/<name>`.
    pub fn work_dir(&self, name: &str) -> Result<PathBuf> {
        let dir = self.root.join("target/xtask").join(name);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(dir)
    }

    /// A path for people: relative to the root where it lies below it.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }

    /// A quiet shell in the root, for questions.
    pub fn shell(&self) -> Result<Shell> {
        let shell = Shell::new()?;
        shell.change_dir(&self.root);
        Ok(shell)
    }

    /// What the work tree stands on.
    ///
    /// # Errors
    /// Exit 2 when the root is no git work tree or has no commit, exit 4 when there is no git.
    pub fn head(&self) -> Result<Head> {
        let shell = self.shell()?;
        let git = |args: &[&str]| cmd!(shell, "git {args...}").quiet().ignore_stderr().read();
        if cmd!(shell, "git --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
            return Err(Problem::missing("git is not on the PATH").next("cargo xtask doctor").into());
        }
        let inside = git(&["rev-parse", "--show-toplevel"]).ok().map(PathBuf::from);
        let same = |dir: PathBuf| dir.canonicalize().ok() == self.root.canonicalize().ok();
        if !inside.is_some_and(same) {
            return Err(Problem::usage(format!(
                "{} is not the root of a git repository: everything here is built and judged by commit",
                self.root.display()
            ))
            .next("git clone the repository, or: git init && git add -A && git commit -m start")
            .into());
        }
        let line = git(&["log", "-1", "--format=%H %ct"]).map_err(|_| {
            Problem::usage("the repository has no commit yet").next("git add -A && git commit -m start")
        })?;
        let (commit, epoch) = line.split_once(' ').context("git log printed no commit time")?;
        let status = git(&["status", "--porcelain", "--untracked-files=normal"])?;
        Ok(Head { commit: commit.parse()?, epoch: epoch.parse()?, dirty: !status.is_empty() })
    }
}

/// The workspace root above this crate, unless the binary was moved: then the git root of the folder.
fn find_root() -> Result<PathBuf> {
    let is_root = |dir: &Path| dir.join("pipeline.yml").is_file() && dir.join("xtask").is_dir();
    let here = std::env::current_dir().context("the present folder cannot be read")?;
    here.ancestors().find(|dir| is_root(dir)).map(Path::to_path_buf).ok_or_else(|| {
        Problem::usage(format!(
            "{} is not inside a repository with a pipeline.yml and an xtask folder",
            here.display()
        ))
        .next("cd into the repository and call cargo xtask again")
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_false_variables_are_unset() {
        let env = Env::from([("A", ""), ("B", "0"), ("C", "false"), ("D", "true")]);
        assert_eq!(env.get("A"), None);
        assert!(!env.is_set("B") && !env.is_set("C") && env.is_set("D"));
    }
}
