//! `gate`: whether the present event's commit may be published.

use super::events;
use crate::context::Context;
use crate::error::{Exit, Problem, Reported};
use crate::github::GitHub;
use crate::plan::append_output;
use crate::policy::Pipeline;
use crate::policy::checks::{self, Check};
use crate::policy::event::{Event, Malformed};
use crate::policy::gate::{self, Verdict};
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Arguments of `gate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code 0: publish. Exit code 3: do not; every reason is named.

The checks are those of --checks. Without it GitHub is asked, where GITHUB_TOKEN is set (GITHUB_API_URL names another
server than api.github.com). Otherwise the conclusion of the run itself stands, and the reasons say so.

Examples:
  cargo xtask gate                                     in a workflow: GITHUB_EVENT_PATH names the event
  cargo xtask gate --event-path event.json --json
  gh api repos/OWNER/NAME/commits/SHA/check-runs > checks.json
  cargo xtask gate --event-path event.json --checks checks.json")]
pub struct Args {
    /// The event's payload
    #[arg(long, value_name = "FILE")]
    event_path: Option<PathBuf>,
    /// The commit's check runs, as GitHub's API tells them
    #[arg(long, value_name = "FILE")]
    checks: Option<PathBuf>,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
    /// In a workflow: say publish=true or publish=false as the step's output, and end with 0 in both cases
    #[arg(long)]
    github_output: bool,
}

/// Judges, prints the verdict, and ends with 3 where it is no.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let verdict = judge(ctx, &pipeline, args.event_path.as_deref(), args.checks.as_deref())?;
    if args.json {
        println!(
            "{}",
            serde_json::json!({
                "publish": verdict.publish,
                "sha": verdict.sha,
                "ref": verdict.reference,
                "reasons": verdict.reasons,
            })
        );
    } else {
        println!("{}", if verdict.publish { "publish" } else { "do not publish" });
        for reason in &verdict.reasons {
            eprintln!("  {reason}");
        }
    }
    if args.github_output {
        return output(ctx, verdict.publish);
    }
    if verdict.publish { Ok(()) } else { Err(Reported(Exit::Refused).into()) }
}

/// A workflow that asks for every run, and acts in another job, has not failed because the answer is no.
fn output(ctx: &Context, publish: bool) -> Result<()> {
    if append_output(ctx, "publish", &publish.to_string())? {
        return Ok(());
    }
    Err(Problem::usage("--github-output needs GITHUB_OUTPUT, which a workflow's step has")
        .next("cargo xtask gate --json")
        .into())
}

/// The verdict on the present event.
///
/// # Errors
/// Exit 2 when a file cannot be read, exit 4 when GitHub has to be asked and does not answer.
pub fn judge(
    ctx: &Context,
    pipeline: &Pipeline,
    event_path: Option<&Path>,
    checks_file: Option<&Path>,
) -> Result<Verdict> {
    let event = match events::read(ctx, pipeline, event_path) {
        Ok(event) => event,
        Err(error) => match error.downcast::<Malformed>() {
            Ok(malformed) => return Ok(gate::malformed(&malformed.0)),
            Err(error) => return Err(error),
        },
    };
    let policy = pipeline.gate()?;
    let checks = match checks_file {
        Some(path) => Some(read_checks(path)?),
        // What is refused in any case needs no question to anyone.
        None if refused_anyway(&event, &policy) => None,
        None => match GitHub::of_env(&ctx.env)? {
            Some(github) => Some(github.check_runs(&event.repository, &event.sha)?),
            None => None,
        },
    };
    Ok(gate::judge(&event, checks.as_deref(), &policy))
}

/// Whether it would be refused with every check green.
fn refused_anyway(event: &Event, policy: &gate::GatePolicy) -> bool {
    let green: Vec<Check> = policy
        .required
        .iter()
        .map(|name| Check { name: name.clone(), conclusion: Some("success".to_owned()), ..Check::default() })
        .collect();
    !gate::judge(event, Some(&green), policy).publish
}

fn read_checks(path: &Path) -> Result<Vec<Check>> {
    let wrong = |what: String| Problem::usage(format!("the checks in {}: {what}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let document: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    Ok(checks::read_checks(&document).map_err(wrong)?)
}
