//! Boots what `cargo xtask smoke` has brought here, has it judged, and tells how it ended.

use crate::engine::Engine;
use crate::engine::docker::DockerEngine;
use crate::engine::process::{Build, ProcessEngine};
use crate::smoke;
use anyhow::{Context as _, Result};
use evidence::{Claim, CommitSha, Digest, Outcome};
use std::path::PathBuf;
use std::time::Instant;
use xtask::context::{Context, Head};
use xtask::error::{Exit, Reported};
use xtask::plan::{self, JobReport, RunReport, summary};
use xtask::policy::Pipeline;
use xtask::record;

/// What is booted, and how.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["image", "processes"]))]
pub struct Args {
    /// The image in the engine's store
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// The release binary and the web files of this tree, as processes
    #[arg(long)]
    processes: bool,
    /// The image was built from this tree: it must say so, and its name goes at the end
    #[arg(long, requires = "image")]
    of_head: bool,
    /// The image's digest, where the engine cannot tell it
    #[arg(long)]
    digest: Option<Digest>,
    /// What it is, for people
    #[arg(long)]
    what: String,
    /// Names what this run makes: runs side by side do not meet
    #[arg(long)]
    id: String,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Leave it running, seeded with this repository's own history
    #[arg(long)]
    keep: bool,
    /// Run the browser's smoke paths too
    #[arg(long)]
    e2e: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print more
    #[arg(short, long)]
    pub verbose: bool,
}

/// Boots it and checks it.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    let began = Instant::now();
    let (mut engine, commit) = engine(ctx, args, &head)?;
    eprintln!("checks of {}", engine.describe());
    let e2e = if args.e2e { Some(ctx.work_dir("e2e")?.join(&args.id)) } else { None };
    let settings = smoke::Settings { commit, digest: args.digest.clone(), keep: args.keep, e2e };
    let outcome = smoke::run(ctx, &pipeline, engine.as_mut(), &settings)?;

    let passed = outcome.checks.iter().all(|check| !matches!(check.outcome, plan::Outcome::Failed(_)));
    if let Some(url) = &outcome.url {
        engine.keep();
        eprintln!("\nit runs at {url}\n  stop it: {}", engine.how_to_remove());
        println!("{url}");
    }
    let job = JobReport { name: "smoke".to_owned(), steps: outcome.checks };
    let report = RunReport { jobs: vec![job], time: began.elapsed() };
    plan::write_reports(ctx, "smoke-checks", &report)?;
    if args.json {
        println!("{:#}", plan::json::value(&report));
    }
    if !head.dirty {
        let claim = Claim::Smoke {
            commit: settings.commit.clone(),
            digest: outcome.digest,
            outcome: if passed { Outcome::Success } else { Outcome::Failure },
            engine: engine.name().parse()?,
        };
        record::write(ctx, &pipeline, claim)?;
    }
    let (word, colour) = if passed { ("healthy", "32") } else { ("NOT HEALTHY", "31") };
    let way = if args.processes { "WITHOUT a container" } else { "in a container" };
    eprintln!("\n{}", report.counts());
    eprintln!(
        "{}: {}, {way}, {}",
        summary::paint(ctx.out, colour, word),
        args.what,
        summary::duration(report.time)
    );
    if passed { Ok(()) } else { Err(Reported(Exit::Failed).into()) }
}

/// What to boot it on, and the commit that the build must say it is of.
fn engine(ctx: &Context, args: &Args, head: &Head) -> Result<(Box<dyn Engine>, CommitSha)> {
    let Some(image) = &args.image else {
        let build = Build { binary: release_binary(ctx), web_root: ctx.root.join("frontend/dist") };
        let engine = ProcessEngine::new(ctx, &args.id, head, build, args.port)?;
        return Ok((Box::new(engine), head.commit.clone()));
    };
    let mut engine = DockerEngine::new(ctx, &args.id, image, args.port, args.keep)?;
    engine.remove_image_too(args.of_head);
    // An image from elsewhere is of whatever commit it says.
    let commit = if args.of_head { head.commit.clone() } else { revision(&engine)? };
    Ok((Box::new(engine), commit))
}

fn release_binary(ctx: &Context) -> PathBuf {
    let target =
        ctx.env.get("CARGO_TARGET_DIR").map_or_else(|| ctx.root.join("target"), |dir| ctx.root.join(dir));
    target.join("release/portbook")
}

/// The commit that an image says it is of.
fn revision(engine: &DockerEngine) -> Result<CommitSha> {
    let labels = engine.image()?.config.and_then(|config| config.labels).unwrap_or_default();
    let revision = labels.get("org.opencontainers.image.revision");
    let revision = revision.context("the image has no label org.opencontainers.image.revision")?;
    revision.parse().context("the image's label org.opencontainers.image.revision")
}
