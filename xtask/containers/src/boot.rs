//! Boots what `cargo xtask smoke` has brought here, has it judged, and tells how it ended.

use crate::engine::Engine;
use crate::engine::docker::DockerEngine;
use crate::engine::process::{Build, ProcessEngine};
use crate::smoke;
use anyhow::{Context as _, Result};
use evidence::{Claim, CommitSha, Digest, Outcome};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use xtask::commands::smoke::BrowserPaths;
use xtask::context::{Context, Head};
use xtask::error::{Exit, Reported};
use xtask::ledger;
use xtask::plan::{self, JobReport, RunReport, summary};
use xtask::policy::Pipeline;

/// What is booted, and how.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["image", "processes"]))]
pub struct Args {
    /// An image in the engine's store; of an artefact, one per platform that this machine runs
    #[arg(long, value_name = "REF")]
    image: Vec<String>,
    /// The platform of each image, where they are an artefact's
    #[arg(long, requires = "image")]
    platform: Vec<String>,
    /// A platform of the artefact that this machine does not run
    #[arg(long, value_name = "PLATFORM", requires = "platform")]
    not_here: Vec<String>,
    /// The release binary and the web files of this tree, as processes
    #[arg(long)]
    processes: bool,
    /// The image was built from this tree: it must say so, and its name goes at the end
    #[arg(long, requires = "image")]
    of_head: bool,
    /// The digest of the image or the artefact, where the engine cannot tell it
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
    #[arg(long, value_enum, require_equals = true)]
    e2e: Option<BrowserPaths>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print more
    #[arg(short, long)]
    pub verbose: bool,
}

/// What is booted in one go, on one engine.
struct Subject<'a> {
    image: Option<&'a str>,
    /// Such as `linux/arm64`, where it is one of several.
    platform: Option<&'a str>,
    id: String,
    /// The first one has the port and the browser, and is left running with `--keep`.
    is_first: bool,
}

/// Boots it and checks it, each image in turn.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    let began = Instant::now();
    let mut report = RunReport { jobs: Vec::new(), time: Duration::ZERO };
    let mut claim = None;
    for subject in subjects(args) {
        let (job, commit, digest, engine) = boot(ctx, args, &pipeline, &head, &subject)?;
        report.jobs.push(job);
        claim.get_or_insert((commit, digest, engine));
    }
    for platform in &args.not_here {
        let mut recorder = smoke::Recorder::new(ctx);
        eprintln!("no checks of {platform}");
        recorder
            .skip(platform, "this machine has no emulator; next: cargo xtask doctor --fix --only emulation");
        report.jobs.push(JobReport { name: job_name(args, Some(platform)), steps: recorder.into_checks() });
    }
    report.time = began.elapsed();
    plan::write_reports(ctx, "smoke-checks", &report)?;
    if args.json {
        println!("{:#}", plan::json::value(&report));
    }
    let passed = report.steps().all(|check| !matches!(check.outcome, plan::Outcome::Failed(_)));
    if let Some((commit, digest, engine)) = claim.filter(|_| !head.dirty) {
        let outcome = if passed { Outcome::Success } else { Outcome::Failure };
        ledger::record(ctx, &pipeline, Claim::Smoke { commit, digest, outcome, engine: engine.parse()? })?;
    }
    let (word, colour) = if passed { ("healthy", "32") } else { ("NOT HEALTHY", "31") };
    let way = if args.processes { "WITHOUT a container" } else { "in a container" };
    let platforms = match is_one(args) {
        true => String::new(),
        false => format!(" on {}", args.platform.join(" and ")),
    };
    eprintln!("\n{}", report.counts());
    eprintln!(
        "{}: {}{platforms}, {way}, {}",
        summary::paint(ctx.out, colour, word),
        args.what,
        summary::duration(report.time)
    );
    if passed { Ok(()) } else { Err(Reported(Exit::Failed).into()) }
}

/// Where there is one image only, its platform goes without saying.
fn is_one(args: &Args) -> bool {
    args.image.len() + args.not_here.len() <= 1
}

fn job_name(args: &Args, platform: Option<&str>) -> String {
    let platform = platform.filter(|_| !is_one(args));
    platform.map_or_else(|| "smoke".to_owned(), |platform| format!("smoke {platform}"))
}

fn subjects(args: &Args) -> Vec<Subject<'_>> {
    if args.image.is_empty() {
        return vec![Subject { image: None, platform: None, id: args.id.clone(), is_first: true }];
    }
    args.image
        .iter()
        .enumerate()
        .map(|(at, image)| Subject {
            image: Some(image),
            platform: args.platform.get(at).map(String::as_str),
            id: if at == 0 { args.id.clone() } else { format!("{}-{at}", args.id) },
            is_first: at == 0,
        })
        .collect()
}

/// Boots one image and judges it; beside the report, what evidence says of it.
fn boot(
    ctx: &Context,
    args: &Args,
    pipeline: &Pipeline,
    head: &Head,
    subject: &Subject<'_>,
) -> Result<(JobReport, CommitSha, Option<Digest>, &'static str)> {
    let (mut engine, commit) = engine(ctx, args, head, subject)?;
    let of_platform = subject.platform.map(|platform| format!(", {platform}")).unwrap_or_default();
    eprintln!("checks of {}{of_platform}", engine.describe());
    let e2e = match args.e2e.filter(|_| subject.is_first) {
        Some(paths) => Some((paths, ctx.work_dir("e2e")?.join(&subject.id))),
        None => None,
    };
    let settings =
        smoke::Settings { commit, digest: args.digest.clone(), keep: args.keep && subject.is_first, e2e };
    let outcome = smoke::run(ctx, pipeline, engine.as_mut(), &settings)?;
    if let Some(url) = &outcome.url {
        engine.keep();
        eprintln!("\nit runs at {url}\n  stop it: {}", engine.how_to_remove());
        println!("{url}");
    }
    let job = JobReport { name: job_name(args, subject.platform), steps: outcome.checks };
    Ok((job, settings.commit, outcome.digest, engine.name()))
}

/// What to boot it on, and the commit that the build must say it is of.
fn engine(
    ctx: &Context,
    args: &Args,
    head: &Head,
    subject: &Subject<'_>,
) -> Result<(Box<dyn Engine>, CommitSha)> {
    let Some(image) = subject.image else {
        let build = Build { binary: release_binary(ctx), web_root: ctx.root.join("frontend/dist") };
        let engine = ProcessEngine::new(ctx, &subject.id, head, build, args.port)?;
        return Ok((Box::new(engine), head.commit.clone()));
    };
    let port = if subject.is_first { args.port } else { 0 };
    let mut engine = DockerEngine::new(ctx, &subject.id, image, port, args.keep && subject.is_first)?;
    // A name that was given to the image for this run alone.
    engine.remove_image_too(args.of_head || subject.platform.is_some());
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
