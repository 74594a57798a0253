//! `doctor`: what this machine has and lacks, what each lack costs, and the command that mends it.

mod findings;
mod fix;
mod system;

use super::{Needs, prepare};
use crate::context::Context;
use crate::error::{Exit, Problem, Reported, nearest};
use crate::plan::summary;
use anyhow::Result;
use findings::{Finding, NAMES, ON_DEMAND, look};
use system::System;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask doctor                        what is there and what is missing
  cargo xtask doctor --fix                  bring what is missing (Debian and Ubuntu, as root or with sudo)
  cargo xtask doctor --fix --only browser   bring just that
  cargo xtask doctor --fix --only cross emulation   what builds and boots images of other platforms")]
pub struct Args {
    /// Bring what is missing, on Debian-family hosts
    #[arg(long)]
    fix: bool,
    /// Look only for these
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// With --fix: print the commands instead of running them
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Says what is there, and with `--fix` brings what is not.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    for name in &args.only {
        if !NAMES.contains(&name.as_str()) {
            let meant = nearest(name, NAMES.iter().copied()).map(|name| format!("; did you mean {name}?"));
            return Err(Problem::usage(format!(
                "doctor does not look for {name:?}{}; it looks for {}",
                meant.unwrap_or_default(),
                NAMES.join(", ")
            ))
            .into());
        }
    }
    let system = System::detect();
    let look_again = || {
        let mut findings = look(ctx, &Needs::new(ctx), system);
        findings.retain(|finding| match args.only.is_empty() {
            true => !ON_DEMAND.contains(&finding.name),
            false => args.only.iter().any(|name| name == finding.name),
        });
        findings
    };
    let mut findings = look_again();
    if args.fix && findings.iter().any(Finding::is_lack) {
        if system != System::Debian {
            return Err(Problem::missing("--fix knows Debian and Ubuntu only")
                .next("cargo xtask doctor, which names the commands for this system")
                .into());
        }
        let plan = fix::plan(ctx, &findings);
        if args.dry_run {
            print!("{}", plan.script());
            return Ok(());
        }
        if plan.steps().next().is_some() {
            prepare(ctx, "doctor", &plan)?;
            findings = look_again();
        }
    }
    if args.json {
        println!("{:#}", serde_json::json!({ "findings": findings }));
    } else {
        print(ctx, &findings);
    }
    if findings.iter().any(Finding::is_lack) { Err(Reported(Exit::Missing).into()) } else { Ok(()) }
}

fn print(ctx: &Context, findings: &[Finding]) {
    for finding in findings {
        let (sign, colour) = if finding.is_lack() { ("✗", "31") } else { ("✓", "32") };
        println!("{} {:12} {}", summary::paint(ctx.out, colour, sign), finding.name, finding.found);
        if finding.is_lack() {
            println!("    without it: {}", finding.cost);
            println!("    mend:       {}", finding.mend);
        }
    }
    match findings.iter().filter(|finding| finding.is_lack()).count() {
        0 => println!("\nnothing is missing\n  next: cargo xtask smoke"),
        lacking => println!("\n{lacking} of {} are missing", findings.len()),
    }
    if crate::tools::path_with_engine(ctx).is_some() {
        println!("  for docker in this shell: eval \"$(docker/airgap/engine.sh env)\"");
    }
}
