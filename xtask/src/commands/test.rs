//! `test`: every test that this machine can run.

use super::{Needs, conclude, run_plan};
use crate::context::Context;
use crate::error::Problem;
use crate::plan::{self, Counter, Need, Plan, RunOptions, Step};
use crate::policy::Pipeline;
use anyhow::Result;
use clap::ValueEnum;

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask test                          everything
  cargo xtask test backend --db postgres    the back-end on Postgres 17, in a container of its own
  cargo xtask test backend --in-image       the back-end in the Dockerfile's backend target
  cargo xtask test frontend                 the front-end's unit tests")]
pub struct Args {
    /// What to test; everything but e2e without it
    #[arg(value_enum)]
    what: Option<What>,
    /// The database of the back-end's tests
    #[arg(long, value_enum, default_value_t)]
    db: Database,
    /// Run the back-end's tests in the Dockerfile's backend target
    #[arg(long)]
    in_image: bool,
    /// Fail when there is no Docker engine, instead of counting what needs one as skipped
    #[arg(long, env = "PORTBOOK_REQUIRE_ENGINE", value_parser = clap::builder::FalseyValueParser::new())]
    require_engine: bool,
    /// Go on after a failure
    #[arg(long)]
    keep_going: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What the results of Rust's checks depend on.
pub const RUST: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "clippy.toml",
    ".cargo/",
    "crates/",
    "backend/",
    "xtask/",
];
/// Every file.
const EVERYTHING: &[&str] = &[""];

/// What to test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The application.
    Backend,
    /// The web pages.
    Frontend,
    /// The pages in a browser, against the production build: the same as smoke --e2e=full.
    E2e,
    /// The pipeline itself.
    Pipeline,
}

/// The database of the back-end's tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Database {
    /// Embedded, a file per test.
    #[default]
    Sqlite,
    /// Postgres 17 in a container, or the server that PORTBOOK_TEST_POSTGRES_URL names.
    Postgres,
}

/// The back-end's tests as a step.
pub fn backend_step(id: &str, db: Database, has_server: bool) -> Step {
    let step =
        Step::new(id, &["cargo", "test", "--locked", "--package", "evidence", "--package", "portbook"])
            .lane("cargo")
            .inputs(RUST)
            .counter(Counter::Cargo)
            .hint("one test alone: cargo test -p portbook NAME");
    match db {
        Database::Sqlite => step,
        Database::Postgres => {
            let step = step.env("PORTBOOK_TEST_DB", "postgres");
            if has_server { step } else { step.requires(Need::Engine) }
        }
    }
}

/// The pipeline's own tests as a step. They read files of the whole repository. Where they need an engine they are ignored
/// without one, unless they are told to fail.
pub fn pipeline_step(id: &str, require_engine: bool) -> Step {
    let step = Step::new(id, &["cargo", "test", "--locked", "--package", "xtask"])
        .lane("cargo")
        .inputs(EVERYTHING)
        .counter(Counter::Cargo)
        .hint("one test alone: cargo test -p xtask NAME");
    if require_engine { step.env("PORTBOOK_REQUIRE_ENGINE", "1") } else { step }
}

/// What `npm ci` brings, as a step: not run again while the lock file stays the same.
pub fn npm_ci_step(ctx: &Context, id: &str) -> Step {
    let step = Step::new(id, &["npm", "ci", "--no-audit", "--no-fund"])
        .dir("frontend")
        .lane("npm")
        .requires(Need::Node)
        .hint("is the package registry reachable? npm ping");
    // Without its folder nothing that passed before counts.
    if ctx.root.join("frontend/node_modules/.package-lock.json").exists() {
        step.inputs(&["frontend/package.json", "frontend/package-lock.json", "frontend/.npmrc"])
    } else {
        step
    }
}

/// The front-end's unit tests as a step.
pub fn frontend_step(id: &str) -> Step {
    Step::new(id, &["npm", "test"])
        .dir("frontend")
        .requires(Need::Node)
        .counter(Counter::Vitest)
        .hint("one file alone: cd frontend && npx vitest run NAME")
}

/// The steps that run the back-end's tests in the Dockerfile's `backend` target.
fn in_image_steps(ctx: &Context, db: Database) -> Result<Vec<Step>> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    // Names of its own, which go with the run: runs side by side do not meet, and the image is large.
    let name = format!("{}-tests-{}", pipeline.project, std::process::id());
    let image = format!("{name}:{}", head.commit.tag());
    let build = super::build_image::build_step(
        "backend/build-image",
        &head,
        &pipeline,
        super::build_image::Target::Backend,
        &super::build_image::Destination::Store,
        &image,
        None,
    );
    let run = "docker run --rm --init";
    let script = match db {
        Database::Sqlite => format!(
            "trap 'docker image rm --force {image} >/dev/null' EXIT && trap 'exit 143' TERM INT && {run} {image}"
        ),
        Database::Postgres => {
            let health = "{{.State.Health.Status}}";
            format!(
                "docker network create {name} >/dev/null && \
                 trap 'docker rm --force --volumes {name} >/dev/null; docker network rm {name} >/dev/null; \
                 docker image rm --force {image} >/dev/null' EXIT && trap 'exit 143' TERM INT && \
                 docker run --detach --name {name} --network {name} --env POSTGRES_PASSWORD=test \
                 --health-cmd 'pg_isready -h 127.0.0.1 -U postgres' --health-interval 1s postgres:17 >/dev/null && \
                 timeout 60 sh -c 'until [ \"$(docker inspect -f {health} {name})\" = healthy ]; do sleep 0.2; done' && \
                 {run} --network {name} --env PORTBOOK_TEST_DB=postgres \
                 --env PORTBOOK_TEST_POSTGRES_URL=postgres://postgres:test@{name}/postgres {image}"
            )
        }
    };
    let run = Step::new("backend/in-image", &["sh", "-ec", &script])
        .after("backend/build-image")
        .requires(Need::Engine)
        .counter(Counter::Cargo)
        .hint("cargo xtask test backend --in-image --verbose shows its output as it comes");
    Ok(vec![build, run])
}

fn plan(ctx: &Context, args: &Args) -> Result<Plan> {
    let everything = args.what.is_none();
    let wanted = |what| everything || args.what == Some(what);
    let mut steps = Vec::new();
    if wanted(What::Backend) {
        if args.in_image {
            steps.extend(in_image_steps(ctx, args.db)?);
        } else {
            let has_server = ctx.env.get("PORTBOOK_TEST_POSTGRES_URL").is_some();
            steps.push(backend_step("backend/test", args.db, has_server).always());
        }
    }
    let only_backend = args.in_image || args.db != Database::Sqlite;
    if wanted(What::Pipeline) && !(everything && only_backend) {
        steps.push(pipeline_step("pipeline/test", args.require_engine).always());
    }
    if wanted(What::Frontend) && !(everything && only_backend) {
        steps.push(npm_ci_step(ctx, "frontend/install"));
        steps.push(frontend_step("frontend/test").after("frontend/install"));
    }
    if args.what == Some(What::E2e) {
        steps.push(Step::xtask("e2e/smoke", &["smoke", "--e2e=full"]).counter(Counter::Plain));
    }
    Ok(Plan::of("test", steps))
}

/// Runs tests.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    if args.in_image && args.what.is_some_and(|what| what != What::Backend) {
        return Err(Problem::usage("--in-image runs the back-end's tests only")
            .next("cargo xtask test backend --in-image")
            .into());
    }
    let plan = plan(ctx, args)?;
    if args.dry_run {
        print!("{}", plan.script());
        return Ok(());
    }
    let lack = Needs::new(ctx).lack(Need::Engine);
    let way = match &lack {
        None => "with a Docker engine: nothing is skipped for want of one",
        Some(_) => "WITHOUT a container: tests that need an engine are counted as skipped",
    };
    if let (true, Some(lack)) = (args.require_engine, &lack) {
        return Err(Problem::missing(format!("an engine is required: {lack}")).into());
    }
    eprintln!("tests, {way}");
    if let Some(lack) = &lack {
        eprintln!("  {lack}");
    }
    let report = run_plan(ctx, "test", &plan, RunOptions { keep_going: args.keep_going, fresh: false })?;
    eprint!("\n{}", plan::summary::text(&report, ctx.out));
    if args.json {
        println!("{:#}", plan::json::value(&report));
    }
    eprintln!("\ntests, {way}");
    eprintln!("{}", report.counts());
    conclude(&report)
}
