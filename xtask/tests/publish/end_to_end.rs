//! Built = booted = published = pulled: one digest of this repository's own image, by the real tools.

use crate::Checked;
use crate::registry::{basic, docker};
use crate::support::{Ran, repository};
use crate::world::World;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn must(command: &mut Command) -> String {
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{command:?}: {ran:#?}");
    ran.stdout.trim().to_owned()
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&must(command)).unwrap()
}

pub fn one_digest_all_the_way() -> Checked {
    let world = World::new();
    // A clone, because an artefact is made from a commit alone and what is worked on here may differ from one.
    let clone = world.home("clone");
    must(Command::new("git").args(["clone", "--quiet"]).arg(repository()).arg(&clone));
    let programs = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap();
    must(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--package", "xtask-containers", "--target-dir"])
            .arg(programs.parent().unwrap())
            .current_dir(repository()),
    );
    let here = |args: &[&str]| {
        let mut command = world.fixture.xtask(args);
        command.current_dir(&clone).env("PORTBOOK_XTASK_CONTAINERS", programs.join("xtask-containers"));
        command
    };

    let build = || json(&mut here(&["build-image", "--json", "--output", "target/xtask/artefact"]));
    let smoke = || json(&mut here(&["smoke", "--json", "--artefact", "target/xtask/artefact"]));
    let built = build()["digest"].as_str().unwrap().to_owned();

    // Nothing is published before it was booted and judged.
    let image = world.image();
    let publish = || {
        let mut command = world.xtask(&["publish", "--json", "--image", &image, "--tag", "latest"]);
        command.current_dir(&clone);
        command
    };
    Ran::of(publish().output().unwrap()).expect(3, &["cargo xtask smoke"]);
    smoke();
    let published = json(&mut publish());

    let config = world.home("docker");
    std::fs::create_dir_all(&config).unwrap();
    let auth = basic().trim_start_matches("Basic ").to_owned();
    let login = serde_json::json!({"auths": {world.host.to_string(): {"auth": auth}}});
    std::fs::write(config.join("config.json"), login.to_string()).unwrap();
    let reference = format!("{image}:latest");
    must(docker().args(["pull", "--quiet", &reference]).env("DOCKER_CONFIG", &config));
    let pulled = must(docker().args(["image", "inspect", "--format", "{{json .RepoDigests}}", &reference]));
    must(docker().args(["image", "rm", &reference]));
    assert_eq!(published["digest"], built);
    assert!(pulled.contains(&format!("\"{image}@{built}\"")), "{pulled} does not name {built}");

    // One line of the pages: the program's layer stays where it is.
    let page = clone.join("frontend/index.html");
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, text.replacen("<title>", "<title>Our ", 1)).unwrap();
    let author = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    must(Command::new("git").args(author).args(["commit", "--quiet", "-am", "one line"]).current_dir(&clone));
    build();
    smoke();
    let published = json(&mut publish());
    let sizes = ["uploaded_bytes", "size_bytes"].map(|key| published[key].as_u64().unwrap());
    assert!(sizes[0] > 0 && sizes[0] * 4 < sizes[1], "{sizes:?} bytes were sent and are the whole");
    Ok(())
}
