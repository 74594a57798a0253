//! The application without Docker: the same release binary and the same web files, as processes.

use super::{Engine, Finished, Role};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use xtask::context::{Context, Head};
use xtask::error::Problem;
use xtask::process::{self, Running, Spawn};

/// How long the server may take to bind its port, or a call to end.
const BOUND: Duration = Duration::from_secs(60);

/// What to boot.
pub struct Build {
    /// The `portbook` binary.
    pub binary: PathBuf,
    /// The folder with the built web files.
    pub web_root: PathBuf,
}

/// An [`Engine`] made of processes, with its data in a folder of its own.
pub struct ProcessEngine {
    ctx: Context,
    build: Build,
    dir: PathBuf,
    env: BTreeMap<String, String>,
    parts: BTreeMap<Role, Running>,
    address: Option<String>,
    kept: bool,
}

impl ProcessEngine {
    /// An engine whose data and logs live in a new folder below `target/xtask/smoke`.
    pub fn new(ctx: &Context, id: &str, head: &Head, build: Build, port: u16) -> Result<Self> {
        let dir = ctx.work_dir("smoke")?.join(id);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let mut env = process::child_env(ctx);
        // What the developer's own shell says about the application must not reach what is judged here.
        env.retain(|key, _| !key.starts_with("PORTBOOK_") && !key.starts_with("DATABASE_"));
        let own = [
            ("PORTBOOK_LISTEN", format!("127.0.0.1:{port}")),
            ("DATABASE_URL", format!("sqlite://{}", dir.join("portbook.db").display())),
            ("PORTBOOK_WEB_ROOT", build.web_root.display().to_string()),
            ("PORTBOOK_COMMIT", head.commit.to_string()),
            ("PORTBOOK_LOG_FORMAT", "json".to_owned()),
        ];
        env.extend(own.map(|(key, value)| (key.to_owned(), value)));
        Ok(Self { ctx: ctx.clone(), build, dir, env, parts: BTreeMap::new(), address: None, kept: false })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.log"))
    }

    fn spawn(&self, args: &[&str]) -> Spawn {
        let mut env = self.env.clone();
        if let Some(address) = &self.address {
            env.insert("PORTBOOK_LISTEN".to_owned(), address.clone());
        }
        Spawn {
            program: self.build.binary.clone().into(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            dir: self.dir.clone(),
            env,
        }
    }

    /// The address in the server's `listening` line, once it is there.
    fn bound_address(&self) -> Option<String> {
        let log = std::fs::read_to_string(self.log("server")).ok()?;
        log.lines().find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            let found = line.get("address").or_else(|| line.get("fields")?.get("address"))?;
            found.as_str().map(str::to_owned)
        })
    }
}

impl Engine for ProcessEngine {
    fn describe(&self) -> String {
        format!("processes without a container, {}", self.ctx.shown(&self.build.binary))
    }

    fn name(&self) -> &'static str {
        "process"
    }

    fn run_once(&mut self, args: &[&str]) -> Result<Finished> {
        let output = duct::cmd(&self.build.binary, args)
            .dir(&self.dir)
            .full_env(&self.spawn(args).env)
            .stdin_null()
            .stdout_capture()
            .stderr_capture()
            .unchecked()
            .run()
            .with_context(|| format!("cannot run {}", self.build.binary.display()))?;
        Ok(Finished {
            code: output.status.code().map(i64::from),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn start(&mut self, role: Role) -> Result<()> {
        let running = self.spawn(&[role.name()]).start(&self.log(role.name()))?;
        self.parts.insert(role, running);
        let began = Instant::now();
        while role == Role::Server && self.address.is_none() {
            self.ctx.stop.check()?;
            if let Some(code) = self.ended(role)? {
                let log = self.logs(role, 20);
                if log.contains("ddress already in use") || log.contains("ddress in use") {
                    let listen = self.env.get("PORTBOOK_LISTEN").cloned().unwrap_or_default();
                    return Err(Problem::new(
                        xtask::error::Exit::Failed,
                        format!("{listen} is taken by another program"),
                    )
                    .next("cargo xtask smoke without --port, which takes a free one")
                    .into());
                }
                bail!("the server ended with {code:?} before it listened:\n{log}");
            }
            if began.elapsed() > BOUND {
                bail!("the server did not listen within {} s:\n{}", BOUND.as_secs(), self.logs(role, 20));
            }
            self.address = self.bound_address();
            std::thread::sleep(process::POLL);
        }
        Ok(())
    }

    fn base_url(&self) -> Result<String> {
        let address = self.address.as_ref().context("the server was not started")?;
        Ok(format!("http://{address}"))
    }

    fn ended(&mut self, role: Role) -> Result<Option<Option<i64>>> {
        let part =
            self.parts.get_mut(&role).with_context(|| format!("the {} was not started", role.name()))?;
        Ok(part.poll()?.map(|code| code.map(i64::from)))
    }

    fn stop(&mut self, role: Role, grace: Duration) -> Result<Option<i64>> {
        let part =
            self.parts.get_mut(&role).with_context(|| format!("the {} was not started", role.name()))?;
        Ok(part.stop(grace)?.map(i64::from))
    }

    fn logs(&self, role: Role, lines: usize) -> String {
        process::tail(&self.log(role.name()), lines)
    }

    fn how_to_remove(&self) -> String {
        let pids: Vec<String> =
            self.parts.values().flat_map(Running::pids).map(|pid| pid.to_string()).collect();
        format!("kill {} && rm -r {}", pids.join(" "), self.ctx.shown(&self.dir))
    }

    fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for ProcessEngine {
    fn drop(&mut self) {
        if self.kept {
            for part in std::mem::take(&mut self.parts).into_values() {
                part.leave();
            }
            return;
        }
        self.parts.clear();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
