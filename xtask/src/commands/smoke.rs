//! `smoke`: boots the production build and checks it.

use super::build_image::{self, Destination, Target, parse_reference};
use super::{Needs, Reported, prepare, test};
use crate::context::{Context, Head};
use crate::engine::Engine;
use crate::engine::docker::DockerEngine;
use crate::engine::probe::{EngineState, engine_state};
use crate::engine::process::{Build, ProcessEngine};
use crate::error::{Exit, Problem};
use crate::image::read_layout;
use crate::plan::{self, Counts, JobReport, Need, Plan, RunReport, Step, summary};
use crate::policy::Pipeline;
use crate::{record, smoke};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use evidence::{Claim, CommitSha, Digest, ImageRef, Outcome};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `smoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask smoke                              build it, boot it, check it
  cargo xtask smoke --keep                       and leave it running, seeded with this repository's history
  cargo xtask smoke --e2e                        and drive it with a real browser
  cargo xtask smoke --artefact target/artefact   boot exactly what build-image --output made
  cargo xtask smoke --image ghcr.io/portbook/portbook:sha-a1b2c3d")]
pub struct Args {
    /// Boot this image instead of building one; it is pulled where it is not here
    #[arg(long, value_name = "REF", value_parser = parse_reference, conflicts_with = "artefact")]
    image: Option<ImageRef>,
    /// Boot the image in this OCI image layout instead of building one
    #[arg(long, value_name = "PATH")]
    artefact: Option<PathBuf>,
    /// What to boot it on
    #[arg(long, value_enum, default_value_t)]
    engine: EngineChoice,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Leave it running, seeded with this repository's own history
    #[arg(long)]
    keep: bool,
    /// Run the browser's smoke paths too
    #[arg(long)]
    e2e: bool,
    /// Print the commands that prepare the build instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What to boot a build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum EngineChoice {
    /// Docker where an engine answers, else processes.
    #[default]
    Auto,
    /// Containers.
    Docker,
    /// The same binary and files as processes.
    Process,
}

/// What is booted, and how it comes to be there.
enum Subject {
    /// An image of the engine's store, by name or digest.
    Image { reference: String, digest: Option<Digest>, plan: Plan },
    /// The release binary and the web files of this tree.
    Processes { plan: Plan },
}

/// Boots the production build and checks it.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    let needs = Needs::new(ctx);
    let wants_browser = args.e2e && !args.dry_run;
    if let Some(lack) = needs.lack(Need::Browser).filter(|_| wants_browser) {
        return Err(Problem::missing(format!("--e2e needs a browser: {lack}")).into());
    }
    if !args.dry_run {
        port_is_free(args.port)?;
    }
    let id = run_id();
    let (subject, without) = choose(ctx, args, &needs, &pipeline, &head, &id)?;
    let mut plan = match &subject {
        Subject::Image { plan, .. } | Subject::Processes { plan } => plan.clone(),
    };
    if args.e2e && !plan.steps().any(|step| step.dir == "frontend") {
        plan.jobs[0].steps.push(test::npm_ci_step(ctx, "smoke/npm-ci"));
    }
    if args.dry_run {
        print!("{}", plan.script());
        return Ok(());
    }
    let way = match &without {
        Some(_) => "WITHOUT a container",
        None => "in a container",
    };
    let what = match (&args.image, &args.artefact) {
        (Some(image), _) => image.to_string(),
        (_, Some(path)) => format!("artefact {}", path.display()),
        _ => format!(
            "commit {}{}",
            head.commit.short(),
            if head.dirty { " with uncommitted changes" } else { "" }
        ),
    };
    eprintln!("smoke of {what}, {way}");
    if let Some(why) = &without {
        eprintln!("  {why}");
    }
    let began = Instant::now();
    if plan.steps().next().is_some() {
        prepare(ctx, "smoke", &plan)?;
    }
    let (mut engine, commit, digest): (Box<dyn Engine>, CommitSha, _) = match subject {
        Subject::Image { reference, digest, .. } => {
            let mut engine = DockerEngine::new(ctx, &id, &reference, args.port, args.keep)?;
            let commit = revision(&engine)?;
            // An image from elsewhere is of whatever commit it says; what was built here is of this one.
            let from_here = args.image.is_none() && args.artefact.is_none();
            engine.remove_image_too(from_here);
            (Box::new(engine), if from_here { head.commit.clone() } else { commit }, digest)
        }
        Subject::Processes { .. } => {
            let build = Build { binary: release_binary(ctx), web_root: ctx.root.join("frontend/dist") };
            (Box::new(ProcessEngine::new(ctx, &id, &head, build, args.port)?), head.commit.clone(), None)
        }
    };
    eprintln!("checks of {}", engine.describe());
    let e2e = if args.e2e { Some(ctx.work_dir("e2e")?.join(&id)) } else { None };
    let settings = smoke::Settings { commit, digest, keep: args.keep, e2e };
    let outcome = smoke::run(ctx, &pipeline, engine.as_mut(), &settings)?;

    let passed = outcome.checks.iter().all(|check| !matches!(check.outcome, plan::Outcome::Failed(_)));
    if let Some(url) = &outcome.url {
        engine.keep();
        eprintln!("\nit runs at {url}\n  stop it: {}", engine.how_to_remove());
        println!("{url}");
    }
    let report = RunReport {
        jobs: vec![JobReport { name: "smoke".to_owned(), steps: outcome.checks }],
        time: began.elapsed(),
    };
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
    closing_lines(ctx, &what, way, &report, passed);
    if passed { Ok(()) } else { Err(Reported(Exit::Failed).into()) }
}

fn closing_lines(ctx: &Context, what: &str, way: &str, report: &RunReport, passed: bool) {
    let counts: Counts = report.counts();
    let (word, colour) = if passed { ("healthy", "32") } else { ("NOT HEALTHY", "31") };
    eprintln!("\n{counts}");
    eprintln!("{}: {what}, {way}, {}", summary::paint(ctx.out, colour, word), summary::duration(report.time));
}

/// Decides what to boot; beside it, why it is not a container where it is none.
fn choose(
    ctx: &Context,
    args: &Args,
    needs: &Needs,
    pipeline: &Pipeline,
    head: &Head,
    id: &str,
) -> Result<(Subject, Option<String>)> {
    let wants_image = args.image.is_some() || args.artefact.is_some();
    if args.engine == EngineChoice::Process && wants_image {
        return Err(Problem::usage(
            "--engine process boots this tree's own build: an image needs --engine docker",
        )
        .into());
    }
    let lack = if args.engine == EngineChoice::Process {
        Some("--engine process".to_owned())
    } else {
        needs.lack(Need::Engine)
    };
    if let Some(why) = lack {
        if args.engine == EngineChoice::Docker || wants_image {
            return Err(Problem::missing(why).into());
        }
        return Ok((Subject::Processes { plan: process_plan(ctx) }, Some(why)));
    }
    let subject = if let Some(image) = &args.image {
        let reference = image.to_string();
        let script =
            format!("docker image inspect --format '{{{{.Id}}}}' {reference} || docker pull {reference}");
        let pull = Step::new("smoke/pull", &["sh", "-c", &script])
            .requires(Need::Engine)
            .hint("is the reference right, and may this machine read the registry? docker login");
        Subject::Image { reference, digest: image.digest.clone(), plan: Plan::of("smoke", vec![pull]) }
    } else if let Some(path) = &args.artefact {
        load_artefact(ctx, path, id)?
    } else {
        // A tag of its own, which goes with the run: the layers stay in the build cache.
        let reference = format!("{}:smoke-{id}", pipeline.project);
        let build = build_image::build_step(
            "smoke/build-image",
            head,
            pipeline,
            Target::Production,
            &Destination::Store,
            &reference,
        );
        Subject::Image { reference, digest: None, plan: Plan::of("smoke", vec![build]) }
    };
    Ok((subject, None))
}

/// An OCI layout as it stands, put into the engine's store and booted by its digest.
fn load_artefact(ctx: &Context, path: &Path, id: &str) -> Result<Subject> {
    let facts = read_layout(&std::path::absolute(path)?).map_err(|error| {
        Problem::usage(format!("--artefact {}: {error:#}", path.display()))
            .next("cargo xtask build-image --output target/artefact")
    })?;
    let dir = path.to_str().context("--artefact: expected a path in UTF-8")?.to_owned();
    let tar = ctx.work_dir("smoke")?.join(format!("{id}.tar"));
    // An engine with the older store reads docker-archives only: the layout with one more file is one too.
    let blob = |digest: &Digest| format!("blobs/sha256/{}", digest.encoded());
    let layers: Vec<String> = facts.layers.iter().map(blob).collect();
    let archive =
        serde_json::json!([{ "Config": blob(&facts.config_digest), "RepoTags": null, "Layers": layers }]);
    let script = "extra=$(mktemp -d) && printf %s \"$3\" > \"$extra/manifest.json\" \
        && tar -cf \"$2\" -C \"$1\" . -C \"$extra\" manifest.json && docker load --input \"$2\"; \
        code=$?; rm -rf \"$2\" \"$extra\"; exit $code";
    let tar = ctx.shown(&tar).to_string();
    let load = Step::new("smoke/load", &["sh", "-c", script, "load", &dir, &tar, &archive.to_string()])
        .requires(Need::Engine)
        .hint("cargo xtask doctor says what this engine is");
    let by_manifest = matches!(engine_state(ctx), EngineState::Ready { containerd_store: true, .. });
    let reference = if by_manifest { &facts.digest } else { &facts.config_digest }.to_string();
    Ok(Subject::Image { reference, digest: Some(facts.digest), plan: Plan::of("smoke", vec![load]) })
}

/// The release binary and the web files, built on this machine.
fn process_plan(ctx: &Context) -> Plan {
    let cargo =
        Step::new("smoke/cargo-build", &["cargo", "build", "--locked", "--release", "--package", "portbook"])
            .lane("cargo")
            .hint("cargo build --release -p portbook");
    let web = Step::new("smoke/npm-build", &["npm", "run", "build"])
        .dir("frontend")
        .after("smoke/npm-ci")
        .requires(Need::Node)
        .hint("cd frontend && npm run build");
    Plan::of("smoke", vec![cargo, test::npm_ci_step(ctx, "smoke/npm-ci"), web])
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

/// Looks before minutes are spent on a build; who takes the port in between is told when it is bound.
fn port_is_free(port: u16) -> Result<()> {
    match std::net::TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Problem::new(Exit::Failed, format!("cannot use 127.0.0.1:{port}: {error}"))
            .next("cargo xtask smoke without --port, which takes a free one")
            .into()),
    }
}

/// Unique on this machine: runs side by side do not collide.
fn run_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{:x}", std::process::id(), now.subsec_nanos())
}
