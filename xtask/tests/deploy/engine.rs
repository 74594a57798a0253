//! The engine, asked directly, and what this target leaves on it: nothing, and nothing of runs that died.

use crate::registry::docker;
use std::collections::BTreeSet;
use std::process::Command;

/// What the names of this target's Compose projects begin with; a process number follows.
pub const PREFIX: &str = "pbtest";
/// The label that everything else carries, with the number of the process that made it.
pub const LABEL: &str = "org.portbook.test.pid";
/// The label of what Compose makes.
const PROJECT: &str = "com.docker.compose.project";
/// What an environment is made of beside the application.
pub const ENVIRONMENT_IMAGES: [&str; 2] = ["haproxy:3.0", "postgres:17"];
/// What the fixture's image is built on.
const BASE: &str = "debian:bookworm-slim";

/// What is missing of what these tests need beside the registry.
pub fn lack() -> Option<String> {
    let works = |args: &[&str]| docker().args(args).output().is_ok_and(|output| output.status.success());
    if !works(&["compose", "version"]) {
        return Some("no engine with Compose answers; cargo xtask doctor --fix".to_owned());
    }
    let there = |image: &&str| works(&["image", "inspect", image]) || works(&["pull", "--quiet", image]);
    let missing = ENVIRONMENT_IMAGES.iter().chain([&BASE]).find(|image| !there(image))?;
    Some(format!("the engine has no image {missing}; cargo xtask doctor --fix"))
}

/// An engine: the one at hand, or another.
#[derive(Clone, Default)]
pub struct Engine {
    /// Its address; none for the one at hand.
    pub host: Option<String>,
}

impl Engine {
    /// A call of `docker`.
    pub fn docker(&self) -> Command {
        let mut docker = docker();
        if let Some(host) = &self.host {
            docker.env("DOCKER_HOST", host);
        }
        docker
    }

    /// What a call prints.
    #[track_caller]
    pub fn ask(&self, args: &[&str]) -> String {
        let output = self.docker().args(args).output().unwrap();
        assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The lines that a call prints; none where it fails.
    fn list(&self, args: &[&str]) -> Vec<String> {
        let output = self.docker().args(args).output();
        let said =
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        said.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// The containers of a project's service that are there, in whatever state.
    pub fn containers(&self, project: &str, service: &str) -> Vec<String> {
        let project = format!("label={PROJECT}={project}");
        let service = format!("label=com.docker.compose.service={service}");
        self.list(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &project, "--filter", &service])
    }

    /// What runs once in a project, or did and is still there, but for what a plain `up` makes.
    pub fn one_off(&self, project: &str) -> Vec<String> {
        let project = format!("label={PROJECT}={project}");
        let once = "label=com.docker.compose.oneoff=True";
        self.list(&["ps", "--all", "--quiet", "--filter", &project, "--filter", once])
    }

    /// Removes a project with its volumes and networks. One that is not there stays so.
    pub fn down(&self, project: &str) {
        let filter = format!("label={PROJECT}={project}");
        self.remove(&["ps", "--all", "--quiet", "--filter", &filter], &["rm", "--force", "--volumes"]);
        self.remove(&["volume", "ls", "--quiet", "--filter", &filter], &["volume", "rm", "--force"]);
        // A call of Compose that outlived its caller may have had the engine make one again, without a label.
        let named = format!("name=^{project}_");
        self.remove(&["volume", "ls", "--quiet", "--filter", &named], &["volume", "rm", "--force"]);
        self.remove(&["network", "ls", "--quiet", "--filter", &filter], &["network", "rm"]);
    }

    fn remove(&self, which: &[&str], how: &[&str]) {
        let ids: BTreeSet<String> = self.list(which).into_iter().collect();
        if !ids.is_empty() {
            // What is gone by now is gone.
            let _ = self.docker().args(how).args(ids).output();
        }
    }
}

/// Removes the containers and images that a process made.
pub fn clean(pid: &str) {
    let engine = Engine::default();
    let filter = format!("label={LABEL}={pid}");
    engine.remove(&["ps", "--all", "--quiet", "--filter", &filter], &["rm", "--force", "--volumes"]);
    engine.remove(
        &["image", "ls", "--all", "--quiet", "--no-trunc", "--filter", &filter],
        &["image", "rm", "--force"],
    );
}

/// Removes what runs left that are no more.
pub fn sweep() {
    let engine = Engine::default();
    let list = |args: &[&str]| engine.list(args);
    let mut projects = BTreeSet::new();
    let filter = format!("label={PROJECT}");
    for kind in [&["ps", "--all"][..], &["volume", "ls"], &["network", "ls"]] {
        let format = format!("{{{{.Label \"{PROJECT}\"}}}}");
        projects.extend(list(&[kind, &["--filter", &filter, "--format", &format]].concat()));
    }
    let volumes = list(&["volume", "ls", "--quiet", "--filter", &format!("name=^{PREFIX}-")]);
    projects.extend(volumes.iter().filter_map(|name| Some(name.split_once('_')?.0.to_owned())));
    for project in projects.iter().filter(|it| is_left(it)) {
        engine.down(project);
    }
    let filter = format!("label={LABEL}");
    let format = format!("{{{{.Label \"{LABEL}\"}}}}");
    let mut pids: BTreeSet<String> =
        list(&["ps", "--all", "--filter", &filter, "--format", &format]).into_iter().collect();
    for image in list(&["image", "ls", "--all", "--quiet", "--no-trunc", "--filter", &filter]) {
        let label = format!("{{{{index .Config.Labels \"{LABEL}\"}}}}");
        pids.extend(list(&["image", "inspect", &image, "--format", &label]));
    }
    for pid in pids.iter().filter(|pid| !lives(pid)) {
        clean(pid);
    }
}

fn is_left(project: &str) -> bool {
    let mut parts = project.split('-');
    parts.next() == Some(PREFIX) && parts.next().is_some_and(|pid| !lives(pid))
}

fn lives(pid: &str) -> bool {
    std::path::Path::new("/proc").join(pid).exists()
}

/// Sends a signal to a process.
#[track_caller]
pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// Whether a process was stopped, proc_pid_stat(5).
pub fn sleeps(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// The processes that a process began and that have not ended.
pub fn children(pid: u32) -> String {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).ok())
        .collect()
}
