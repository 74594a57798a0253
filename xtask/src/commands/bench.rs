//! `bench`: how fast, as ratios within one run. Never a test: machines are shared and noisy.

use crate::context::Context;
use crate::plan::{Plan, Step, summary};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench compile          xtask from nothing, against the least that such a program needs
  cargo xtask bench compile --json")]
pub struct Args {
    /// What to measure
    #[arg(value_enum)]
    what: What,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// What to measure.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A cold compile of xtask, which every cold CI job pays for.
    Compile,
}

/// One measured figure beside the one that it is compared with.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    /// What it is compared with.
    against: &'static str,
    /// `value` divided by the other's value, in this very run.
    ratio: f64,
    goal: &'static str,
    reached: bool,
}

/// What is compiled cold: its name, its packages, the most that it may take as a multiple of the baseline, and that in
/// words. The first includes the registry client with its TLS; the second is what a job pays that boots something.
const COMPILES: [(&str, &[&str], f64, &str); 2] = [
    ("cold compile of xtask", &["xtask"], 6.0, "at most 6 times"),
    ("cold compile of xtask and xtask-containers", &["xtask", "xtask-containers"], 10.0, "at most 10 times"),
];

/// Measures.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let figures = match args.what {
        What::Compile => compile(ctx)?,
    };
    if args.json {
        println!("{:#}", serde_json::json!({ "figures": figures }));
    }
    for figure in &figures {
        eprintln!(
            "{}: {:.1} {}, {:.2} times {} (goal: {}, {})",
            figure.name,
            figure.value,
            figure.unit,
            figure.ratio,
            figure.against,
            figure.goal,
            if figure.reached { "reached" } else { "NOT reached" },
        );
    }
    Ok(())
}

/// xtask and a program with the three crates that any such program starts with, each from nothing, in the same
/// profile, one after the other; the better of two rounds each.
fn compile(ctx: &Context) -> Result<Vec<Figure>> {
    let dir = ctx.work_dir("bench")?;
    let baseline = dir.join("baseline");
    write_baseline(ctx, &baseline)?;
    let (own, target) = (ctx.root.join("Cargo.toml"), dir.join("target"));
    let mut best = [Duration::MAX; 1 + COMPILES.len()];
    for _ in 0..2 {
        best[0] = best[0].min(build(ctx, &baseline.join("Cargo.toml"), &["baseline"], &target)?);
        for (best, (_, packages, ..)) in best[1..].iter_mut().zip(COMPILES) {
            *best = (*best).min(build(ctx, &own, packages, &target)?);
        }
    }
    eprintln!("the baseline takes {}", summary::duration(best[0]));
    let figure = |((name, _, most, goal), time): ((&'static str, _, f64, &'static str), &Duration)| {
        let ratio = time.as_secs_f64() / best[0].as_secs_f64();
        let (value, against) = (time.as_secs_f64(), "a program of anyhow, clap and xshell");
        Figure { name, value, unit: "s", against, ratio, goal, reached: ratio <= most }
    };
    Ok(COMPILES.into_iter().zip(&best[1..]).map(figure).collect())
}

/// A package of its own with this workspace's profile and versions.
fn write_baseline(ctx: &Context, dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir.join("src"))?;
    let workspace = std::fs::read_to_string(ctx.root.join("Cargo.toml"))?;
    let profiles = workspace.find("[profile.dev]").map_or("", |at| &workspace[at..]);
    let manifest = format!(
        "[package]\nname = \"baseline\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         anyhow = \"1\"\nclap = {{ version = \"4\", features = [\"derive\"] }}\nxshell = \"0.2\"\n\n{profiles}"
    );
    std::fs::write(dir.join("Cargo.toml"), manifest)?;
    std::fs::write(dir.join("src/main.rs"), "fn main() {}\n")?;
    std::fs::copy(ctx.root.join("Cargo.lock"), dir.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    Ok(())
}

/// How long packages take to compile from nothing, without what the network takes.
fn build(ctx: &Context, manifest: &Path, packages: &[&str], target: &Path) -> Result<Duration> {
    let manifest = manifest.display().to_string();
    let step =
        |id: &str, command: &str| Step::new(id, &["cargo", command, "--quiet", "--manifest-path", &manifest]);
    super::prepare(ctx, "bench", &Plan::of("bench", vec![step("bench/fetch", "fetch")]))?;
    let _ = std::fs::remove_dir_all(target);
    let build = step("bench/build", "build").args(packages.iter().flat_map(|name| ["--package", *name]));
    // As a cold CI job compiles: nothing is kept for a next time.
    let build = build.args(["--target-dir", &target.display().to_string()]).env("CARGO_INCREMENTAL", "0");
    let began = Instant::now();
    super::prepare(ctx, "bench", &Plan::of("bench", vec![build]))?;
    let time = began.elapsed();
    let _ = std::fs::remove_dir_all(target);
    Ok(time)
}
