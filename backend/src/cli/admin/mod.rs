//! `portbook admin`

mod arguments;
mod delivery;
mod github;
mod log;
mod outbox;
mod policy;
mod table;
mod token;
mod watch;

pub(super) use arguments::AdminCommand;

use super::{Failure, block_on, print};
use crate::config::{DatabaseConfig, Reader, operator};
use crate::service::admin::{AdminError, Keeper};
use crate::store::Store;
use serde::Serialize;
use std::io::Write as _;
use table::Table;

/// Runs the command.
pub(super) fn dispatch(reader: Reader<'_>, command: AdminCommand) -> Result<(), Failure> {
    match command {
        AdminCommand::Token { command } => token::run(reader, command),
        AdminCommand::Github { command } => github::run(reader, command),
        AdminCommand::Watch { command } => watch::run(reader, command),
        AdminCommand::Delivery { command } => delivery::run(reader, command),
        AdminCommand::Outbox { command } => outbox::run(reader, command),
        AdminCommand::Policy { command } => policy::run(reader, command),
        AdminCommand::Rebuild(arguments) => log::rebuild(reader, &arguments),
        AdminCommand::Verify(arguments) => log::verify(reader, &arguments),
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Does something with the ledger's database, in the name of whoever called.
fn keep<T>(
    reader: Reader<'_>,
    work: impl AsyncFnOnce(&Keeper) -> Result<T, AdminError>,
) -> Result<T, Failure> {
    let database = DatabaseConfig::read(&reader);
    let name = operator(&reader);
    reader.finish()?;
    block_on(async {
        let keeper = Keeper { store: Store::new(&database), name };
        let done = work(&keeper).await;
        keeper.store.close().await;
        Ok(done?)
    })
}

/// Writes one value as JSON, or a line for people.
fn tell(json: bool, value: &impl Serialize, line: &str) -> Result<(), Failure> {
    if !json {
        return print(line);
    }
    let text = serde_json::to_string(value);
    print(&text.map_err(|error| Failure::Failed(format!("cannot write JSON: {error}")))?)
}

/// Writes a list as JSON, or as a table; what to do about an empty one goes to stderr.
fn list(json: bool, values: &impl Serialize, table: &Table, none: &str) -> Result<(), Failure> {
    if json {
        return tell(true, values, "");
    }
    if table.is_empty() {
        // Nobody is left to be told when stderr is gone.
        let _ = writeln!(std::io::stderr(), "{none}");
        return Ok(());
    }
    print(&table.to_string())
}
