//! `bench`: how fast, as ratios within one run. Never a test: machines are shared and noisy.

use crate::context::Context;
use crate::plan::{Need, Plan, Step, summary};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench compile          xtask from nothing, against the least that such a program needs
  cargo xtask bench compile --json
  cargo xtask bench ledger           the application under load, against a bare loop of inserts
  cargo xtask bench ledger --db postgres --deployments 100000
  cargo xtask bench deploy           real deployments under load, against a plain `docker compose up`")]
pub struct Args {
    /// What to measure
    #[arg(value_enum)]
    what: What,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    /// The database of `ledger`; both without it, if there is an engine for the second
    #[arg(long, value_enum)]
    db: Option<Db>,
    /// How many deployments `ledger` knows while it is read
    #[arg(long, default_value_t = 1_000_000)]
    deployments: u32,
}

/// A database.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Db {
    /// A file.
    Sqlite,
    /// In a container of its own.
    Postgres,
}

/// What to measure.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A cold compile of xtask, which every cold CI job pays for.
    Compile,
    /// Taking webhooks in, reading and projecting, by an optimised build.
    Ledger,
    /// Deployments to an engine: how long they take, and what users notice.
    Deploy,
}

/// One measured figure beside the one that it is compared with.
#[derive(Debug, Serialize, Deserialize)]
struct Figure {
    name: Cow<'static, str>,
    value: f64,
    unit: Cow<'static, str>,
    /// What it is compared with.
    against: Cow<'static, str>,
    /// `value` divided by the other's value, in this very run.
    ratio: f64,
    goal: Cow<'static, str>,
    reached: bool,
}

/// What a bench of another package writes.
#[derive(Deserialize)]
struct Figures {
    figures: Vec<Figure>,
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
        What::Ledger => ledger(ctx, args)?,
        What::Deploy => deploy(ctx)?,
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
        Figure {
            name: name.into(),
            value,
            unit: "s".into(),
            against: against.into(),
            ratio,
            goal: goal.into(),
            reached: ratio <= most,
        }
    };
    Ok(COMPILES.into_iter().zip(&best[1..]).map(figure).collect())
}

/// The application's own bench, which starts its server as a process and puts load on it from another.
fn ledger(ctx: &Context, args: &Args) -> Result<Vec<Figure>> {
    let output = ctx.work_dir("bench")?.join("ledger.json");
    let bench = Step::new("bench/ledger", &["cargo", "bench", "--locked", "--package", "portbook"])
        .args(["--bench", "ledger", "--", "--output", &output.display().to_string()])
        .args(["--deployments", &args.deployments.to_string()])
        .args(args.db.iter().flat_map(|db| {
            [
                "--db",
                match db {
                    Db::Sqlite => "sqlite",
                    Db::Postgres => "postgres",
                },
            ]
        }))
        .hint("cargo xtask bench ledger --verbose shows its output as it comes");
    written(ctx, bench, &output)
}

/// This package's own bench, in the profile that xtask itself is used in.
fn deploy(ctx: &Context) -> Result<Vec<Figure>> {
    let output = ctx.work_dir("bench")?.join("deploy.json");
    let bench = Step::new("bench/deploy", &["cargo", "bench", "--locked", "--profile", "dev"])
        .args(["--package", "xtask", "--bench", "deploy", "--", "--output", &output.display().to_string()])
        .requires(Need::Engine)
        .hint("cargo xtask bench deploy --verbose shows its output as it comes");
    written(ctx, bench, &output)
}

/// Runs a bench, and reads what it has written.
fn written(ctx: &Context, bench: Step, output: &Path) -> Result<Vec<Figure>> {
    super::prepare(ctx, "bench", &Plan::of("bench", vec![bench]))?;
    let text = std::fs::read_to_string(output)
        .with_context(|| format!("the bench has not written {}", output.display()))?;
    let written: Figures =
        serde_json::from_str(&text).with_context(|| format!("{} does not hold figures", output.display()))?;
    Ok(written.figures)
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
