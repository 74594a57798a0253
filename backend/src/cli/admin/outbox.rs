//! `portbook admin outbox`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::service::clock;
use clap::{Subcommand, ValueEnum};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum OutboxCommand {
    /// Show the newest notices
    #[command(after_help = "Examples:\n  portbook admin outbox list --state failed --json")]
    List {
        /// In this state only
        #[arg(long)]
        state: Option<NoticeState>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send notices again; a receiver knows them by their webhook-id
    #[command(after_help = "\
Examples:
  portbook admin outbox retry --failed
  portbook admin outbox retry incident-opened-0a1b2c3d4e5f60718293a4b5c6d7e8f9-1767323045000000")]
    Retry {
        /// A notice's id; repeatable
        #[arg(required_unless_present = "failed", conflicts_with = "failed")]
        ids: Vec<String>,
        /// All that failed
        #[arg(long)]
        failed: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum NoticeState {
    Pending,
    Sent,
    Failed,
}

impl NoticeState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: OutboxCommand) -> Result<(), Failure> {
    match command {
        OutboxCommand::List { state, limit, json } => {
            let state = state.map(NoticeState::as_str);
            let rows = keep(reader, async |keeper| keeper.notices(state, limit).await)?;
            let shown: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({"id": row.id, "event": row.event, "created_at": clock::rfc3339(row.created_at),
                           "state": row.state, "attempts": row.attempts,
                           "next_attempt_at": clock::rfc3339(row.next_attempt_at), "error": row.error})
                })
                .collect();
            let cells = rows.iter().map(|row| {
                let (created, error) = (maybe(clock::rfc3339(row.created_at)), maybe(row.error.as_ref()));
                let attempts = row.attempts.to_string();
                vec![row.id.clone(), row.event.clone(), created, row.state.clone(), attempts, error]
            });
            let table = Table::new(&["ID", "EVENT", "WRITTEN", "STATE", "ATTEMPTS", "ERROR"], cells);
            list(json, &shown, &table, "no such notices")
        }
        OutboxCommand::Retry { ids, failed, json } => {
            let queued = keep(reader, async |keeper| match failed {
                true => keeper.retry_failed_notices().await,
                false => keeper.retry_notices(&ids).await,
            })?;
            tell(json, &json!({"queued": queued}), &format!("{queued} notices queued; the worker sends them"))
        }
    }
}
