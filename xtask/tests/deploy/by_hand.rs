//! The Compose file by itself, and a deployment that takes the project over.

use crate::Checked;
use crate::images::{self, good};
use crate::load::LIGHT;
use crate::registry::{address, docker};
use crate::world::{World, until};
use std::time::Duration;

pub fn a_project_that_was_started_by_hand() -> Checked {
    let world = World::new();
    let (one, two) = (good("v12.0.1"), good("v12.0.2"));
    images::pull(&one.version);
    let mut up = docker();
    up.args(["compose", "--project-name", &world.project("dev"), "--file", "docker/compose.core.yml"])
        .args(["up", "--detach", "--no-build"])
        .current_dir(world.fixture.path("."))
        .env("IMAGE_TAG", &one.version)
        .env("IMAGE_REGISTRY", address().to_string())
        .env("IMAGE_REPO", images::name())
        .env("INGRESS_PORT", world.port("dev").to_string());
    let output = up.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let url = format!("http://127.0.0.1:{}/version", world.port("dev"));
    until("it answers", Duration::from_secs(60), || {
        ureq::get(&url).call().is_ok_and(|mut answer| {
            answer.body_mut().read_to_string().is_ok_and(|told| told.contains(&one.commit))
        })
    });
    world.vouch(&two);
    let load = world.load("dev", LIGHT);
    world.deployed("dev", &two);
    load.end().clean().only(&["none", two.digest.as_str()]);
    world.serves("dev", &two);
    Ok(())
}
