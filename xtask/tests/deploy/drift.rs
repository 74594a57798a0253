//! The ledger watches what was deployed, and sees what somebody started by hand.

use crate::Checked;
use crate::images::{good, program};
use crate::registry::docker;
use crate::support::Ran;
use crate::world::{World, deploy_args, until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The ledger as two processes on SQLite.
struct Ledger {
    processes: Vec<Child>,
    database: PathBuf,
    url: String,
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

fn portbook(database: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(args)
        .env("DATABASE_URL", format!("sqlite://{}", database.display()))
        .env("PORTBOOK_LISTEN", "127.0.0.1:0")
        .env("PORTBOOK_LOG_FORMAT", "json");
    command
}

impl Ledger {
    fn start(folder: &Path) -> Self {
        let database = folder.join("ledger.db");
        Ran::of(portbook(&database, &["migrate"]).output().unwrap()).expect(0, &[]);
        let mut server = portbook(&database, &["server"]).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(server.stderr.take().unwrap());
        let worker = portbook(&database, &["worker"]).stderr(Stdio::null()).spawn().unwrap();
        let mut ledger = Self { processes: vec![server, worker], database, url: String::new() };
        let (found, address) = mpsc::channel();
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap_or_default();
                if line["message"] == "listening" {
                    // Nobody listens after the first.
                    let _ = found.send(line["address"].as_str().unwrap().to_owned());
                }
            }
        });
        ledger.url = format!("http://{}", address.recv_timeout(Duration::from_secs(60)).unwrap());
        ledger
    }

    #[track_caller]
    fn admin(&self, args: &[&str]) -> Ran {
        let args = [&["admin"], args].concat();
        Ran::of(portbook(&self.database, &args).output().unwrap()).expect(0, &[])
    }

    fn incidents(&self, project: &str) -> String {
        let url = format!("{}/v1/incidents?project={project}", self.url);
        ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
    }
}

pub fn what_was_started_by_hand_is_an_incident() -> Checked {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::start(folder.path());
    let create = ["token", "create", "--project", &world.name, "--scope", "evidence:write", "--json"];
    let token: Value = serde_json::from_str(&ledger.admin(&create).stdout).unwrap();
    let token = token["token"].as_str().unwrap();
    let told = |args: &[&str]| {
        let mut xtask = world.xtask(args);
        xtask.env("PORTBOOK_URL", &ledger.url).env("PORTBOOK_TOKEN", token);
        Ran::of(xtask.output().unwrap()).expect(0, &[])
    };
    let (one, two) = (good("v13.0.1"), good("v13.0.2"));
    [&one, &two].into_iter().for_each(|image| world.vouch(image));
    told(&["evidence", "push"]);
    // The second is known to the ledger and was pulled; it is the first that runs.
    told(&deploy_args("dev", &two));
    let ran = told(&deploy_args("dev", &one));
    assert!(ran.stderr.contains("verdict of http://"), "{ran:#?}");
    let url = format!("http://127.0.0.1:{}/version", world.port("dev"));
    ledger.admin(&[
        "watch",
        "runtime",
        "add",
        "--project",
        &world.name,
        "--service",
        "web",
        "--environment",
        "dev",
        "--url",
        &url,
    ]);
    assert!(
        !ledger.incidents(&world.name).contains(two.digest.as_str()),
        "{}",
        ledger.incidents(&world.name)
    );

    // As the deployment does it, with another digest, and without telling anybody.
    let lock = std::fs::read_to_string(world.fixture.path("target/xtask/deploy/dev/core.lock.yml")).unwrap();
    let own = world.fixture.path("by-hand.yml");
    std::fs::write(&own, lock.replace(one.digest.as_str(), two.digest.as_str())).unwrap();
    let output = docker()
        .args([
            "compose",
            "--project-name",
            &world.project("dev"),
            "--file",
            "docker/compose.core.yml",
            "--file",
        ])
        .arg(&own)
        .args(["up", "--detach", "--no-build", "--no-deps", "--wait", "web"])
        .current_dir(world.fixture.path("."))
        .env("IMAGE_TAG", "by-hand")
        .env("INGRESS_PORT", world.port("dev").to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    until("the ledger has an incident", Duration::from_secs(60), || {
        ledger.incidents(&world.name).contains(two.digest.as_str())
    });
    // xtask sees it too.
    let trouble = world.status("dev")["trouble"].to_string();
    assert!(trouble.contains(two.digest.as_str()), "{trouble}");
    told(&["deploy", "--env", "dev", "--tag", "v13.0.1", "--json"]);
    world.serves("dev", &one);
    Ok(())
}
