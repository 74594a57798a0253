//! Versions that fail, each in its own way: what ran before serves on.

use crate::Checked;
use crate::images::{Fault, Image, Recipe, bad, good, image};
use crate::load::LIGHT;
use crate::proxy::{Act, Proxy};
use crate::support::Ran;
use crate::world::{Patience, USUAL, World, deploy_args, parse};
use serde_json::Value;
use std::time::Duration;

/// What a failure looks like.
struct Expected<'a> {
    class: &'a str,
    step: &'a str,
    says: &'a [&'a str],
}

/// A world in which `old` runs.
fn with(old: &Image, world: World) -> World {
    world.vouch(old);
    world.deployed("dev", old);
    world
}

/// How long users may see something of a version that fails after it took over: until that is seen, and undone.
const SEEN: Duration = Duration::from_secs(15);

/// Deploys what fails, and looks at everything that has to be as before.
#[track_caller]
fn fails(world: &World, old: &Image, new: &Image, expected: &Expected<'_>) {
    world.vouch(new);
    let load = world.load("dev", LIGHT);
    let ran = world.deploy("dev", new);
    ended(world, old, ran, expected);
    load.end().clean().only(&[old.digest.as_str(), new.digest.as_str()]);
}

#[track_caller]
fn ended(world: &World, old: &Image, ran: Ran, expected: &Expected<'_>) {
    let ran = ran.expect(1, expected.says);
    let told = parse(&ran);
    assert_eq!(told["outcome"], "failed", "{ran:#?}");
    assert_eq!(told["failure"]["class"], expected.class, "{ran:#?}");
    assert_eq!(told["failure"]["step"], expected.step, "{ran:#?}");
    assert_eq!(told["previous"], old.digest.as_str());
    world.serves("dev", old);
}

pub fn what_cannot_be_pulled() -> Checked {
    let proxy = Proxy::start();
    let old = good("v3.0.1");
    let world = with(&old, World::with(USUAL, proxy.address));
    let load = world.load("dev", LIGHT);
    for which in [["--tag", "v9.9.9"], ["--digest", &format!("sha256:{}", "0".repeat(64))]] {
        let args = [&["deploy", "--env", "dev", "--json"], &which[..]].concat();
        world.run(&args).expect(1, &["has no image", which[1], "cargo xtask images list"]);
    }
    load.end().clean().only(&[old.digest.as_str()]);
    world.serves("dev", &old);

    // By its digest only the engine asks: what comes for it has other bytes.
    let new = image("v3.0.2", &Recipe { own: 3_000_000, ..Recipe::of("v3.0.2") });
    let asked = format!("/manifests/{}", new.digest);
    proxy.rule(move |_, seen| {
        if seen.method == "GET" && seen.target.ends_with(&asked) {
            Act::Change(Box::new(|mut answer| {
                let at = answer.windows(13).rposition(|word| word == b"schemaVersion").unwrap();
                answer[at] = b'S';
                answer
            }))
        } else {
            Act::Pass
        }
    });
    let pull = |says| Expected { class: "pull", step: "pull", says };
    fails(&world, &old, &new, &pull(&["✗ pull"]));

    // The layer that the engine has not stops in the middle, each time.
    let layer = format!("/blobs/{}", new.layer);
    proxy.rule(move |_, seen| if seen.target.ends_with(&layer) { Act::Truncate } else { Act::Pass });
    fails(&world, &old, &new, &pull(&["✗ pull", "cannot pull"]));
    let layer = format!("/blobs/{}", new.layer);
    assert!(proxy.seen().iter().any(|seen| seen.target.ends_with(&layer)), "the engine asked for no layer");

    proxy.pass();
    world.deployed_unseen("dev", &new);
    Ok(())
}

pub fn what_cannot_migrate() -> Checked {
    let world = World::new();
    let migrate = |says| Expected { class: "migrate", step: "migrate", says };
    let failing = bad("v4.0.1", Fault::MigrateFails);
    world.vouch(&failing);
    // As the first version ever: nothing ran before, and nothing does.
    let ran = world
        .deploy("dev", &failing)
        .expect(1, &["✗ migrate", "fixture: migrate-fails", "nothing ran before"]);
    assert_eq!(parse(&ran)["failure"]["class"], "migrate");
    world.is_in_peace("dev");
    assert_eq!(world.engine.containers(&world.project("dev"), "web"), Vec::<String>::new());

    let old = good("v4.0.2");
    let world = with(&old, world);
    fails(
        &world,
        &old,
        &failing,
        &migrate(&["✗ migrate", "fixture: migrate-fails", "v4.0.2 serves, as before"]),
    );
    world.lengthen(Patience { migrate: 2, ..USUAL });
    let hanging = bad("v4.0.3", Fault::MigrateHangs);
    fails(&world, &old, &hanging, &migrate(&["✗ migrate", "did not end within 2 s"]));
    world.lengthen(USUAL);
    let new = good("v4.0.4");
    world.vouch(&new);
    world.deployed_unseen("dev", &new);
    Ok(())
}

pub fn what_does_not_start() -> Checked {
    let old = good("v5.0.1");
    let world = with(&old, World::new());
    let impatient = Patience { health: 6, ..USUAL };
    let health = |step, says| Expected { class: "health", step, says };
    for (image, patience, expected) in [
        (
            bad("v5.0.2", Fault::Exits),
            USUAL,
            health("start", &["✗ start", "web-next", "fixture: the server exits at once"]),
        ),
        (
            bad("v5.0.3", Fault::Mute),
            impatient,
            health("start", &["✗ start", "after 6 s", "fixture: the server never listens"]),
        ),
        (bad("v5.0.4", Fault::Bare), USUAL, health("smoke", &["✗ smoke", "GET / answers 404"])),
    ] {
        world.lengthen(patience);
        fails(&world, &old, &image, &expected);
    }
    let new = good("v5.0.5");
    world.vouch(&new);
    world.deployed_unseen("dev", &new);
    Ok(())
}

/// Watched long enough for the test to break what is watched.
const WATCHED: Patience = Patience { soak: 30, ..USUAL };

pub fn what_fails_after_the_switch() -> Checked {
    let old = good("v6.0.1");
    let world = World::new();
    let world = with(&old, world);
    let health = |step, says| Expected { class: "health", step, says };
    let worker = bad("v6.0.2", Fault::Worker);
    fails(&world, &old, &worker, &health("workers", &["✗ workers", "fixture: the worker exits at once"]));

    world.lengthen(WATCHED);
    let broken = |image: &Image, what: &[&str], expected: &Expected<'_>| {
        world.vouch(image);
        let load = world.load("dev", LIGHT);
        let deploying = world.start(&deploy_args("dev", image));
        deploying.until_done("observe");
        let next = world.engine.containers(&world.project("dev"), "web-next");
        world.engine.ask(&[&["exec", &next[0]], what].concat());
        ended(&world, &old, deploying.end(), expected);
        let seen = load.end();
        let failed = seen.only(&[old.digest.as_str(), image.digest.as_str()]).clean_but_for(SEEN);
        eprintln!("{}: {failed} of {} requests failed", image.version, seen.times.len());
    };
    let expected = health("watch", &["✗ watch", "GET / answers 404"]);
    broken(&bad("v6.0.3", Fault::Pages), &["rm", "/tmp/web/index.html"], &expected);
    let expected = health("watch", &["✗ watch", "web-next", "fixture: the server crashes"]);
    broken(&bad("v6.0.4", Fault::Crashes), &["touch", "/tmp/crash"], &expected);

    world.lengthen(USUAL);
    let new = good("v6.0.5");
    world.vouch(&new);
    world.deployed_unseen("dev", &new);
    assert_eq!(world.status("dev")["previous"][0]["digest"], old.digest.as_str());
    assert_eq!(world.status("dev")["hold"], Value::Null);
    Ok(())
}
