//! Workflow jobs that need no service of GitHub's, run as GitHub would run them: by act, on this machine, with what
//! other people's actions do replaced by the little that matters here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use support::repository;
use xtask::context::Stop;
use xtask::process::Spawn;

/// What a job gets, on a machine that has other work.
const BOUND: Duration = Duration::from_secs(170);

/// What every check returns: a panic is a failure, and nothing else is.
type Checked = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let lack = lack();
    let required = std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    let trial = |name: &str, run: fn() -> Checked| match &lack {
        // Said in the test's own line, and counted as ignored.
        Some(lack) if !required => {
            Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true)
        }
        _ => Trial::test(name, run),
    };
    let trials = vec![
        trial("policy_runs_and_the_program_is_compiled_once", || runs("policy")),
        trial("frontend_quality_runs_and_the_program_is_compiled_once", || runs("frontend-quality")),
        trial("a_moving_tag_typed_into_deploy_is_refused_for_production", refuses_a_moving_tag),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn act() -> PathBuf {
    repository().join("target/xtask/linters/python/bin/act")
}

fn lack() -> Option<String> {
    let answers = |program: &str, args: &[&str]| {
        Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
    };
    let lacking = if !act().is_file() {
        "act is not here; cargo xtask doctor --fix --only linters"
    } else if !answers("node", &["--version"]) {
        "node does not run; cargo xtask doctor"
    } else if !answers("cargo-deny", &["--version"]) {
        "cargo-deny does not run; cargo xtask doctor --fix --only cargo-deny"
    } else {
        return None;
    };
    Some(lacking.to_owned())
}

/// A job of ci.yml, and what it needs.
fn runs(job: &str) -> Checked {
    let acted = acted(&["push", "--workflows", ".github/workflows/ci.yml", "--job", job]);
    let said = &acted.said;
    assert_eq!(acted.code, Some(0), "{said}");
    assert!(said.contains(&format!("ci passed: {job}")), "{said}");
    assert_eq!(
        acted.builds, "build --locked --package xtask\n",
        "it is compiled by the first job, and taken from the cache by the second: {said}"
    );
    Ok(())
}

/// Somebody types `latest` into the form of deploy.yml.
fn refuses_a_moving_tag() -> Checked {
    let file = ["--workflows", ".github/workflows/deploy.yml", "--job", "deploy"];
    let typed = ["--input", "environment=prod", "--input", "tag=latest"];
    let acted = acted(&[&["workflow_dispatch"], &file[..], &typed].concat());
    let said = &acted.said;
    assert_eq!(acted.code, Some(1), "{said}");
    assert!(said.contains("prod takes no tag that can move, and latest can"), "{said}");
    assert!(said.contains("exit status 3"), "refused, and nothing else: {said}");
    Ok(())
}

/// What came of a workflow's job.
struct Acted {
    code: Option<i32>,
    said: String,
    /// The calls of `cargo build`.
    builds: String,
}

/// Runs act with these arguments in a copy of this work tree.
fn acted(call: &[&str]) -> Acted {
    let dir = tempfile::tempdir().unwrap();
    let here = |name: &str| dir.path().join(name);
    let tree = here("tree");
    copy_tree(&tree);
    let builds = here("builds");
    fs::write(&builds, "").unwrap();
    let bin = cargo_that_counts(&here("bin"));
    let path = std::env::join_paths(
        [bin].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();

    let mut args: Vec<String> = call
        .iter()
        .copied()
        // No container: the job's lines run here, in a folder of act's own.
        .chain(["--platform", "ubuntu-24.04=-self-hosted", "--pull=false", "--no-cache-server"])
        .map(str::to_owned)
        .collect();
    let text = |path: &Path| path.display().to_string();
    args.extend(["--action-cache-path".to_owned(), text(&here("act"))]);
    for (action, stand_in) in stand_ins(&tree, &here("actions")) {
        args.extend(["--local-repository".to_owned(), format!("{action}={}", stand_in.display())]);
    }
    for (key, value) in [
        ("PATH", path.to_str().unwrap().to_owned()),
        ("XDG_CACHE_HOME", text(&here("cache"))),
        ("STAND_IN_STORE", text(&here("store"))),
        ("STAND_IN_LINTERS", text(&repository().join("target/xtask/linters"))),
        ("STAND_IN_BUILDS", text(&builds)),
        ("STAND_IN_XTASK", env!("CARGO_BIN_EXE_xtask").to_owned()),
    ] {
        args.extend(["--env".to_owned(), format!("{key}={value}")]);
    }
    // Without what is said to the tests that this one runs among, and to a workflow that those may run in.
    let of_others = [
        "CARGO_TARGET_DIR",
        "CARGO_ALIAS_",
        "GITHUB_",
        "RUNNER_",
        "ACTIONS_",
        "INPUT_",
        "STATE_",
        "PORTBOOK_",
    ];
    let mut env: BTreeMap<String, String> =
        std::env::vars().filter(|(key, _)| !of_others.iter().any(|other| key.starts_with(other))).collect();
    env.insert("PATH".to_owned(), path.to_str().unwrap().to_owned());
    let spawn = Spawn { program: act().into(), args, dir: tree, env };
    let log = here("log");
    let began = Instant::now();
    let in_time = || match began.elapsed() < BOUND {
        true => Ok(()),
        false => Err(anyhow::anyhow!("not done after {BOUND:?}")),
    };
    // What is dropped before it has ended is killed, with everything that it started.
    let code = spawn.start(&log).unwrap().wait(&Stop::default(), in_time);
    let said = fs::read_to_string(&log).unwrap();
    let code = code.unwrap_or_else(|error| panic!("{error:#}: {said}"));
    Acted { code, said, builds: fs::read_to_string(&builds).unwrap() }
}

/// The files that git knows or would take, committed, so that what is not committed here is tried too.
fn copy_tree(to: &Path) {
    let root = repository();
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .unwrap();
    for name in String::from_utf8(output.stdout).unwrap().split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), to.join(name));
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        }
    }
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(identity).args(args).current_dir(to).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "a copy"]);
}

/// A `cargo` that is the real one, but for `build`: there it writes the call down and takes what is compiled already.
fn cargo_that_counts(dir: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|dir| dir.join("cargo")).find(|file| file.is_file()).unwrap();
    fs::create_dir_all(dir).unwrap();
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = build ] || exec '{}' \"$@\"\n\
         echo \"$*\" >> \"$STAND_IN_BUILDS\"\n\
         mkdir -p target/debug && cp \"$STAND_IN_XTASK\" target/debug/xtask\n",
        real.display()
    );
    fs::write(dir.join("cargo"), script).unwrap();
    fs::set_permissions(dir.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    dir.to_path_buf()
}

/// A stand-in for every action of other people that the workflows name, each with its `owner/name@pin`.
fn stand_ins(tree: &Path, into: &Path) -> Vec<(String, PathBuf)> {
    let mut named = BTreeSet::new();
    for folder in [".github/workflows", ".github/actions/xtask", ".github/actions/keep"] {
        for entry in fs::read_dir(tree.join(folder)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let uses = text.lines().filter_map(|line| line.split_once("uses: ")?.1.split_whitespace().next());
            named.extend(uses.filter(|uses| !uses.starts_with('.')).map(str::to_owned));
        }
    }
    let stand_in = |action: String| {
        let folder = into.join(action.replace(['/', '@'], "-"));
        fs::create_dir_all(&folder).unwrap();
        let (definition, script) = match action.split('@').next().unwrap() {
            "actions/checkout" => (CHECKOUT, ""),
            "actions/cache" => (CACHE, CACHE_SCRIPT),
            _ => (NOTHING, ""),
        };
        fs::write(folder.join("action.yml"), definition).unwrap();
        fs::write(folder.join("index.js"), script).unwrap();
        (action, folder)
    };
    named.into_iter().map(stand_in).collect()
}

/// act has put the files there; the linters are this machine's, so that nothing is brought from anywhere.
const CHECKOUT: &str = r#"
name: check-out
description: a stand-in
runs:
  using: composite
  steps:
    - shell: sh
      run: test -f pipeline.yml && mkdir -p target/xtask && ln -s "$STAND_IN_LINTERS" target/xtask/linters
"#;

const NOTHING: &str = "
name: nothing
description: a stand-in
runs:
  using: composite
  steps:
    - shell: sh
      run: 'true'
";

const CACHE: &str = "
name: cache
description: a stand-in that keeps its promise
inputs:
  key: { description: the key, required: true }
  path: { description: what is kept, required: true }
runs:
  using: node20
  main: index.js
  post: index.js
";

/// Brings the folder of the key, and after the job keeps it where there was none.
const CACHE_SCRIPT: &str = r#"
const fs = require('node:fs');
const kept = `${process.env.STAND_IN_STORE}/${process.env.INPUT_KEY}`;
const path = process.env.INPUT_PATH;
if (process.env.STATE_main === 'done') {
  if (!fs.existsSync(kept)) fs.cpSync(path, kept, { recursive: true });
} else {
  fs.appendFileSync(process.env.GITHUB_STATE, 'main=done\n');
  if (fs.existsSync(kept)) fs.cpSync(kept, path, { recursive: true });
}
"#;
