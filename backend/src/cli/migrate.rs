//! `portbook migrate`

use super::{Failure, block_on, guard, pretty, print};
use crate::config::{BuildConfig, DatabaseConfig, DeployedConfig, MigrateConfig, Reader};
use crate::store::{
    MigrateLimits, SCHEMA_HEAD, SCHEMA_MIN, SchemaState, Step, Store, StoreError, TIME_LIMIT,
};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout_at;

/// How it is done.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Change nothing; exit 1 if the schema is not at head
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Change nothing; tell what would be done
    #[arg(long)]
    dry_run: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// How long all of it may take, with the waiting for another that migrates
    #[arg(long, value_name = "SECONDS", default_value_t = TIME_LIMIT.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: u64,
}

/// How the database stands, and what was done.
#[derive(Serialize)]
struct Report {
    /// `sqlite` or `postgres`.
    database: &'static str,
    /// The newest migration that the database has; 0 if it has none.
    schema: i64,
    /// The newest contract step that the database has; 0 if it has none.
    floor: i64,
    /// The schema that this version brings.
    head: i64,
    /// The oldest schema that this version works on.
    min: i64,
    /// What is left to do.
    pending: Vec<Step>,
    /// What this call did.
    applied: Vec<Step>,
}

impl Report {
    fn new(store: &Store, state: &SchemaState, applied: Vec<Step>) -> Self {
        Self {
            database: store.kind(),
            schema: state.newest,
            floor: state.floor,
            head: SCHEMA_HEAD,
            min: SCHEMA_MIN,
            pending: state.pending.clone(),
            applied,
        }
    }
}

pub(super) fn migrate(reader: Reader<'_>, arguments: Arguments) -> Result<(), Failure> {
    let database = DatabaseConfig::read(&reader);
    let config = MigrateConfig::read(&reader);
    let (deployed, build) = (DeployedConfig::read(&reader), BuildConfig::read(&reader));
    reader.finish()?;
    guard::check(&deployed, &build)?;
    block_on(async {
        let limits = MigrateLimits::new(Duration::from_secs(arguments.time_limit), config.lock_timeout);
        let call = Call { store: Store::new(&database), limits, json: arguments.json };
        let done = match arguments {
            Arguments { check: true, .. } => call.only_check().await,
            Arguments { dry_run: true, .. } => call.only_tell().await,
            _ => call.bring_to_head().await,
        };
        call.store.close().await;
        done
    })
}

struct Call {
    store: Store,
    limits: MigrateLimits,
    json: bool,
}

impl Call {
    async fn only_check(&self) -> Result<(), Failure> {
        let state = self.in_time(self.store.schema_state()).await?;
        self.refuse_if_ahead(&state)?;
        if self.json {
            self.report(&state, Vec::new())?;
        }
        match state.at_head() {
            true if self.json => Ok(()),
            true => print(&format!("schema at head ({state})")),
            false => Err(StoreError::Schema(state.to_string()).into()),
        }
    }

    async fn only_tell(&self) -> Result<(), Failure> {
        let state = self.in_time(self.store.schema_to_be()).await?;
        self.refuse_if_ahead(&state)?;
        if self.json {
            return self.report(&state, Vec::new());
        }
        if state.at_head() {
            return print(&nothing_to_do(&state));
        }
        let steps: String = state.pending.iter().map(|step| format!("\n  {step}")).collect();
        let to = state.newest.max(SCHEMA_HEAD);
        print(&format!("schema at {}, would be migrated to {to} by{steps}", state.newest))
    }

    async fn bring_to_head(&self) -> Result<(), Failure> {
        // There may be no database to ask yet; then the migration itself says what is wrong, if anything is.
        let before = self.in_time(self.store.schema_to_be()).await.ok();
        if let Some(before) = &before {
            self.refuse_if_ahead(before)?;
        }
        let applied = self.store.migrate_within(&self.limits).await?;
        let after = self.store.schema_state().await?;
        if self.json {
            return self.report(&after, applied);
        }
        if applied.is_empty() {
            return print(&nothing_to_do(&after));
        }
        let from = before.map_or(0, |state| state.newest);
        print(&format!("schema migrated from {from} to {}", after.newest))
    }

    /// Says why, and in JSON also how the database stands.
    fn refuse_if_ahead(&self, state: &SchemaState) -> Result<(), Failure> {
        let fits = state.check_floor();
        if fits.is_err() && self.json {
            self.report(state, Vec::new())?;
        }
        Ok(fits?)
    }

    fn report(&self, state: &SchemaState, applied: Vec<Step>) -> Result<(), Failure> {
        print(&pretty(&Report::new(&self.store, state, applied))?)
    }

    /// What the database answers before the time is over.
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, Failure> {
        let seconds = self.limits.time.as_secs();
        match timeout_at(self.limits.deadline, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Failed(format!("the database did not answer within {seconds} s"))),
        }
    }
}

fn nothing_to_do(state: &SchemaState) -> String {
    let ahead = if state.newest > SCHEMA_HEAD {
        format!("; the database is ahead at {}", state.newest)
    } else {
        String::new()
    };
    format!("schema at head ({SCHEMA_HEAD}), nothing to do{ahead}")
}
