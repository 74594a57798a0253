//! The workflows stay thin: what they run is what a developer would type, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_yaml::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

struct Workflow {
    name: String,
    text: String,
    yaml: Value,
}

fn workflows() -> Vec<Workflow> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(repository().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no workflows");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Workflow { name, yaml: serde_yaml::from_str(&text).unwrap(), text }
    };
    files.into_iter().map(read).collect()
}

fn jobs(workflow: &Workflow) -> Vec<(&str, &Value)> {
    let jobs = workflow.yaml["jobs"].as_mapping().unwrap();
    jobs.iter().map(|(name, job)| (name.as_str().unwrap(), job)).collect()
}

fn steps(workflow: &Workflow) -> Vec<&Value> {
    jobs(workflow).into_iter().flat_map(|(_, job)| job["steps"].as_sequence().unwrap()).collect()
}

#[test]
fn actions_are_pinned_to_a_full_sha_with_their_version_in_a_comment() {
    for workflow in workflows() {
        for line in
            workflow.text.lines().filter(|line| line.trim_start_matches([' ', '-']).starts_with("uses:"))
        {
            let (action, comment) = line.split_once('#').unwrap_or((line, ""));
            let pin = action.trim().rsplit('@').next().unwrap();
            assert!(
                pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit()),
                "{}: {line}",
                workflow.name
            );
            assert!(comment.trim().starts_with('v'), "{}: no version in a comment: {line}", workflow.name);
        }
    }
}

#[test]
fn every_run_is_one_call_that_the_program_knows() {
    let known = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["ci", "--list"])
        .current_dir(repository())
        .output()
        .unwrap();
    let known = String::from_utf8(known.stdout).unwrap();
    for workflow in workflows() {
        for run in steps(&workflow).into_iter().filter_map(|step| step["run"].as_str()) {
            let words: Vec<&str> = run.split_whitespace().collect();
            let args = words.strip_prefix(&["cargo", "xtask"][..]);
            let args = args.unwrap_or_else(|| panic!("{}: `{run}` is no cargo xtask call", workflow.name));
            assert!(
                !run.contains(['$', '|', ';', '&', '\n']),
                "{}: `{run}` is more than one call",
                workflow.name
            );
            // clap reports an unknown command or flag before it prints help.
            let checked = Command::new(env!("CARGO_BIN_EXE_xtask"))
                .args(args)
                .arg("--help")
                .current_dir(repository())
                .output()
                .unwrap();
            assert!(
                checked.status.success(),
                "{}: `{run}`: {}",
                workflow.name,
                String::from_utf8_lossy(&checked.stderr)
            );
            if args[0] == "ci" {
                for job in args[1..].iter().filter(|word| !word.starts_with('-')) {
                    assert!(
                        known.lines().any(|line| line == *job),
                        "{}: there is no job {job}",
                        workflow.name
                    );
                }
            }
        }
    }
}

#[test]
fn every_required_job_is_run_under_its_own_name() {
    let workflows = workflows();
    let ci = workflows.iter().find(|workflow| workflow.name == "ci.yml").unwrap();
    let known = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["ci", "--list"])
        .current_dir(repository())
        .output()
        .unwrap();
    for job in String::from_utf8(known.stdout).unwrap().lines() {
        let (_, body) = jobs(ci)
            .into_iter()
            .find(|(name, _)| name == &job)
            .unwrap_or_else(|| panic!("ci.yml has no job {job}"));
        let call = format!("cargo xtask ci {job}");
        let runs = body["steps"].as_sequence().unwrap().iter().filter_map(|step| step["run"].as_str());
        assert!(runs.into_iter().any(|run| run == call), "ci.yml: job {job} does not run `{call}`");
    }
}

#[test]
fn permissions_are_minimal_and_runs_do_not_pile_up() {
    for workflow in workflows() {
        let name = &workflow.name;
        let permissions = &workflow.yaml["permissions"];
        let wide = permissions
            .as_mapping()
            .is_none_or(|map| map.values().any(|value| value.as_str() == Some("write")));
        assert!(!wide, "{name}: permissions must be listed at the top, and none of them write");
        assert!(workflow.yaml["concurrency"]["group"].is_string(), "{name}: no concurrency");
        for (job, body) in jobs(&workflow) {
            assert!(body["timeout-minutes"].is_number(), "{name}: job {job} has no timeout-minutes");
        }
        for step in steps(&workflow) {
            let checkout = step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@"));
            let kept = step["with"]["persist-credentials"].as_bool() != Some(false);
            assert!(!(checkout && kept), "{name}: the check-out leaves its token in .git/config");
        }
    }
}
