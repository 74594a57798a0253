//! The two modes of docker-compose.dev.yml, asked of Compose itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, ExitCode};
use support::{Fixture, Ran};

/// What every check returns: a panic is a failure, and nothing else is.
type Checked = Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let lack = lack_of("compose").map(|lack| format!("{lack}; cargo xtask doctor --fix"));
    let engine =
        lack.clone().or_else(|| lack_of("info").map(|lack| format!("{lack}; cargo xtask doctor --fix")));
    let required = std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    let trial = |name: &str, lack: Option<&String>, run: fn() -> Checked| {
        let trial = Trial::test(name, run);
        match lack {
            // Said in the test's own line, and counted as ignored.
            Some(lack) if !required => {
                Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true)
            }
            _ => trial,
        }
    };
    let (compose, engine) = (lack.as_ref(), engine.as_ref());
    let trials = vec![
        trial("off_gives_back_every_byte", None, off_gives_back_every_byte),
        trial("on_refuses_what_would_win_over_it", None, on_refuses_what_would_win_over_it),
        trial("status_follows_composes_own_order", None, status_follows_composes_own_order),
        trial("build_mode_builds_the_application", compose, build_mode_builds_the_application),
        trial("image_mode_cannot_build", compose, image_mode_cannot_build),
        trial("the_variable_alone_is_enough", compose, the_variable_alone_is_enough),
        trial("a_tag_that_does_not_exist_fails", engine, a_tag_that_does_not_exist_fails),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Docker as xtask itself finds it: the engine's own programs first where `docker/airgap` has put some.
fn docker() -> Command {
    let mut command = Command::new("docker");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("/opt/portbook-engine/bin:{path}"));
    for key in ["IMAGE_TAG", "IMAGE_REGISTRY", "IMAGE_REPO"] {
        command.env_remove(key);
    }
    command
}

fn lack_of(sub_command: &str) -> Option<String> {
    let args: &[&str] = if sub_command == "info" { &["info"] } else { &[sub_command, "version"] };
    let ran = docker().args(args).output();
    let fine = ran.is_ok_and(|output| output.status.success());
    (!fine).then(|| format!("docker {} does not answer", args.join(" ")))
}

/// The services of `docker compose config`, in this fixture.
fn config(fixture: &Fixture, env: &[(&str, &str)]) -> serde_json::Value {
    let output = docker()
        .args(["compose", "--file", "docker-compose.dev.yml", "config", "--format", "json"])
        .envs(env.iter().copied())
        .current_dir(fixture.path(""))
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let config: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    config["services"].clone()
}

const APP: [&str; 3] = ["migrate", "backend", "worker"];

fn all_build(services: &serde_json::Value) {
    for name in APP {
        assert!(services[name]["build"].is_object(), "{name} does not build: {:#}", services[name]);
    }
}

fn none_builds(services: &serde_json::Value, image: &str) {
    for (name, service) in services.as_object().unwrap() {
        assert!(service.get("build").is_none(), "{name} can build: {service:#}");
    }
    for name in APP {
        assert_eq!(services[name]["image"], image, "{name}");
    }
}

fn files(fixture: &Fixture) -> Vec<(String, Vec<u8>)> {
    let mut names = vec!["docker-compose.dev.yml".to_owned(), ".env".to_owned()];
    for entry in std::fs::read_dir(fixture.path("docker")).unwrap() {
        names.push(format!("docker/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    names.sort();
    names
        .into_iter()
        .map(|name| (name.clone(), std::fs::read(fixture.path(&name)).unwrap_or_default()))
        .collect()
}

fn off_gives_back_every_byte() -> Checked {
    for env in [None, Some(""), Some("A=1"), Some("# mine\r\nA='x y'\r\n\n")] {
        let fixture = Fixture::new();
        if let Some(text) = env {
            std::fs::write(fixture.path(".env"), text).unwrap();
        }
        let before = files(&fixture);
        fixture.run(&["compose-image-mode", "on", "--tag", "sha-a1b2c3d"]).expect(0, &[]);
        fixture.run(&["compose-image-mode", "on", "--tag", "v1.2.3"]).expect(0, &[]);
        assert_ne!(files(&fixture), before);
        fixture.run(&["compose-image-mode", "off"]).expect(0, &[]);
        assert_eq!(files(&fixture), before, "{env:?}");
        fixture.run(&["compose-image-mode", "off"]).expect(0, &["nothing to do"]);
        // An empty file that was there before is not worth keeping; any other is.
        assert_eq!(fixture.path(".env").exists(), env.is_some_and(|text| !text.is_empty()));
        assert_eq!(fixture.git(&["status", "--porcelain"]), "");
    }
    Ok(())
}

fn on_refuses_what_would_win_over_it() -> Checked {
    let fixture = Fixture::new();
    std::fs::write(fixture.path(".env"), "A=1\nIMAGE_TAG=mine\n").unwrap();
    fixture.run(&["compose-image-mode", "on", "--tag", "v1"]).expect(2, &["line 2", "IMAGE_TAG=mine"]);
    assert_eq!(std::fs::read_to_string(fixture.path(".env")).unwrap(), "A=1\nIMAGE_TAG=mine\n");
    fixture.run(&["compose-image-mode", "off", "--tag", "v1"]).expect(2, &["--tag goes with on"]);
    Ok(())
}

fn status_follows_composes_own_order() -> Checked {
    let fixture = Fixture::new();
    let status = |env: Option<&str>| {
        let mut command = fixture.xtask(&["compose-image-mode", "--json"]);
        command.envs(env.map(|tag| ("IMAGE_TAG", tag)));
        let ran = Ran::of(command.output().unwrap()).expect(0, &[]);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()
    };
    assert_eq!(status(None)["mode"], "build");
    fixture.run(&["compose-image-mode", "on"]).expect(0, &[]);
    let own = format!("sha-{}", &fixture.git(&["rev-parse", "HEAD"])[..7]);
    assert!(status(None)["image"].as_str().unwrap().ends_with(&own));
    assert!(status(Some("v9"))["image"].as_str().unwrap().ends_with(":v9"));
    Ok(())
}

fn build_mode_builds_the_application() -> Checked {
    all_build(&config(&Fixture::new(), &[]));
    Ok(())
}

fn image_mode_cannot_build() -> Checked {
    let fixture = Fixture::new();
    fixture.run(&["compose-image-mode", "on", "--tag", "sha-a1b2c3d"]).expect(0, &[]);
    none_builds(&config(&fixture, &[]), "ghcr.io/portbook/portbook:sha-a1b2c3d");
    fixture.run(&["compose-image-mode", "off"]).expect(0, &[]);
    all_build(&config(&fixture, &[]));
    Ok(())
}

fn the_variable_alone_is_enough() -> Checked {
    let fixture = Fixture::new();
    let env =
        [("IMAGE_TAG", "v1.2.3"), ("IMAGE_REGISTRY", "registry.example:5000"), ("IMAGE_REPO", "team/app")];
    none_builds(&config(&fixture, &env), "registry.example:5000/team/app:v1.2.3");
    Ok(())
}

fn a_tag_that_does_not_exist_fails() -> Checked {
    let fixture = Fixture::new();
    let project = format!("portbook-test-{}", std::process::id());
    // Nothing listens on port 1, so no registry can have it, and the answer comes at once.
    let compose = |args: &[&str]| {
        docker()
            .args(["compose", "--project-name", &project, "--file", "docker-compose.dev.yml"])
            .args(args)
            .env("IMAGE_TAG", "sha-0000000")
            .env("IMAGE_REGISTRY", "127.0.0.1:1")
            .current_dir(fixture.path(""))
            .output()
            .unwrap()
    };
    let up = Ran::of(compose(&["up", "--detach", "migrate"]));
    let images =
        Ran::of(docker().args(["image", "ls", "--quiet", "127.0.0.1:1/portbook/portbook"]).output().unwrap());
    compose(&["down", "--volumes"]);
    assert_ne!(up.code, Some(0), "{up:#?}");
    assert_eq!(images.stdout, "", "something was built");
    Ok(())
}
