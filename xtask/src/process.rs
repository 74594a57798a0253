//! Child processes: each in a process group of its own, so that stopping one stops what it started too.

use crate::context::{Context, Env, Stop};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Between two looks at a running process.
pub const POLL: Duration = Duration::from_millis(50);
/// The same for a process that answers a question.
const QUICK_POLL: Duration = Duration::from_millis(5);
/// What a process gets to end after SIGTERM before it is killed.
pub const GRACE: Duration = Duration::from_secs(20);

/// A program to start.
#[derive(Clone, Debug)]
pub struct Spawn {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<String>,
    /// The working folder.
    pub dir: PathBuf,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
}

impl Spawn {
    /// Starts it with both outputs written to `log` and nothing on its input.
    pub fn start(&self, log: &Path) -> Result<Running> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        self.begin(self.command().stderr_to_stdout().stdout_file(file))
    }

    fn command(&self) -> duct::Expression {
        duct::cmd(&self.program, &self.args).dir(&self.dir).full_env(&self.env).stdin_null().unchecked()
    }

    fn begin(&self, command: duct::Expression) -> Result<Running> {
        let grouped = command.before_spawn(|command| {
            command.process_group(0);
            Ok(())
        });
        let handle = grouped.start().with_context(|| format!("cannot start {}", self.program.display()))?;
        Ok(Running { handle, ended: false })
    }
}

/// What a program that was waited for has said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its stdout, trimmed; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its stderr, likewise.
    pub stderr: String,
}

impl Spawn {
    /// Runs it to its end and answers what it said; none when `limit` was over before, and it was stopped.
    ///
    /// # Errors
    /// When it cannot be started, and exit 130 when the user stops it.
    pub fn ask(&self, stop: &Stop, limit: Duration) -> Result<Option<Said>> {
        let mut running = self.begin(self.command().stdout_capture().stderr_capture())?;
        let began = Instant::now();
        let code = loop {
            if let Some(code) = running.poll()? {
                break code;
            }
            let over = began.elapsed() > limit;
            if over || stop.requested() {
                running.stop(GRACE)?;
                stop.check()?;
                return Ok(None);
            }
            std::thread::sleep(QUICK_POLL);
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let output = running.handle.try_wait()?;
        let (stdout, stderr) =
            output.map(|output| (text(&output.stdout), text(&output.stderr))).unwrap_or_default();
        Ok(Some(Said { code, stdout, stderr }))
    }
}

/// A started process. Dropping it kills what is left of its group.
pub struct Running {
    handle: duct::Handle,
    ended: bool,
}

impl Running {
    /// The exit code once it has ended: `Some(None)` when a signal ended it.
    pub fn poll(&mut self) -> Result<Option<Option<i32>>> {
        let status = self.handle.try_wait()?.map(|output| output.status.code());
        self.ended = status.is_some();
        Ok(status)
    }

    /// Waits for its end, or stops it when the user asks to; the exit code, none when a signal ended it.
    /// `look` is called now and then, and once more after the end.
    pub fn wait(&mut self, stop: &Stop, mut look: impl FnMut() -> Result<()>) -> Result<Option<i32>> {
        loop {
            let code = self.poll()?;
            look()?;
            if let Some(code) = code {
                return Ok(code);
            }
            if stop.requested() {
                return self.stop(GRACE);
            }
            std::thread::sleep(POLL);
        }
    }

    /// Sends a signal, by name, to the process's whole group.
    pub fn signal(&self, name: &str) {
        for pid in self.pids() {
            signal_group(pid, name);
        }
    }

    /// The process ids.
    pub fn pids(&self) -> Vec<u32> {
        self.handle.pids()
    }

    /// Lets it go on after this value and this program are gone.
    pub fn leave(mut self) {
        self.ended = true;
    }

    /// SIGTERM, then SIGKILL after `grace`; the exit code, none when a signal ended it.
    pub fn stop(&mut self, grace: Duration) -> Result<Option<i32>> {
        self.signal("TERM");
        let began = Instant::now();
        let mut killed = false;
        loop {
            if let Some(code) = self.poll()? {
                return Ok(code);
            }
            if began.elapsed() > grace && !killed {
                self.signal("KILL");
                killed = true;
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.signal("KILL");
            let _ = self.handle.wait();
        }
    }
}

/// Through kill(1): the standard library has no call for it, and a crate for one call is not worth its cost.
fn signal_group(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args([format!("-{name}"), "--".to_owned(), format!("-{pid}")])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
}

/// Whom evidence is posted to, and by whose right. That is this program's business: a test that inherited it would post
/// what it made up, and what an npm package's script can read is no secret.
const LEDGER: &[&str] = &[
    "PORTBOOK_URL",
    "PORTBOOK_TOKEN",
    "PORTBOOK_TOKEN_FILE",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
];

/// The environment for child processes: this process's own without the variables that `cargo run` adds and without the way
/// to the ledger. Cargo's describe the xtask package, and build scripts that look at them would run again every time.
pub fn child_env(ctx: &Context) -> BTreeMap<String, String> {
    let mut env = own_env(ctx);
    LEDGER.iter().for_each(|key| drop(env.remove(*key)));
    env
}

/// The same for this program itself and its other half, which post what they did.
pub fn own_env(ctx: &Context) -> BTreeMap<String, String> {
    let mut env = without_cargo_run(&ctx.env);
    if let Some(path) = crate::tools::path_with_engine(ctx) {
        env.insert("PATH".to_owned(), path);
    }
    env
}

fn without_cargo_run(env: &Env) -> BTreeMap<String, String> {
    let added = |key: &str| {
        key == "CARGO"
            || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
    };
    env.iter().filter(|(key, _)| !added(key)).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// This very binary, also after cargo has put a newer one in its place.
pub fn own_binary() -> Result<PathBuf> {
    let path = std::env::current_exe().context("this program's own path cannot be read")?;
    let held = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    Ok(if !path.exists() && held.exists() { held } else { path })
}

/// The last lines of a file, each of at most 400 characters; bytes that are not UTF-8 are replaced.
pub fn tail(file: &Path, lines: usize) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<String> = text.lines().map(|line| line.chars().take(400).collect()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Spawn {
        Spawn {
            program: "sh".into(),
            args: vec!["-c".to_owned(), script.to_owned()],
            dir: std::env::temp_dir(),
            env: without_cargo_run(&Env::of_process()),
        }
    }

    #[test]
    fn stopping_reaches_the_grandchildren() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut running = shell("sleep 1000 & echo $!; wait").start(&log).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let grandchild = loop {
            let text = tail(&log, 1);
            if !text.is_empty() {
                break text;
            }
            assert!(Instant::now() < deadline, "the shell printed nothing");
            std::thread::sleep(POLL);
        };
        running.stop(GRACE).unwrap();
        let alive = || {
            Path::new(&format!("/proc/{grandchild}/cmdline")).exists()
                && !std::fs::read(format!("/proc/{grandchild}/cmdline")).unwrap_or_default().is_empty()
        };
        while alive() {
            assert!(Instant::now() < deadline, "the grandchild lives on");
            std::thread::sleep(POLL);
        }
    }

    #[test]
    fn exit_codes_and_both_outputs_arrive() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let mut running = shell("echo out; echo err >&2; exit 7").start(&log).unwrap();
        let code = loop {
            if let Some(code) = running.poll().unwrap() {
                break code;
            }
            std::thread::sleep(POLL);
        };
        assert_eq!(code, Some(7));
        assert_eq!(tail(&log, 5), "out\nerr");
    }

    #[test]
    fn what_cargo_run_adds_is_taken_away() {
        let env = Env::from([("CARGO_PKG_NAME", "xtask"), ("CARGO_HOME", "/c"), ("CARGO", "x"), ("A", "1")]);
        let kept = without_cargo_run(&env);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["A", "CARGO_HOME"]);
    }
}
