//! `migrations`: whether the previous release goes on working while and after the migrations run.

mod history;

use super::findings::{known_files, report};
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::policy::Pipeline;
use crate::policy::migrations::{FOLDER, Input, OLDEST_FILE, check, tags_of};
use anyhow::{Context as _, Result};
use history::History;

/// Arguments of `migrations`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask migrations check                      every finding with its file, its line and another way
  cargo xtask migrations check --base origin/main   what that branch has must stay as it is, too")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Judge the migrations by the rules of docs/migrations.md; exit 3 with findings
    #[command(after_help = "Examples:
  cargo xtask migrations check
  cargo xtask migrations check --base origin/main
  cargo xtask migrations check --json")]
    Check {
        /// A revision whose migrations must stay as they are, beside those of the releases
        #[arg(long, value_name = "REV")]
        base: Option<String>,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Judges the migrations.
///
/// # Errors
/// Exit 3 with findings, 2 where a file or the base cannot be read, 4 where the clone lacks the releases.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let What::Check { base, json } = &args.what;
    let pipeline = Pipeline::read(&ctx.root)?;
    let files = known_files(ctx, &[":(glob)backend/migrations/*/*"])?;
    if files.is_empty() {
        return Err(
            Problem::usage(format!("there are no migrations: expected {FOLDER}postgres/*.sql")).into()
        );
    }
    let history = History::of(ctx, base.as_deref())?;
    let oldest = ctx.root.join(OLDEST_FILE);
    let oldest = if oldest.exists() {
        Some(std::fs::read_to_string(&oldest).with_context(|| format!("cannot read {OLDEST_FILE}"))?)
    } else {
        None
    };
    let sources = history.sources(&tags_of(&files))?;
    let judged = format!("{} migrations beside those of {}", files.len(), history.sentence());
    let input = Input {
        released: history.released()?,
        files,
        oldest,
        since: pipeline.migrations.since,
        big_tables: pipeline.migrations.big_tables,
        sources,
    };
    let findings = check(&input).map_err(|unreadable| {
        Problem::usage(unreadable.to_string()).next("mend the file; docs/migrations.md says what is expected")
    })?;
    report(ctx, &findings, &judged, *json, Exit::Refused)
}
