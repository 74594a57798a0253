//! `portbook admin delivery`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::service::clock;
use clap::{Subcommand, ValueEnum};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DeliveryCommand {
    /// Show the newest deliveries
    #[command(after_help = "\
Examples:
  portbook admin delivery list --state failed
  portbook admin delivery list --limit 500 --json")]
    List {
        /// In this state only
        #[arg(long)]
        state: Option<DeliveryState>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Process deliveries again; what is recorded already is not recorded twice
    #[command(after_help = "\
Examples:
  portbook admin delivery replay 72d3162e-cc78-11e3-81ab-4c9367dc0958
  portbook admin delivery replay --failed")]
    Replay {
        /// GitHub's identity of a delivery, as in X-GitHub-Delivery; repeatable
        #[arg(required_unless_present = "failed", conflicts_with = "failed")]
        guids: Vec<String>,
        /// All that failed
        #[arg(long)]
        failed: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum DeliveryState {
    Pending,
    Processed,
    Ignored,
    Failed,
}

impl DeliveryState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: DeliveryCommand) -> Result<(), Failure> {
    match command {
        DeliveryCommand::List { state, limit, json } => {
            let state = state.map(DeliveryState::as_str);
            let rows = keep(reader, async |keeper| keeper.deliveries(state, limit).await)?;
            let shown: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({"guid": row.guid, "event": row.event, "action": row.action,
                           "repository_id": row.repository_id, "received_at": clock::rfc3339(row.received_at),
                           "state": row.state, "attempts": row.attempts, "error": row.error, "body": row.body})
                })
                .collect();
            let cells = rows.iter().map(|row| {
                let event = [Some(row.event.as_str()), row.action.as_deref()];
                let event = event.into_iter().flatten().collect::<Vec<_>>().join(".");
                let received = maybe(clock::rfc3339(row.received_at));
                let error = maybe(row.error.as_ref());
                vec![row.guid.clone(), event, received, row.state.clone(), row.attempts.to_string(), error]
            });
            let table = Table::new(&["GUID", "EVENT", "RECEIVED", "STATE", "ATTEMPTS", "ERROR"], cells);
            list(json, &shown, &table, "no such deliveries")
        }
        DeliveryCommand::Replay { guids, failed, json } => {
            let queued = keep(reader, async |keeper| match failed {
                true => keeper.replay_failed_deliveries().await,
                false => keeper.replay_deliveries(&guids).await,
            })?;
            tell(
                json,
                &json!({"queued": queued}),
                &format!("{queued} deliveries queued; the worker takes them"),
            )
        }
    }
}
