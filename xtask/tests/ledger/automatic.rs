//! What commands post by themselves. None of them fails for want of a ledger.

use crate::server::Act;
use crate::support::Ran;
use crate::world::World;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// `ci frontend-quality` with programs of our own, which write down the environment that they get.
fn ci(world: &World) -> Command {
    let bin = world.fixture.path("target/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let environment = world.fixture.path("target/environment");
    let npm = format!("[ \"$1\" = --version ] && echo 11.0.0 || env > {}", environment.display());
    for (name, script) in [("node", "echo v22.1.0".to_owned()), ("npm", npm)] {
        let file = bin.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = world.xtask(&["ci", "frontend-quality"]);
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    command
}

#[test]
fn ci_posts_its_verdict_with_the_commit_and_says_what_else_is_left() {
    let world = World::with(2);
    let ran = Ran::of(ci(&world).output().unwrap());
    let ran =
        ran.expect(0, &["evidence: 2 recorded, 0 already there", "2 earlier in the spool", "ci passed"]);
    world.nothing_leaks(&ran);
    let environment = std::fs::read_to_string(world.fixture.path("target/environment")).unwrap();
    for variable in ["PORTBOOK_URL", "PORTBOOK_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        assert!(!environment.contains(variable), "a step that is not ours was told {variable}");
    }
    assert!(environment.contains("PATH="));
    let batch: Value = serde_json::from_str(&world.server.seen()[0].body).unwrap();
    let kinds: Vec<_> = batch["evidence"].as_array().unwrap().iter().map(|it| &it["claim"]["kind"]).collect();
    assert_eq!(kinds, ["commit", "ci_verdict"]);
    assert_eq!(world.unsent(), 2);
}

#[test]
fn without_a_ledger_nothing_is_said_and_everything_is_kept() {
    let world = World::with(0);
    let ran = Ran::of(ci(&world).env_remove("PORTBOOK_URL").output().unwrap()).expect(0, &["ci passed"]);
    assert!(!ran.stderr.contains("evidence"), "{ran:#?}");
    assert!(world.server.seen().is_empty());
    assert_eq!(world.unsent(), 1);
}

#[test]
fn a_ledger_that_is_away_or_refuses_is_a_warning() {
    let world = World::with(0);
    world.server.rule(|_, _| Act::Answer("503 Away", String::new()));
    let warning = "warning: evidence is in the spool and not at the ledger";
    let ran = Ran::of(ci(&world).output().unwrap());
    ran.expect(0, &[warning, "asked 4 times", "next: cargo xtask evidence push", "ci passed"]);
    let ran = Ran::of(ci(&world).env("PORTBOOK_TOKEN", "").output().unwrap());
    ran.expect(0, &[warning, "no credential", "; then cargo xtask evidence push"]);
    let ran = Ran::of(ci(&world).env("PORTBOOK_URL", "http://ledger.example").output().unwrap());
    ran.expect(0, &[warning, "by https alone"]);
    world.server.rule(|_, _| Act::Reject(|_| true));
    let ran = Ran::of(ci(&world).output().unwrap());
    ran.expect(
        0,
        &["warning: the ledger rejects evidence", "/claim/engine: expected another engine", "ci passed"],
    );
    world.server.rule(|_, _| Act::Record);
    world.push().expect(0, &["already there, 0 not posted"]);
}

#[test]
fn a_commit_that_is_not_on_the_default_branch_is_not_said_to_be() {
    let world = World::with(0);
    world.fixture.git(&["checkout", "--quiet", "-b", "topic"]);
    world.fixture.git(&["commit", "--quiet", "--allow-empty", "--message", "try"]);
    world.spool(1, "docker");
    world.push().expect(0, &["1 recorded"]);
}

#[test]
fn a_shallow_clone_tells_the_true_parents() {
    let world = World::with(0);
    let parent = world.fixture.git(&["rev-parse", "HEAD"]);
    world.fixture.git(&["commit", "--quiet", "--allow-empty", "--message", "second"]);
    let head = world.fixture.git(&["rev-parse", "HEAD"]);
    // What a clone of depth 1 writes: the commit's own parents are not looked at.
    std::fs::write(world.fixture.path(".git/shallow"), format!("{head}\n")).unwrap();
    assert_eq!(world.fixture.git(&["log", "--format=%P"]), "", "the clone is shallow");
    world.spool(1, "docker");
    world.push().expect(0, &["2 recorded"]);
    let batch: Value = serde_json::from_str(&world.server.seen()[0].body).unwrap();
    assert_eq!(batch["evidence"][0]["claim"]["parents"], serde_json::json!([parent]));
}
