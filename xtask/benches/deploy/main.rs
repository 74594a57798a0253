//! How fast a version reaches its users, and what they notice: real deployments beside a plain `docker compose up`, as
//! ratios within one run.
//!
//! `cargo bench --profile dev -p xtask --bench deploy -- [--output FILE]`. Never a test: machines are shared and noisy.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

#[path = "../../tests/deploy/engine.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod engine;
#[path = "../../tests/deploy/images.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod images;
#[path = "../../tests/publish/layout.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod layout;
#[path = "../../tests/deploy/load.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod load;
#[path = "../../tests/publish/registry.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod registry;
#[path = "../../tests/deploy/second.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod second;
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod support;
#[path = "../../tests/deploy/world.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod world;

use clap::Parser;
use images::{Image, Recipe, good, image};
use load::{HEAVY, Seen};
use registry::{Means, docker};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use world::World;

/// How often each change is made where its time is measured.
const ROUNDS: usize = 10;
/// How many deployments the users live through.
const DEPLOYMENTS: usize = 20;
/// How often an image is pulled that the engine has not.
const COLD: usize = 3;
/// What such an image brings that the engine has not, in bytes: twice the whole production image.
const OWN: usize = 40_000_000;
/// How long the users are left in peace, for comparison.
const PEACE: Duration = Duration::from_secs(20);

#[derive(Parser)]
struct Arguments {
    /// Write the figures as JSON to a file
    #[arg(long)]
    output: Option<PathBuf>,
    /// What cargo adds by itself
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let means = registry::means().unwrap_or_else(|lack| panic!("{lack}"));
    assert!(matches!(means, Means::Image), "the engine has no image registry:2; cargo xtask doctor --fix");
    assert_eq!(engine::lack(), None);
    engine::sweep();
    let _running = registry::start(means);
    let figures = figures();
    engine::clean(&std::process::id().to_string());
    let text = format!("{:#}\n", json!({ "figures": figures }));
    match arguments.output {
        Some(path) => std::fs::write(path, text).unwrap(),
        None => print!("{text}"),
    }
}

fn figures() -> Vec<Value> {
    let world = World::new();
    let images = ["v1.0.1", "v1.0.2"].map(good);
    for image in &images {
        world.vouch(image);
        for environment in ["dev", "staging"] {
            world.deployed(environment, image);
        }
    }
    // What a deployment wrote is what a plain `up` is given.
    let plain = images.each_ref().map(|image| plain(&world, image));

    eprintln!("{ROUNDS} deployments, and {ROUNDS} times a plain up");
    let near = median((0..ROUNDS).map(|round| observed(&world, &images[round % 2])).collect());
    let plainly_took = median((0..ROUNDS).map(|round| up(&world, &plain[round % 2])).collect());

    eprintln!("{DEPLOYMENTS} deployments under load, {DEPLOYMENTS} times a plain up under load, and peace");
    let during = under(&world, "dev", || {
        for round in 0..DEPLOYMENTS {
            observed(&world, &images[round % 2]);
        }
    });
    let plainly = under(&world, "staging", || {
        for round in 0..DEPLOYMENTS {
            up(&world, &plain[round % 2]);
        }
    });
    let peace = under(&world, "dev", || std::thread::sleep(PEACE));
    for (when, failed) in during.failed.iter().take(20) {
        eprintln!("  failed after {:.1} s: {failed}", when.as_secs_f64());
    }

    eprintln!("{COLD} promotions of what has to be pulled");
    let cold = median((0..COLD).map(|round| promoted(&world, round)).collect());

    let failed = |seen: &Seen| seen.failed.len() as f64;
    let p99 = |seen: &Seen| seen.quantile(0.99).as_secs_f64() * 1000.0;
    let (near, took, cold) = (near.as_secs_f64(), plainly_took.as_secs_f64(), cold.as_secs_f64());
    vec![
        figure(
            "deploy: from the command to observed healthy, the image near",
            (near, "s"),
            ("docker compose up --wait of the same change", took),
            ("at most 10 s", near <= 10.0),
        ),
        figure(
            "deploy: failed requests in 20 deployments at 200 requests per second",
            (failed(&during), "requests"),
            ("docker compose up --wait of the same changes", failed(&plainly)),
            ("0", during.failed.is_empty()),
        ),
        figure(
            "deploy: p99 latency during deployments",
            (p99(&during), "ms"),
            ("in peace", p99(&peace)),
            ("at most 10 times", p99(&during) <= 10.0 * p99(&peace)),
        ),
        figure(
            "promote: from the command to observed healthy, 40 MB pulled",
            (cold, "s"),
            ("the image near", near),
            ("at most 120 s", cold <= 120.0),
        ),
    ]
}

fn figure(name: &str, value: (f64, &str), against: (&str, f64), goal: (&str, bool)) -> Value {
    // Nothing divided by nothing is as good as the other.
    let ratio = if value.0 == against.1 { 1.0 } else { value.0 / against.1.max(f64::MIN_POSITIVE) };
    json!({
        "name": name, "value": value.0, "unit": value.1, "against": against.0, "ratio": ratio,
        "goal": goal.0, "reached": goal.1,
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    eprintln!("  {times:.1?}");
    times[times.len() / 2]
}

/// Deploys to dev; from the command to the observed new version.
fn observed(world: &World, image: &Image) -> Duration {
    time_of(&world.deployed("dev", image))
}

fn time_of(told: &Value) -> Duration {
    Duration::from_millis(told["milliseconds"]["to_observed"].as_u64().unwrap())
}

/// The override by which an image runs in staging, as the deployment wrote it.
fn plain(world: &World, image: &Image) -> PathBuf {
    let own = world.fixture.path("target/xtask/deploy/staging/core.lock.yml");
    let text = std::fs::read_to_string(own).unwrap();
    let running = world.status("staging")["running"]["digest"].as_str().unwrap().to_owned();
    let path = world.fixture.path(format!("{}.yml", image.version));
    std::fs::write(&path, text.replace(&running, image.digest.as_str())).unwrap();
    path
}

/// Replaces what runs in staging as Compose by itself does; the time until it is healthy.
fn up(world: &World, lock: &Path) -> Duration {
    let began = Instant::now();
    let output = docker()
        .args(["compose", "--project-name", &world.project("staging"), "--file", "docker/compose.core.yml"])
        .arg("--file")
        .arg(lock)
        .args(["up", "--detach", "--no-build", "--wait", "web", "worker"])
        .current_dir(world.fixture.path("."))
        .env("IMAGE_TAG", "named-by-digest")
        .env("INGRESS_PORT", world.port("staging").to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}

/// Does something under the load of many users; what they saw.
fn under(world: &World, environment: &str, act: impl FnOnce()) -> Seen {
    let load = world.load(environment, HEAVY);
    act();
    load.end()
}

/// A new image to staging, of which the engine has not got what is its own.
fn promoted(world: &World, round: usize) -> Duration {
    let version = format!("v2.0.{round}");
    let image = image(&version, &Recipe { own: OWN, ..Recipe::of(&version) });
    world.vouch(&image);
    time_of(&world.json(&["promote", "--to", "staging", "--sha", &image.commit, "--json"]))
}
