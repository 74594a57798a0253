//! `smoke`: brings the production build here and has it booted and checked by `xtask-containers`.

mod artefact;

use super::build_image::{self, Destination, Target, parse_reference};
use super::{Needs, prepare, test};
use crate::context::{Context, Head};
use crate::error::{Exit, Problem};
use crate::image::schema;
use crate::plan::{Need, Plan, Step};
use crate::policy::Pipeline;
use crate::process::own_env;
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use evidence::ImageRef;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

/// The package that boots and judges: compiled when a command first needs it, because it holds Docker's client.
const BOOTER: &str = "xtask-containers";
/// Names that package's program where a workflow has provided it, so that nothing is compiled.
const PROVIDED: &str = "PORTBOOK_XTASK_CONTAINERS";

/// Arguments of `smoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask smoke                              build it, boot it, check it
  cargo xtask smoke --keep                       and leave it running, seeded with this repository's history
  cargo xtask smoke --e2e                        and drive it with a real browser
  cargo xtask smoke --e2e=full                   with every browser test that there is
  cargo xtask smoke --artefact target/artefact   boot exactly what build-image --output made
  cargo xtask smoke --image ghcr.io/portbook/portbook:sha-a1b2c3d")]
pub struct Args {
    /// Boot this image instead of building one; it is pulled where it is not here
    #[arg(long, value_name = "REF", value_parser = parse_reference, conflicts_with = "artefact")]
    image: Option<ImageRef>,
    /// Boot the image in this OCI image layout instead of building one; of an index, each image that this machine can run
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
    /// Run the browser's paths too: the few that matter most, or all of them
    #[arg(long, value_enum, value_name = "PATHS", num_args = 0..=1, require_equals = true, default_missing_value = "smoke")]
    e2e: Option<BrowserPaths>,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Which of the browser's tests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BrowserPaths {
    /// The few that matter most.
    Smoke,
    /// Every one that there is.
    Full,
}

impl BrowserPaths {
    /// The front-end's script that runs them.
    pub fn script(self) -> &'static str {
        match self {
            Self::Smoke => "e2e:smoke",
            Self::Full => "e2e",
        }
    }

    /// The argument that asks for them.
    fn flag(self) -> &'static str {
        match self {
            Self::Smoke => "--e2e=smoke",
            Self::Full => "--e2e=full",
        }
    }
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
struct Subject {
    /// The steps that bring it here.
    plan: Plan,
    /// How `xtask-containers` is told what it is.
    told: Vec<String>,
    /// What it is, for people.
    what: String,
}

/// Boots the production build and checks it.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    let needs = Needs::new(ctx);
    let wants_browser = args.e2e.is_some() && !args.dry_run;
    if let Some(lack) = needs.lack(Need::Browser).filter(|_| wants_browser) {
        return Err(Problem::missing(format!("--e2e needs a browser: {lack}")).into());
    }
    if !args.dry_run {
        port_is_free(args.port)?;
    }
    let id = run_id();
    let (subject, without) = choose(ctx, args, &needs, &pipeline, &head, &id)?;
    let boot = boot_step(ctx, args, &subject, &id);
    let mut plan = subject.plan;
    if args.e2e.is_some() && !plan.steps().any(|step| step.dir == "frontend") {
        plan.jobs[0].steps.push(test::npm_ci_step(ctx, "smoke/npm-ci"));
    }
    if args.dry_run {
        plan.jobs[0].steps.push(boot);
        print!("{}", plan.script());
        return Ok(());
    }
    let way = if without.is_some() { "WITHOUT a container" } else { "in a container" };
    eprintln!("smoke of {}, {way}", subject.what);
    if let Some(why) = &without {
        eprintln!("  {why}");
    }
    if ctx.env.get(PROVIDED).is_none() {
        plan.jobs[0].steps.push(
            Step::new(
                "smoke/xtask-containers",
                &["cargo", "build", "--quiet", "--locked", "--package", BOOTER],
            )
            .lane("cargo")
            .hint("cargo build --package xtask-containers"),
        );
    }
    prepare(ctx, "smoke", &plan)?;
    ctx.stop.check()?;
    // From here on it is that program which the user watches, stops, and whose exit code counts.
    Err(Command::new(&boot.argv[0])
        .args(&boot.argv[1..])
        .current_dir(&ctx.root)
        .env_clear()
        .envs(own_env(ctx))
        .exec())
    .with_context(|| format!("cannot run: {}", boot.line()))
}

/// The call that boots and judges what the plan has brought.
fn boot_step(ctx: &Context, args: &Args, subject: &Subject, id: &str) -> Step {
    let cargo = ["cargo", "run", "--quiet", "--locked", "--package", BOOTER, "--"];
    let call = ctx.env.get(PROVIDED).map_or_else(|| cargo.to_vec(), |program| vec![program]);
    let mut step = Step::new("smoke/boot", &call)
        .args(["smoke", "--id", id, "--what", &subject.what, "--port", &args.port.to_string()])
        .args(subject.told.clone());
    let flags = [("--keep", args.keep), ("--json", args.json), ("--verbose", ctx.out.verbose)];
    step = step.args(args.e2e.map(BrowserPaths::flag));
    for (flag, _) in flags.iter().filter(|(_, set)| *set) {
        step = step.args([*flag]);
    }
    step
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
    let changes = if head.dirty { " with uncommitted changes" } else { "" };
    let of_head = format!("commit {}{changes}", head.commit.short());
    if let Some(why) = lack {
        if args.engine == EngineChoice::Docker || wants_image {
            return Err(Problem::missing(why).into());
        }
        let told = vec!["--processes".to_owned()];
        return Ok((Subject { plan: process_plan(ctx), told, what: of_head }, Some(why)));
    }
    let subject = if let Some(image) = &args.image {
        pulled(image)
    } else if let Some(path) = &args.artefact {
        artefact::subject(ctx, pipeline, path, id)?
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
            schema::of_tree(&ctx.root)?,
        );
        let told = vec!["--image".to_owned(), reference, "--of-head".to_owned()];
        Subject { plan: Plan::of("smoke", vec![build]), told, what: of_head }
    };
    Ok((subject, None))
}

/// An image from elsewhere, which is pulled where it is not here.
fn pulled(image: &ImageRef) -> Subject {
    let what = image.to_string();
    let script = format!("docker image inspect --format '{{{{.Id}}}}' {what} || docker pull {what}");
    let pull = Step::new("smoke/pull", &["sh", "-c", &script])
        .requires(Need::Engine)
        .hint("is the reference right, and may this machine read the registry? docker login");
    let mut told = vec!["--image".to_owned(), what.clone()];
    told.extend(image.digest.iter().flat_map(|digest| ["--digest".to_owned(), digest.to_string()]));
    Subject { plan: Plan::of("smoke", vec![pull]), told, what }
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
