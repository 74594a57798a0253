//! Built = booted = published = pulled: one digest, by the real tools.

use crate::Checked;
use crate::layout::noise;
use crate::registry::{basic, docker};
use crate::support::Ran;
use crate::world::World;
use evidence::{Digest, Outcome};
use serde_json::Value;
use std::process::Command;

fn must(command: &mut Command) -> String {
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{command:?}: {ran:#?}");
    ran.stdout.trim().to_owned()
}

pub fn one_digest_all_the_way() -> Checked {
    let world = World::new();
    let (head, context) = (world.head(), world.home("context"));
    std::fs::create_dir_all(&context).unwrap();
    std::fs::write(context.join("file"), noise(&head, 30_000)).unwrap();
    std::fs::write(
        context.join("Dockerfile"),
        format!(
            "FROM scratch\nCOPY file /file\nLABEL org.opencontainers.image.revision={head}\nCMD [\"/file\"]\n"
        ),
    )
    .unwrap();
    let path = world.fixture.path("target/xtask/artefact");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    must(
        docker()
            .args(["buildx", "build", "--provenance=false", "--sbom=false", "--output"])
            .arg(format!("type=oci,dest={},tar=false,rewrite-timestamp=true", path.display()))
            .arg(&context)
            .env("SOURCE_DATE_EPOCH", "0"),
    );
    let index: Value = serde_json::from_slice(&std::fs::read(path.join("index.json")).unwrap()).unwrap();
    let built: Digest = index["manifests"][0]["digest"].as_str().unwrap().parse().unwrap();

    // What the engine boots is what it knows by this digest: the same way as `smoke --artefact` goes.
    let tar = world.home("artefact.tar");
    must(Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(&path).arg("."));
    must(docker().args(["load", "--input"]).arg(&tar));
    let booted = must(docker().args(["image", "inspect", "--format", "{{.Id}}", built.as_str()]));
    must(docker().args(["image", "rm", built.as_str()]));
    world.smoke(&booted.parse().unwrap(), &head, Outcome::Success);

    // The default artefact: no --artefact.
    let image = world.image();
    let args = ["publish", "--json", "--image", &image, "--tag", "latest"];
    let ran = Ran::of(world.xtask(&args).output().unwrap()).expect(0, &[]);
    let published: Value = serde_json::from_str(&ran.stdout).unwrap();

    let config = world.home("docker");
    std::fs::create_dir_all(&config).unwrap();
    let auth = basic().trim_start_matches("Basic ").to_owned();
    let login = serde_json::json!({"auths": {world.host.to_string(): {"auth": auth}}});
    std::fs::write(config.join("config.json"), login.to_string()).unwrap();
    let reference = format!("{image}:latest");
    must(docker().args(["pull", "--quiet", &reference]).env("DOCKER_CONFIG", &config));
    let digests = must(docker().args(["image", "inspect", "--format", "{{json .RepoDigests}}", &reference]));
    must(docker().args(["image", "rm", &reference]));
    assert_eq!(booted, built.as_str());
    assert_eq!(published["digest"], built.as_str());
    assert_eq!(digests, format!("[\"{image}@{built}\"]"));
    Ok(())
}
