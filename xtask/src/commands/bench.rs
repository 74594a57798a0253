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

/// The most that xtask may take, as a multiple of the baseline.
const COMPILE_GOAL: f64 = 4.0;

/// Measures.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let figures = match args.what {
        What::Compile => vec![compile(ctx)?],
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

/// xtask and a program with the three crates that any such program starts with, both from nothing, in the
/// same profile, one after the other; the better of two rounds each.
fn compile(ctx: &Context) -> Result<Figure> {
    let dir = ctx.work_dir("bench")?;
    let baseline = dir.join("baseline");
    write_baseline(ctx, &baseline)?;
    let target = dir.join("target");
    let mut best = [Duration::MAX; 2];
    for _ in 0..2 {
        for (at, manifest) in [baseline.join("Cargo.toml"), ctx.root.join("Cargo.toml")].iter().enumerate() {
            let package = if at == 0 { "baseline" } else { "xtask" };
            let _ = std::fs::remove_dir_all(&target);
            best[at] = best[at].min(build(ctx, manifest, package, &target)?);
        }
    }
    let _ = std::fs::remove_dir_all(&target);
    let ratio = best[1].as_secs_f64() / best[0].as_secs_f64();
    eprintln!("baseline {}, xtask {}", summary::duration(best[0]), summary::duration(best[1]));
    Ok(Figure {
        name: "cold compile of xtask",
        value: best[1].as_secs_f64(),
        unit: "s",
        against: "a program of anyhow, clap and xshell",
        ratio,
        goal: "at most 4 times",
        reached: ratio <= COMPILE_GOAL,
    })
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

fn build(ctx: &Context, manifest: &Path, package: &str, target: &Path) -> Result<Duration> {
    let (manifest, target) = (manifest.display().to_string(), target.display().to_string());
    let step =
        |id: &str, command: &str| Step::new(id, &["cargo", command, "--quiet", "--manifest-path", &manifest]);
    // What the network takes is not what is measured.
    super::prepare(ctx, "bench", &Plan::of("bench", vec![step("bench/fetch", "fetch")]))?;
    let began = Instant::now();
    let build = step("bench/build", "build").args(["--package", package, "--target-dir", &target]);
    super::prepare(ctx, "bench", &Plan::of("bench", vec![build]))?;
    Ok(began.elapsed())
}
