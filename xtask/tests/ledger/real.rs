//! The ledger itself, as a process on SQLite.

use crate::support::{Ran, repository};
use crate::world::World;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

struct Ledger {
    server: Child,
    url: String,
    token: String,
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The program, compiled where it is stale.
fn program() -> PathBuf {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
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

fn start(folder: &Path) -> Ledger {
    let (program, database) = (program(), folder.join("ledger.db"));
    let run = |args: &[&str]| Ran::of(portbook(&program, &database, args).output().unwrap()).expect(0, &[]);
    run(&["migrate"]);
    let create = ["admin", "token", "create", "--project", "portbook", "--scope", "evidence:write", "--json"];
    let token: serde_json::Value = serde_json::from_str(&run(&create).stdout).unwrap();
    let mut server = portbook(&program, &database, &["server"]).stderr(Stdio::piped()).spawn().unwrap();
    let log = BufReader::new(server.stderr.take().unwrap());
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
    let address = address.recv_timeout(Duration::from_secs(60)).unwrap();
    Ledger { server, url: format!("http://{address}"), token: token["token"].as_str().unwrap().to_owned() }
}

#[test]
fn the_real_ledger_records_once_and_says_so_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = start(folder.path());
    let world = World::with(3);
    let push = |token: &str| {
        let mut push = world.xtask(&["evidence", "push"]);
        push.env("PORTBOOK_URL", &ledger.url).env("PORTBOOK_TOKEN", token);
        Ran::of(push.output().unwrap())
    };
    let wrong = push("pb_0123456789abcdef_t0psecret").expect(4, &["does not accept the token"]);
    world.nothing_leaks(&wrong);
    push(&ledger.token).expect(0, &["4 recorded, 0 already there, 0 not posted"]);
    push(&ledger.token).expect(0, &["0 recorded, 0 already there, 0 not posted"]);
    world.forget();
    push(&ledger.token).expect(0, &["0 recorded, 4 already there, 0 not posted"]);
}
