//! `portbook admin rebuild` and `portbook admin verify`

use super::{Failure, keep, tell};
use crate::config::Reader;
use crate::service::admin::AdminError;
use crate::service::{log, project};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
#[command(after_help = "\
Readers see the old rows until the new ones are whole. On SQLite nothing can be recorded meanwhile: senders are told
to come again, and what they spool is recorded then.

Examples:
  portbook admin rebuild
  portbook admin rebuild --check   exit 1 if the board is not what the log says; changes nothing")]
pub(in crate::cli) struct Rebuild {
    /// Only compare what is there with what the log says
    #[arg(long)]
    check: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  portbook admin verify   exit 1 if a row of the log was changed, or is missing"
)]
pub(in crate::cli) struct Verify {
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn rebuild(reader: Reader<'_>, arguments: &Rebuild) -> Result<(), Failure> {
    let Rebuild { check, json } = *arguments;
    if check {
        let differing = keep(reader, async |keeper| {
            project::verify_projections(&keeper.store).await.map_err(AdminError::from)
        })?;
        let line = "every table is what the log says";
        if differing.is_empty() {
            return tell(json, &json!({ "differing": differing }), line);
        }
        if json {
            tell(true, &json!({ "differing": differing }), line)?;
        }
        return Err(Failure::Failed(format!(
            "these tables are not what the log says: {}; `portbook admin rebuild` makes them again",
            differing.join(", ")
        )));
    }
    let rebuilt =
        keep(reader, async |keeper| project::rebuild(&keeper.store).await.map_err(AdminError::from))?;
    let line = format!("made again from {} documents", rebuilt.documents);
    tell(json, &json!({ "documents": rebuilt.documents }), &line)
}

pub(super) fn verify(reader: Reader<'_>, arguments: &Verify) -> Result<(), Failure> {
    let verified = keep(reader, async |keeper| log::verify(&keeper.store).await.map_err(AdminError::from))?;
    let broken: Vec<_> = verified
        .broken
        .iter()
        .map(|link| json!({ "seq": link.seq, "project": link.project, "detail": link.detail }))
        .collect();
    let line = format!("{} rows, every chain is whole", verified.rows);
    if broken.is_empty() || arguments.json {
        tell(arguments.json, &json!({ "rows": verified.rows, "broken": broken }), &line)?;
    }
    let Some(first) = verified.broken.first() else {
        return Ok(());
    };
    Err(Failure::Failed(format!(
        "{} of {} rows are not as they were recorded; the first is row {} of {}: {}. Restore the database from a backup, \
         or compare it with an export",
        verified.broken.len(),
        verified.rows,
        first.seq,
        first.project,
        first.detail
    )))
}
