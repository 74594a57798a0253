//! `cargo xtask workflows` on this repository's own workflows, and on some that are not as they must be.
//! The rules themselves are tested one by one in `src/policy/workflows/tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;
use support::{Fixture, Ran, repository};

/// The binary in this repository.
fn here(args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args).current_dir(repository()).env_remove("GITHUB_ACTIONS");
    Ran::of(command.output().unwrap())
}

const BAD: &str = "name: Bad
on: push
jobs:
  check:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - run: cargo xtask ci --no-such-flag
";

fn with_bad_workflow() -> Fixture {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.path(".github/workflows")).unwrap();
    std::fs::write(fixture.path(".github/workflows/bad.yml"), BAD).unwrap();
    fixture
}

#[test]
fn the_repositorys_workflows_are_as_they_must_be() {
    let ran = here(&["workflows", "check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:#?}");
}

#[test]
fn the_repositorys_matrix_is_up_to_date() {
    here(&["workflows", "matrix", "--check"]).expect(0, &["up to date"]);
}

#[test]
fn findings_name_file_line_and_how_to_mend_them() {
    let fixture = with_bad_workflow();
    let ran = fixture.run(&["workflows", "check"]).expect(1, &["findings in"]);
    for text in [
        ".github/workflows/bad.yml:7: [pin] actions/checkout@v7 ",
        ".github/workflows/bad.yml:8: [call] `cargo xtask ci --no-such-flag`: unexpected argument '--no-such-flag'",
        "expected: ",
        "mend:     ",
        "[permissions]",
        "[concurrency]",
        "pipeline.yml:1: [orphan] no workflow runs the job policy",
    ] {
        assert!(ran.stdout.contains(text), "no {text:?} in {ran:#?}");
    }
    let ran = fixture.run(&["workflows", "check", "--json"]).expect(1, &[]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let pin = json["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "pin").unwrap();
    assert_eq!((&pin["file"], &pin["line"]), (&".github/workflows/bad.yml".into(), &7.into()));
    assert!(pin["what"].is_string() && pin["expected"].is_string() && pin["mend"].is_string(), "{pin}");
}

#[test]
fn github_shows_findings_beside_their_lines() {
    let fixture = with_bad_workflow();
    let output = fixture.xtask(&["workflows", "check"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    Ran::of(output)
        .expect(1, &["::error file=.github/workflows/bad.yml,line=7,title=pin::actions/checkout@v7"]);
}

#[test]
fn a_workflow_learns_the_gates_answer_without_failing() {
    let fixture = Fixture::new();
    let (event, output) = (fixture.path("event.json"), fixture.path("output"));
    let gate = |name: &str, run: &str| {
        std::fs::write(&event, run).unwrap();
        let mut command = fixture.xtask(&["gate", "--github-output", "--event-path"]);
        command.arg(&event).env("GITHUB_EVENT_NAME", name).env("GITHUB_OUTPUT", &output);
        command.env_remove("GITHUB_TOKEN");
        Ran::of(command.output().unwrap()).expect(0, &[]);
        std::fs::read_to_string(&output).unwrap()
    };
    assert_eq!(gate("workflow_run", "{}"), "publish=false\n");
    let green = |event: &str| {
        format!(
            r#"{{"workflow_run": {{"event": "{event}", "conclusion": "success", "status": "completed",
            "head_branch": "main", "head_sha": "{}", "path": ".github/workflows/ci.yml", "run_attempt": 1,
            "head_repository": {{"full_name": "o/r"}}, "repository": {{"full_name": "o/r"}}}},
            "repository": {{"full_name": "o/r", "default_branch": "main"}}}}"#,
            "a".repeat(40)
        )
    };
    assert_eq!(gate("workflow_run", &green("pull_request")), "publish=false\npublish=false\n");
    assert!(gate("workflow_run", &green("push")).ends_with("publish=true\n"));
    let mut outside = fixture.xtask(&["gate", "--github-output", "--event-path"]);
    outside
        .arg(&event)
        .env("GITHUB_EVENT_NAME", "workflow_run")
        .env_remove("GITHUB_OUTPUT")
        .env_remove("GITHUB_TOKEN");
    Ran::of(outside.output().unwrap()).expect(2, &["GITHUB_OUTPUT", "cargo xtask gate --json"]);
}

#[test]
fn a_repository_without_workflows_is_told_so() {
    Fixture::new().run(&["workflows", "check"]).expect(2, &["there are no workflows"]);
}

#[test]
fn the_matrix_is_written_compared_and_printed() {
    let fixture = with_bad_workflow();
    let check = ["workflows", "matrix", "--check"];
    fixture.run(&check).expect(1, &["docs/triggers.md", "cargo xtask workflows matrix --write"]);
    fixture.run(&["workflows", "matrix", "--write"]).expect(0, &["wrote docs/triggers.md"]);
    fixture.run(&check).expect(0, &["up to date"]);
    let printed = fixture.run(&["workflows", "matrix"]).expect(0, &[]).stdout;
    assert_eq!(std::fs::read_to_string(fixture.path("docs/triggers.md")).unwrap(), printed);
    let json = fixture.run(&["workflows", "matrix", "--json"]).expect(0, &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["triggers"][0]["event"], "push");
    std::fs::write(fixture.path(".github/workflows/bad.yml"), BAD.replace("push", "schedule")).unwrap();
    fixture.run(&check).expect(1, &["cargo xtask workflows matrix --write"]);
}
