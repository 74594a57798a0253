//! One file per command: it turns arguments into a plan, or into an answer.

pub mod bench;
pub mod build_image;
pub mod ci;
pub mod compose_image_mode;
pub mod deploy;
pub mod doctor;
pub mod events;
pub mod evidence;
mod findings;
pub mod fuzz;
pub mod gate;
pub mod hold;
pub mod images;
pub mod lock;
pub mod migrations;
mod needs;
pub mod promote;
pub mod publish;
mod reproduce;
pub mod rollback;
mod sbom;
pub mod smoke;
pub mod status;
pub mod tags;
pub mod test;
pub mod workflows;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::error::{Exit, Reported};
use crate::plan::{self, Outcome, Plan, RunOptions, RunReport};
use anyhow::Result;
use clap::CommandFactory as _;
pub use needs::Needs;

/// Runs a command.
pub fn dispatch(ctx: &Context, command: Command) -> Result<()> {
    match command {
        Command::Ci(args) => ci::run(ctx, &args),
        Command::Test(args) => test::run(ctx, &args),
        Command::Smoke(args) => smoke::run(ctx, &args),
        Command::BuildImage(args) => build_image::run(ctx, &args),
        Command::ComposeImageMode(args) => compose_image_mode::run(ctx, &args),
        Command::Tags(args) => tags::run(ctx, &args),
        Command::Gate(args) => gate::run(ctx, &args),
        Command::Doctor(args) => doctor::run(ctx, &args),
        Command::Publish(args) => publish::run(ctx, &args),
        Command::Promote(args) => promote::run(ctx, &args),
        Command::Deploy(args) => deploy::run(ctx, &args),
        Command::Rollback(args) => rollback::run(ctx, &args),
        Command::Status(args) => status::run(ctx, &args),
        Command::Lock(args) => lock::run(ctx, &args),
        Command::Hold(args) => hold::run(ctx, &args),
        Command::Evidence(args) => evidence::run(ctx, &args),
        Command::Images(args) => images::run(ctx, &args),
        Command::Bench(args) => bench::run(ctx, &args),
        Command::Fuzz(args) => fuzz::run(ctx, &args),
        Command::Workflows(args) => workflows::run(ctx, &args),
        Command::Migrations(args) => migrations::run(ctx, &args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "cargo-xtask", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// Runs a plan, prints its table on stderr and writes its reports.
fn run_plan(ctx: &Context, name: &str, plan: &Plan, options: RunOptions) -> Result<RunReport> {
    let needs = Needs::new(ctx);
    let report = plan::run(ctx, name, plan, options, &|need| needs.lack(need))?;
    plan::write_reports(ctx, name, &report)?;
    Ok(report)
}

/// Runs a plan whose steps only prepare something: quiet about success, an error when a step did not pass.
fn prepare(ctx: &Context, name: &str, plan: &Plan) -> Result<RunReport> {
    let report = run_plan(ctx, name, plan, RunOptions::default())?;
    if report.steps().any(|step| !step.outcome.is_good()) {
        eprint!("\n{}", plan::summary::text(&report, ctx.out));
    }
    conclude(&report)?;
    Ok(report)
}

/// The error that a report stands for: failed before cancelled before missing.
fn conclude(report: &RunReport) -> Result<()> {
    let any = |test: fn(&Outcome) -> bool| report.steps().any(|step| test(&step.outcome));
    if any(|outcome| matches!(outcome, Outcome::Cancelled)) {
        return Err(Reported(Exit::Interrupted).into());
    }
    if any(|outcome| matches!(outcome, Outcome::Failed(_))) {
        return Err(Reported(Exit::Failed).into());
    }
    if any(|outcome| matches!(outcome, Outcome::Missing { .. })) {
        return Err(Reported(Exit::Missing).into());
    }
    Ok(())
}
