//! The ledger itself, as a process on SQLite.

use crate::support::{Ran, repository};
use crate::world::World;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// A ledger that runs for as long as this lives.
pub struct Ledger {
    folder: tempfile::TempDir,
    program: PathBuf,
    processes: Vec<Child>,
    pub url: String,
}

impl Drop for Ledger {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // It may have ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The program, compiled where it is stale, once for all tests.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(compile).clone()
}

fn compile() -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    // What cargo says of the package under test makes other crates seem changed, and costs a minute of compiling.
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(|key| key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(key);
        }
    }
    let output = command
        .args(["build", "--quiet", "--locked", "--package", "portbook", "--message-format=json"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.find(|path| path.file_name().is_some_and(|name| name == "portbook")).unwrap()
}

fn portbook(program: &Path, database: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .env("DATABASE_URL", format!("sqlite://{}", database.display()))
        .env("PORTBOOK_LISTEN", "127.0.0.1:0")
        .env("PORTBOOK_LOG_FORMAT", "json");
    command
}

impl Ledger {
    /// Its server alone: it records, and nothing is looked at. Reading needs a token.
    pub fn start() -> Self {
        let mut ledger = Self {
            folder: tempfile::tempdir().unwrap(),
            program: program(),
            processes: Vec::new(),
            url: String::new(),
        };
        Ran::of(ledger.portbook(&["migrate"]).output().unwrap()).expect(0, &[]);
        let mut server = ledger.portbook(&["server"]);
        let mut server = server.env("PORTBOOK_PUBLIC_BOARD", "false").stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(server.stderr.take().unwrap());
        ledger.processes.push(server);
        let (found, address) = mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
                let said = (line["message"] == "listening").then(|| line["address"].as_str()).flatten();
                if let Some(address) = said {
                    // Nobody listens after the first.
                    let _ = found.send(address.to_owned());
                }
            }
        });
        ledger.url = format!("http://{}", address.recv_timeout(Duration::from_secs(60)).unwrap());
        ledger
    }

    /// From now on what is recorded is looked at, too.
    pub fn work(&mut self) {
        let mut worker = self.portbook(&["worker"]);
        let worker = worker.env("PORTBOOK_WORKER_INTERVAL_MS", "20").stderr(Stdio::null()).spawn();
        self.processes.push(worker.unwrap());
    }

    /// A new token with these scopes.
    pub fn token(&self, scopes: &[&str]) -> String {
        let mut args = vec!["admin", "token", "create", "--project", "portbook", "--json"];
        scopes.iter().for_each(|scope| args.extend(["--scope", scope]));
        let made = Ran::of(self.portbook(&args).output().unwrap()).expect(0, &[]).stdout;
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    fn portbook(&self, args: &[&str]) -> Command {
        portbook(&self.program, &self.folder.path().join("ledger.db"), args)
    }
}

#[test]
fn the_real_ledger_records_once_and_says_so_again() {
    let ledger = Ledger::start();
    let token = ledger.token(&["evidence:write"]);
    let world = World::with(3);
    let push = |token: &str| {
        let mut push = world.xtask(&["evidence", "push"]);
        push.env("PORTBOOK_URL", &ledger.url).env("PORTBOOK_TOKEN", token);
        Ran::of(push.output().unwrap())
    };
    let wrong = push("pb_0123456789abcdef_t0psecret").expect(4, &["does not accept the token"]);
    world.nothing_leaks(&wrong);
    push(&token).expect(0, &["4 recorded, 0 already there, 0 not posted"]);
    push(&token).expect(0, &["0 recorded, 0 already there, 0 not posted"]);
    world.forget();
    push(&token).expect(0, &["0 recorded, 4 already there, 0 not posted"]);
}
