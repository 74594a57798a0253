//! What is not let through, and that nothing is touched then.

use crate::Checked;
use crate::images::{self, Recipe, good, image};
use crate::registry::{address, docker};
use crate::world::{World, parse};
use serde_json::Value;

pub fn without_evidence_nothing_is_touched() -> Checked {
    let world = World::new();
    let image = good("v10.0.1");
    let glass = ["--break-glass", "a trial of the rules"];
    let refused = |env: &str, which: [&str; 2], more: &[&str], says: &[&str]| {
        let args = [&["deploy", "--json", "--env", env], &which[..], more].concat();
        world.run(&args).expect(3, says);
    };
    // No tag that can move, also where there is no such image, and also in an emergency.
    for tag in ["latest", "staging-latest", "main", "v10", "v10.0"] {
        for more in [&[][..], &glass] {
            refused("prod", ["--tag", tag], more, &[tag, "prod"]);
        }
        world.run(&["promote", "--to", "prod", "--tag", tag]).expect(3, &[tag, "prod"]);
    }
    let by_digest = ["--digest", image.digest.as_str()];
    refused("dev", by_digest, &[], &["digest-unknown", "ci-unknown", "untested-digest", "--break-glass"]);
    world.say(world.built(&image));
    world.say(world.ci(&image));
    refused("dev", by_digest, &[], &["it may not go to dev", "untested-digest"]);
    refused("prod", ["--tag", "v10.0.1"], &[], &["untested-digest", "skipped-staging"]);
    world.vouch(&image);
    refused("prod", ["--tag", "v10.0.1"], &[], &["it may not go to prod", "skipped-staging"]);
    for environment in ["dev", "prod"] {
        assert_eq!(world.status(environment)["running"], Value::Null);
        assert_eq!(world.engine.containers(&world.project(environment), "ingress"), Vec::<String>::new());
    }
    // An emergency is one of missing evidence.
    let untested = good("v10.0.2");
    let args = [&["deploy", "--json", "--env", "prod", "--tag", "v10.0.2"], &glass[..]].concat();
    let ran = world.run(&args).expect(0, &["untested-digest", "the glass was broken for it"]);
    let codes: Vec<Value> =
        parse(&ran)["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].clone()).collect();
    assert!(
        codes.contains(&"skipped-staging".into()) && codes.contains(&"untested-digest".into()),
        "{codes:?}"
    );
    world.serves("prod", &untested);
    // Whoever looks into it later finds the reason, though no ledger heard of it.
    let broken = world.evidence().into_iter().filter(|it| it["claim"]["break_glass"] == glass[1]);
    let digests: Vec<Value> = broken.map(|it| it["claim"]["digest"].clone()).collect();
    assert_eq!(digests, [untested.digest.as_str()]);
    Ok(())
}

pub fn compose_by_itself_refuses_latest_in_production() -> Checked {
    let world = World::new();
    let image = image("latest", &Recipe::of("latest"));
    images::pull(&image.version);
    let project = world.project("prod");
    let mut up = docker();
    up.args([
        "compose",
        "--project-name",
        &project,
        "--file",
        "docker/compose.core.yml",
        "up",
        "--detach",
        "--no-build",
    ])
    .current_dir(world.fixture.path("."))
    .env("IMAGE_TAG", "latest")
    .env("IMAGE_REGISTRY", address().to_string())
    .env("IMAGE_REPO", images::name())
    .env("PORTBOOK_ENVIRONMENT", "prod")
    .env("INGRESS_PORT", world.port("prod").to_string());
    let output = up.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it was let through: {said}");
    let migrate = world.engine.containers(&project, "migrate");
    let logs = docker().args(["logs", &migrate[0]]).output().unwrap();
    let logs = String::from_utf8_lossy(&logs.stderr).into_owned() + &String::from_utf8_lossy(&logs.stdout);
    assert!(logs.contains("latest"), "{logs}");
    let web = world.engine.containers(&project, "web");
    for id in web {
        assert_ne!(world.engine.ask(&["inspect", "--format", "{{.State.Status}}", &id]), "running");
    }
    Ok(())
}

pub fn what_was_taken_back_and_what_the_schema_forbids() -> Checked {
    let world = World::new();
    let (one, two) = (good("v10.1.1"), good("v10.1.2"));
    [&one, &two].into_iter().for_each(|image| world.vouch(image));
    world.run(&["rollback", "--env", "dev"]).expect(1, &["nothing was observed healthy in dev"]);
    world.deployed("dev", &one);
    world.deployed("dev", &two);
    let why = "the cart is empty";
    let told = world.json(&["rollback", "--env", "dev", "--json", "--reason", why]);
    assert_eq!((&told["outcome"], &told["digest"]), (&"rolled-back".into(), &one.digest.as_str().into()));
    world.serves("dev", &one);
    for more in [&[][..], &["--break-glass", "it has to be now"]] {
        let args = [&["deploy", "--env", "dev", "--tag", "v10.1.2"], more].concat();
        world.run(&args).expect(3, &["v10.1.2", why, "is on hold", "cargo xtask hold release --env dev"]);
    }
    world.serves("dev", &one);
    let released = world.run(&["hold", "release", "--env", "dev"]).expect(0, &[]);
    assert!(
        released.stdout.contains("v10.1.2") && released.stdout.contains(two.digest.as_str()),
        "{released:#?}"
    );
    world.deployed("dev", &two);

    // A step that the older version cannot live with was made in between.
    let ingress = world.engine.containers(&world.project("dev"), "ingress");
    let read = ["exec", "--user", "0", &ingress[0], "cat", "/state/environment.json"];
    let mut state: Value = serde_json::from_str(&world.engine.ask(&read)).unwrap();
    state["database"] = serde_json::json!({ "schema": 9000, "floor": 9000 });
    let write = format!("printf %s '{state}' >/state/environment.json");
    world.engine.ask(&["exec", "--user", "0", &ingress[0], "sh", "-c", &write]);
    world.run(&["rollback", "--env", "dev"]).expect(3, &["schema-out-of-range"]);
    let force = ["deploy", "--env", "dev", "--tag", "v10.1.1", "--break-glass", "it has to be now"];
    world.run(&force).expect(3, &["schema-out-of-range"]);
    world.serves("dev", &two);
    let (schema, version) = ((1, 9000), "v10.1.3");
    let newer = image(version, &Recipe { schema, ..Recipe::of(version) });
    world.vouch(&newer);
    world.deployed_unseen("dev", &newer);
    Ok(())
}
