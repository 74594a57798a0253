//! What a person types and gets: answers, errors, exit codes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use expect_test::expect;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Fixture, Ran};

/// Nothing can ever answer there.
const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nonexistent/docker.sock");

#[test]
fn every_command_has_help_with_examples() {
    let fixture = Fixture::new();
    let help = fixture.run(&["--help"]).expect(0, &[]).stdout;
    for command in [
        "ci",
        "test",
        "smoke",
        "build-image",
        "compose-image-mode",
        "tags",
        "gate",
        "workflows",
        "doctor",
        "evidence",
        "fuzz",
        "completions",
    ] {
        assert!(help.contains(command), "{command} is not listed");
        let own = fixture.run(&[command, "--help"]).expect(0, &[]).stdout;
        assert!(own.contains("Examples:"), "{command} --help has no examples");
    }
}

#[test]
fn completions_are_shell_text() {
    let fixture = Fixture::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = fixture.run(&["completions", shell]).expect(0, &[]).stdout;
        assert!(script.contains("compose-image-mode"), "{shell}");
    }
}

#[test]
fn the_plan_of_ci() {
    let fixture = Fixture::new();
    // So that no tool of this machine changes the plan.
    let path = path_with_git_alone(&fixture);
    let ran = Ran::of(fixture.xtask(&["ci", "--dry-run"]).env("PATH", path).output().unwrap()).expect(0, &[]);
    expect![[r#"
        # backend-quality
        cargo fmt --all --check
        cargo clippy --workspace --all-targets --locked -- -D warnings
        cargo test --locked --package evidence --package portbook
        cargo llvm-cov --locked --package evidence --package portbook --summary-only --fail-under-lines 88
        cargo test --locked --package xtask
        # frontend-quality
        (cd frontend && npm ci --no-audit --no-fund)
        (cd frontend && npm run lint)
        (cd frontend && npm run typecheck)
        (cd frontend && npm run gen:api:check)
        (cd frontend && npm test)
        (cd frontend && npm run build)
        # image
        cargo xtask build-image --output target/xtask/artefact
        # smoke-e2e
        cargo xtask smoke --artefact target/xtask/artefact --e2e
        # policy
        docker compose --file docker-compose.dev.yml config --quiet
        IMAGE_TAG=sha-0000000 docker compose --file docker-compose.dev.yml config --quiet
        IMAGE_TAG=sha-0000000 docker compose --file docker/compose.core.yml config --quiet
        DATABASE_PASSWORD_FILE=/etc/portbook/password DATABASE_URL=postgres://portbook@db.example.org/portbook IMAGE_TAG=sha-0000000 docker compose --file docker/compose.workers.yml config --quiet
        cargo xtask workflows check
        cargo xtask workflows matrix --check
        cargo xtask migrations check
        node xtask/linters/actionlint.mjs
        target/xtask/linters/python/bin/zizmor --offline --strict-collection .github
        sh -ec 'git ls-files -z '\''*.sh'\'' .ci/run | xargs -0 target/xtask/linters/python/bin/shellcheck --external-sources'
        cargo deny --offline --all-features check bans licenses sources
        cargo deny --all-features check advisories
    "#]]
    .assert_eq(&ran.stdout);
    let syntax = Command::new("sh").args(["-n", "-c", &ran.stdout]).status().unwrap();
    assert!(syntax.success(), "the plan is no shell text");
}

#[test]
fn a_dirty_tree_is_built_at_home_and_refused_on_ci() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("new"), "x").unwrap();
    let plan = |ci: &str| {
        let output = fixture.xtask(&["ci", "image", "--dry-run"]).env("CI", ci).output().unwrap();
        Ran::of(output).expect(0, &[]).stdout
    };
    assert!(plan("").contains("--allow-dirty"));
    assert!(!plan("true").contains("--allow-dirty"));
}

#[test]
fn jobs_are_listed_chosen_and_misspelt() {
    let fixture = Fixture::new();
    let list = fixture.run(&["ci", "--list"]).expect(0, &[]).stdout;
    assert_eq!(list, "backend-quality\nfrontend-quality\nimage\nsmoke-e2e\npolicy\n");
    let plan = fixture.run(&["ci", "policy", "--dry-run"]).expect(0, &[]).stdout;
    assert!(plan.starts_with("# policy\n") && !plan.contains("# image"), "{plan}");
    fixture
        .run(&["ci", "backend-qualty"])
        .expect(2, &["did you mean backend-quality?", "cargo xtask ci --list"]);
    fixture.run(&["smoek"]).expect(2, &["smoke"]);
    fixture.run(&["ci", "--no-such-flag"]).expect(2, &["--no-such-flag"]);
}

#[test]
fn affected_jobs_follow_the_changed_paths() {
    let fixture = Fixture::new();
    fixture.git(&["checkout", "--quiet", "-b", "topic"]);
    fixture.run(&["ci", "--affected", "--dry-run"]).expect(0, &["no job"]);
    std::fs::write(fixture.path("frontend/new.ts"), "x").unwrap();
    let plan = fixture.run(&["ci", "--affected", "--dry-run"]).expect(0, &[]).stdout;
    assert!(plan.contains("# frontend-quality") && !plan.contains("# backend-quality"), "{plan}");
    std::fs::create_dir(fixture.path("unheard-of")).unwrap();
    std::fs::write(fixture.path("unheard-of/x"), "x").unwrap();
    let plan = fixture.run(&["ci", "--affected", "--dry-run"]).expect(0, &[]).stdout;
    assert!(plan.contains("# backend-quality"), "{plan}");
    fixture.run(&["ci", "--affected", "--base", "no-such-rev"]).expect(2, &["no-such-rev"]);
}

#[test]
fn outside_a_repository_it_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["ci"]).current_dir(dir.path()).output().unwrap();
    Ran::of(output).expect(2, &["pipeline.yml"]);
    let fixture = Fixture::new();
    std::fs::remove_dir_all(fixture.path(".git")).unwrap();
    fixture.run(&["ci", "--dry-run"]).expect(2, &["git repository", "git init"]);
    fixture.run(&["smoke"]).expect(2, &["git repository"]);
}

#[test]
fn without_an_engine_the_missing_is_named_and_never_green() {
    let fixture = Fixture::new();
    let ci =
        Ran::of(fixture.xtask(&["ci", "image", "--json"]).env(NO_ENGINE.0, NO_ENGINE.1).output().unwrap())
            .expect(
                4,
                &["no Docker engine answers", "cargo xtask doctor --fix", "ci is NOT COMPLETE", "image"],
            );
    let report: serde_json::Value = serde_json::from_str(&ci.stdout).unwrap();
    assert_eq!(report["jobs"][0]["name"], "image");
    assert_eq!(report["jobs"][0]["outcome"], "missing");
    assert!(report["jobs"][0]["steps"][0]["seconds"].is_number());
    for args in [&["build-image"][..], &["smoke", "--engine", "docker"], &["test", "--require-engine"]] {
        Ran::of(fixture.xtask(args).env(NO_ENGINE.0, NO_ENGINE.1).output().unwrap())
            .expect(4, &["no Docker engine answers", "cargo xtask doctor --fix"]);
    }
}

#[test]
fn malformed_tags_digests_and_references_are_named() {
    let fixture = Fixture::new();
    for (args, word) in [
        (&["compose-image-mode", "on", "--tag", "v1+2"][..], "not a tag"),
        (&["smoke", "--image", "Portbook:x"], "not an image reference"),
        (&["smoke", "--image", "portbook@sha256:12"], "not a digest"),
        (&["build-image", "--platform", "amd64"], "linux/arm64"),
        (&["build-image", "--platform", "linux/s390x"], "linux/arm/v7 or all"),
        (&["build-image", "--platform", "all", "--target", "backend"], "leave out --platform"),
        (&["smoke", "--artefact", "no-such-folder"], "index.json"),
        (&["smoke", "--port", "70000"], "70000"),
    ] {
        let ran = fixture.run(args);
        assert!(matches!(ran.code, Some(2 | 4)), "{ran:#?}");
        assert!(ran.stderr.contains(word) || ran.code == Some(4), "{ran:#?}");
    }
}

#[test]
fn an_artefact_is_refused_from_a_dirty_tree_and_never_replaces_something_else() {
    let fixture = Fixture::new();
    fixture.run(&["build-image", "--output", "."]).expect(2, &["repository"]);
    fixture.run(&["build-image", "--output", "docker"]).expect(2, &["nothing was replaced"]);
    assert!(fixture.path("docker/compose.app.yml").exists());
    std::fs::write(fixture.path("new"), "x").unwrap();
    fixture.run(&["build-image", "--output", "target/artefact"]).expect(3, &["git commit", "--allow-dirty"]);
}

/// Puts programs of our own first on the PATH: what they do stands in for a project's own tools.
fn with_programs(fixture: &Fixture, programs: &[(&str, &str)]) -> String {
    let bin = fixture.path("target/bin");
    std::fs::create_dir_all(&bin).unwrap();
    for (name, script) in programs {
        let file = bin.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

fn path_with_git_alone(fixture: &Fixture) -> String {
    let git = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|dir| dir.join("git"))
        .find(|file| file.is_file())
        .unwrap();
    let path = with_programs(fixture, &[("git", &format!("exec {} \"$@\"", git.display()))]);
    path.split(':').next().unwrap().to_owned()
}

#[test]
fn a_missing_node_is_named_with_what_brings_it() {
    let fixture = Fixture::new();
    let path = path_with_git_alone(&fixture);
    let run = |args: &[&str]| Ran::of(fixture.xtask(args).env("PATH", &path).output().unwrap());
    run(&["test", "frontend"]).expect(4, &["node is not on the PATH", "20.19", "cargo xtask doctor"]);
    let old = with_programs(&fixture, &[("node", "echo v18.20.0")]);
    let ran = Ran::of(fixture.xtask(&["test", "frontend"]).env("PATH", old).output().unwrap());
    ran.expect(4, &["node is v18.20.0, expected 20.19 or newer"]);
}

#[test]
fn a_failing_step_shows_its_output_its_hint_and_where_the_rest_stands() {
    let fixture = Fixture::new();
    let npm = "case \"$1\" in --version) echo 11.0.0;; ci) ;; test) echo '      Tests  1 failed | 2 passed (3)'; echo the reason >&2; exit 1;; esac";
    let path = with_programs(&fixture, &[("node", "echo v22.1.0"), ("npm", npm)]);
    let run = |args: &[&str]| Ran::of(fixture.xtask(args).env("PATH", &path).output().unwrap());
    let ran = run(&["test", "frontend", "--json"]).expect(
        1,
        &[
            "the reason",
            "again: (cd frontend && npm test)",
            "target/xtask/logs/test/frontend.test.log",
            "2 passed, 1 failed, 0 skipped",
        ],
    );
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["tests"]["failed"], 1);
    let junit = std::fs::read_to_string(fixture.path("target/xtask/reports/test.junit.xml")).unwrap();
    assert!(junit.contains("failures=\"1\"") && junit.contains("the reason"), "{junit}");
    assert!(!ran.stderr.contains("\u{1b}["), "colour without a terminal");
}

#[test]
fn on_github_there_are_groups_annotations_and_a_summary_page() {
    let fixture = Fixture::new();
    let path = with_programs(
        &fixture,
        &[
            ("node", "echo v22.1.0"),
            ("npm", "[ \"$1\" = --version ] && echo 11.0.0 || { echo boom; exit 3; }"),
        ],
    );
    let summary = fixture.path("target/summary.md");
    let output = fixture
        .xtask(&["test", "frontend"])
        .env("PATH", &path)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    Ran::of(output).expect(
        1,
        &["::group::frontend/install (failed)", "boom", "::endgroup::", "::error title=frontend/install::"],
    );
    let page = std::fs::read_to_string(&summary).unwrap();
    assert!(page.contains("| frontend/install | failed |"), "{page}");
}

#[test]
fn every_fuzz_target_is_declared_and_has_something_to_begin_with() {
    let root = support::repository();
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["fuzz", "--list"]).current_dir(&root).output();
    let list = Ran::of(output.unwrap()).expect(0, &[]).stdout;
    let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    assert_eq!(list.lines().count(), manifest.matches("[[bin]]").count());
    for target in list.lines() {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")),
            "{target} is not declared"
        );
        let seeds = std::fs::read_dir(root.join("fuzz/seeds").join(target)).unwrap();
        assert!(seeds.count() > 0, "{target} has no seeds");
    }
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.path("fuzz/fuzz_targets")).unwrap();
    std::fs::write(fixture.path("fuzz/fuzz_targets/webhook.rs"), "").unwrap();
    fixture.run(&["fuzz", "webhok"]).expect(2, &["did you mean webhook?"]);
    let path = path_with_git_alone(&fixture);
    let ran = Ran::of(fixture.xtask(&["fuzz"]).env("PATH", path).output().unwrap());
    ran.expect(4, &["cargo-fuzz is not on the PATH", "cargo xtask doctor --fix --only cargo-fuzz"]);
}

#[test]
fn what_passed_is_not_run_again_until_its_inputs_change() {
    let fixture = Fixture::new();
    let npm = "[ \"$1\" = --version ] && echo 11.0.0 || echo \"$@\" >> \"$CALLS\"";
    let path = with_programs(&fixture, &[("node", "echo v22.1.0"), ("npm", npm)]);
    let calls = fixture.path("target/calls");
    let ci = |args: &[&str]| {
        let _ = std::fs::remove_file(&calls);
        let output = fixture.xtask(args).env("PATH", &path).env("CALLS", &calls).output().unwrap();
        Ran::of(output).expect(0, &[]);
        let mut lines: Vec<String> =
            std::fs::read_to_string(&calls).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let all = ci(&["ci", "frontend-quality"]);
    assert_eq!(all.len(), 6, "{all:?}");
    // What makes files is run every time; what only judges them is not.
    let again = ci(&["ci", "frontend-quality"]);
    assert_eq!(again, ["ci --no-audit --no-fund", "run build", "test"]);
    assert_eq!(ci(&["ci", "frontend-quality", "--fresh"]), all);
    std::fs::write(fixture.path("frontend/new.ts"), "changed").unwrap();
    assert_eq!(ci(&["ci", "frontend-quality"]), all);
}

#[test]
fn a_test_runs_whenever_it_is_asked_for_and_ci_believes_it_where_nothing_was_skipped() {
    let fixture = Fixture::new();
    let cargo = "echo \"$@\" >> \"$CALLS\"; echo \"test result: ok. 3 passed; 0 failed; $IGNORED ignored\"";
    let path = with_programs(&fixture, &[("cargo", cargo)]);
    let calls = fixture.path("target/calls");
    let ran = |args: &[&str], ignored: &str| {
        let _ = std::fs::remove_file(&calls);
        let mut xtask = fixture.xtask(args);
        xtask.env("PATH", &path).env("CALLS", &calls).env("IGNORED", ignored).output().unwrap();
        let lines = std::fs::read_to_string(&calls).unwrap();
        lines.lines().filter(|line| *line == "test --locked --package xtask").count()
    };
    let (test, ci) = (["test", "pipeline"], ["ci", "backend-quality", "--keep-going"]);
    assert_eq!([ran(&test, "0"), ran(&test, "0"), ran(&ci, "0")], [1, 1, 0]);
    std::fs::write(fixture.path("new.md"), "changed").unwrap();
    assert_eq!([ran(&test, "1"), ran(&ci, "1")], [1, 1]);
}

#[test]
fn ctrl_c_stops_what_was_started_and_exits_130() {
    let fixture = Fixture::new();
    let npm = "[ \"$1\" = --version ] && { echo 11.0.0; exit; }; sleep 600 & echo $! > \"$PIDFILE\"; wait";
    let path = with_programs(&fixture, &[("node", "echo v22.1.0"), ("npm", npm)]);
    let pid_file = fixture.path("target/pid");
    let mut child = fixture
        .xtask(&["test", "frontend"])
        .env("PATH", &path)
        .env("PIDFILE", &pid_file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let grandchild = loop {
        match std::fs::read_to_string(&pid_file) {
            Ok(text) if text.ends_with('\n') => break text.trim().to_owned(),
            _ => assert!(Instant::now() < deadline, "npm was not started"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let alive =
        || Command::new("kill").args(["-0", &grandchild]).stderr(Stdio::null()).status().unwrap().success();
    while alive() {
        assert!(Instant::now() < deadline, "what npm started lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_disk_that_cannot_be_written_is_named() {
    let fixture = Fixture::new();
    std::fs::write(fixture.path("target"), "a file where a folder should be").unwrap();
    fixture.run(&["test", "frontend"]).expect(1, &["cannot make", "target/xtask"]);
}

/// Answers every request as an engine of this version does, until the test ends. One request to a connection, and no body
/// where only the head was asked for: a client that finds more on an idle connection drops what it asked next.
fn engine_of_version(version: &'static str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let asked = lines.next().and_then(Result::ok).unwrap_or_default();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let body = format!("{{\"ServerVersion\":\"{version}\",\"ApiVersion\":\"1.41\"}}");
                let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nConnection: close";
                let shown = if asked.starts_with("HEAD") { "" } else { body.as_str() };
                // A client that has heard enough may be gone.
                let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{shown}", body.len());
            });
        }
    });
    format!("tcp://{address}")
}

#[test]
fn an_engine_that_is_too_old_is_named_with_what_was_expected() {
    let fixture = Fixture::new();
    let host = engine_of_version("20.10.24");
    let run = |args: &[&str]| Ran::of(fixture.xtask(args).env("DOCKER_HOST", &host).output().unwrap());
    run(&["build-image"]).expect(4, &["the Docker engine is 20.10.24, expected 23 or newer", "doctor --fix"]);
    let doctor = run(&["doctor", "--only", "engine"]);
    assert_eq!(doctor.code, Some(4), "{doctor:#?}");
    assert!(doctor.stdout.contains("20.10.24"), "{doctor:#?}");
}
