//! What deploy.yml and promote.yml say to this program, and how a job reaches an engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use serde_yaml::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use support::{Fixture, Ran, repository};

fn workflow(name: &str) -> Value {
    let text = fs::read_to_string(repository().join(".github/workflows").join(name)).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The variables of the step that calls the program, with what they are made from.
fn variables(workflow: &Value, job: &str) -> Vec<(String, String)> {
    let steps = workflow["jobs"][job]["steps"].as_sequence().unwrap();
    let call = format!("cargo xtask {job}");
    let step = steps.iter().find(|step| step["run"].as_str() == Some(&call)).unwrap();
    let env = step["env"].as_mapping().unwrap();
    env.iter()
        .map(|(key, value)| (key.as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned()))
        .collect()
}

/// Runs the step's line with the variables that the workflow makes from these inputs.
fn called(fixture: &Fixture, file: &str, job: &str, inputs: &[(&str, &str)]) -> Ran {
    let mut command = fixture.xtask(&[job]);
    for (key, made) in variables(&workflow(file), job) {
        let from = inputs.iter().find(|(name, _)| made.contains(&format!("inputs.{name} ")));
        command.env(key, from.map_or("", |(_, value)| value));
    }
    Ran::of(command.output().unwrap())
}

#[test]
fn every_variable_is_an_option_of_the_command() {
    for (file, job) in [("deploy.yml", "deploy"), ("promote.yml", "promote")] {
        let help = Fixture::new().run(&[job, "--help"]).expect(0, &[]).stdout;
        let prefix = format!("PORTBOOK_{}_", job.to_uppercase());
        let own = variables(&workflow(file), job).into_iter().filter(|(key, _)| key.starts_with(&prefix));
        let names: Vec<String> =
            own.map(|(key, _)| key[prefix.len()..].to_lowercase().replace('_', "-")).collect();
        assert!(names.len() >= 2, "{names:?}");
        for name in names {
            assert!(help.contains(&format!("--{name} ")), "{file} sets what is no option: --{name}");
        }
    }
}

#[test]
fn production_refuses_a_tag_that_moves_whoever_types_it() {
    let fixture = Fixture::new();
    for tag in ["latest", "staging-latest", "v1", "v1.2"] {
        let ran = called(&fixture, "deploy.yml", "deploy", &[("environment", "prod"), ("tag", tag)]);
        ran.expect(3, &["prod takes no tag that can move"]);
    }
}

#[test]
fn inputs_are_arguments_and_nothing_else() {
    let fixture = Fixture::new();
    let deploy = |inputs: &[(&str, &str)]| called(&fixture, "deploy.yml", "deploy", inputs);
    deploy(&[("environment", "prod")]).expect(2, &["--tag"]);
    deploy(&[("environment", "prod"), ("tag", "v1.2.3"), ("digest", "sha256:00")]).expect(2, &["--digest"]);
    deploy(&[("environment", "prod"), ("tag", "--dry-run")]).expect(2, &["--dry-run"]);
    deploy(&[("environment", "nowhere"), ("tag", "v1.2.3")]).expect(2, &["no environment nowhere"]);
    deploy(&[("environment", "prod"), ("tag", "v1.2.3"), ("break_glass", "x")]).expect(2, &["reason"]);
    let promote = |inputs: &[(&str, &str)]| called(&fixture, "promote.yml", "promote", inputs);
    promote(&[("environment", "prod"), ("sha", "main")]).expect(2, &["--sha"]);
}

#[test]
fn the_workflows_know_the_environments() {
    let text = fs::read_to_string(repository().join("pipeline.yml")).unwrap();
    let pipeline: Value = serde_yaml::from_str(&text).unwrap();
    let environments = pipeline["environments"].as_mapping().unwrap();
    let names: Vec<&str> = environments.keys().map(|name| name.as_str().unwrap()).collect();
    let follows = |what: &str| {
        environments.iter().find(|(_, settings)| settings["follows"].as_str() == Some(what)).unwrap().0
    };
    let deploy = workflow("deploy.yml");
    let options = |workflow: &Value| {
        let options = &workflow["on"]["workflow_dispatch"]["inputs"]["environment"]["options"];
        options.as_sequence().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(options(&deploy), names);
    let [promotable, all] = [options(&workflow("promote.yml")), options(&deploy)];
    assert!(promotable.iter().all(|name| all.contains(name)));
    // What a push to the branch goes to, and what follows the default branch.
    let staging = follows("deploy").as_str().unwrap();
    let fallen_back_on = format!("${{{{ inputs.environment || '{staging}' }}}}");
    assert_eq!(deploy["on"]["push"]["branches"][0], "deploy");
    assert_eq!(deploy["jobs"]["deploy"]["environment"].as_str(), Some(fallen_back_on.as_str()));
    assert_eq!(deploy["concurrency"]["group"].as_str(), Some(&*format!("environment-{fallen_back_on}")));
    assert_eq!(workflow("publish.yml")["jobs"]["dev"]["with"]["environment"], *follows("default"));
}

/// Runs the engine action's script; its runner's folder, and what it printed.
fn engine(host: &str, key: &str, known: &str) -> (tempfile::TempDir, Ran) {
    let runner = tempfile::tempdir().unwrap();
    fs::write(runner.path().join("path"), "").unwrap();
    let script = repository().join(".github/actions/engine/ssh.sh");
    let output = Command::new(script)
        .env("RUNNER_TEMP", runner.path())
        .env("GITHUB_PATH", runner.path().join("path"))
        .envs([("ENGINE", host), ("KEY", key), ("KNOWN_HOSTS", known)])
        .output()
        .unwrap();
    (runner, Ran::of(output))
}

const KEY: &str = "-----BEGIN-----\r\nc2VjcmV0\r\n-----END-----";
const HOST_KEY: &str =
    "host.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake";

#[test]
fn the_engines_key_is_in_a_file_that_nobody_else_reads_and_nowhere_else() {
    let (runner, ran) = engine("ssh://deploy@host.example", KEY, HOST_KEY);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""), "{ran:#?}");
    let here = |name: &str| runner.path().join("engine").join(name);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(fs::read_to_string(here("key")).unwrap(), "-----BEGIN-----\nc2VjcmV0\n-----END-----\n");
    assert_eq!((mode(&here("key")), mode(&here("")), mode(&here("bin/ssh"))), (0o600, 0o700, 0o700));
    for name in ["config", "bin/ssh", "known_hosts"] {
        assert!(!fs::read_to_string(here(name)).unwrap().contains("c2VjcmV0"), "{name}");
    }
    assert_eq!(
        fs::read_to_string(runner.path().join("path")).unwrap(),
        format!("{}\n", here("bin").display())
    );
    // What ssh itself makes of it.
    let output = Command::new(here("bin/ssh")).args(["-G", "deploy@host.example"]).output();
    let settings = Ran::of(output.unwrap()).expect(0, &[]).stdout.to_lowercase();
    for setting in ["stricthostkeychecking true", "batchmode yes", "identitiesonly yes", "identityagent none"]
    {
        assert!(settings.lines().any(|line| line == setting), "no {setting:?} in {settings}");
    }
    for (name, file) in [("identityfile", "key"), ("userknownhostsfile", "known_hosts")] {
        let expected = format!("{name} {}", here(file).display()).to_lowercase();
        assert!(settings.lines().any(|line| line == expected), "no {expected:?} in {settings}");
    }
}

#[test]
fn an_engine_by_ssh_needs_a_key_and_a_pinned_host_key() {
    for (key, known, lack) in [("", HOST_KEY, "DEPLOY_SSH_KEY"), (KEY, "", "DEPLOY_KNOWN_HOSTS")] {
        let (runner, ran) = engine("ssh://deploy@host.example", key, known);
        assert_eq!(ran.code, Some(1), "{ran:#?}");
        assert!(ran.stdout.contains(lack) && !ran.stdout.contains("c2VjcmV0"), "{ran:#?}");
        assert!(!runner.path().join("engine").exists());
    }
    for host in ["", "unix:///var/run/docker.sock"] {
        let (runner, ran) = engine(host, KEY, HOST_KEY);
        assert_eq!(ran.code, Some(0), "{ran:#?}");
        assert!(!runner.path().join("engine").exists(), "nothing is written that nobody needs");
    }
}
