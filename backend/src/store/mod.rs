//! The database: SQLite or Postgres, with the same statements.

mod artefact;
mod audit;
mod board;
mod chain;
mod commit;
mod decision;
mod delivery;
mod delivery_list;
mod delivery_work;
mod deployment_joined;
mod deployment_log;
mod deployment_reading;
mod error;
mod evidence;
mod facts;
mod fill;
mod gauges;
mod github;
mod github_sync;
mod heartbeat;
mod incident;
mod incident_event;
mod incident_reading;
mod indexes;
mod lease;
mod list;
mod measures;
mod migrate;
mod oidc;
mod outbox;
mod outbox_work;
mod packed;
mod policy;
mod postgres;
mod projection;
mod purge;
mod reading;
mod rollback;
mod run_reading;
mod schema;
mod session;
mod sqlite;
mod table;
pub mod tables;
mod tag_reading;
mod token;
mod watch;
mod watch_work;

pub use artefact::{ArtefactRow, PublishedRow, SmokeRow, VerdictRow};
pub use audit::AuditRow;
pub use board::{BoardCommits, BoardRows, ChainRow, IncidentCount, LinkRow, ObservedRow, RunRow, Slot};
pub use commit::{CommitRow, MessageRow, PublicationRow, RunningRow};
pub use delivery::{Insertion, NewDelivery};
pub use delivery_list::DeliveryRow;
pub use delivery_work::{DeliveryOutcome, PendingDelivery};
pub use deployment_joined::{Joined, Smoked};
pub use deployment_log::DeploymentDocument;
pub use deployment_reading::{DeploymentEventRow, DeploymentRow, DeploymentStateRow, DeploymentsOf};
pub use error::StoreError;
pub use evidence::{NewEvidence, StoredEvidence};
pub use facts::{Key, Key3, Subjects};
pub use fill::{Copied, Filled, Prepared};
pub use gauges::GaugeRows;
pub use github::{GithubRepositoryRow, OidcTrustRow};
pub use github_sync::ConnectedRepository;
pub use incident::IncidentRow;
pub use incident_reading::{AcknowledgementRow, IncidentFilter, SeenIncident};
pub use indexes::Indexes;
pub use measures::{BuildTime, MEASURED, MeasuredDeployment, MergeRow, RunDuration, SmokeOutcome};
pub use migrate::{LOCK_TIMEOUT, MigrateLimits, TIME_LIMIT};
pub use outbox::OutboxRow;
pub use outbox_work::Told;
pub use policy::{Policies, PolicyRow};
pub use projection::{Finished, Head, Move};
pub use reading::State;
pub use rollback::RanRow;
pub use run_reading::{JobRow, RunAttemptRow};
pub use schema::{SCHEMA_HEAD, SCHEMA_MIN, SchemaState, Step};
pub use session::Session;
pub use table::{Cell, Changes, Kind, Table};
pub use tag_reading::{TagMoveKey, TagMoveRow};
pub use token::TokenRow;
pub use watch::{RegistryRow, RuntimeRow};
pub use watch_work::{Looked, WatchedTag};

use crate::config::DatabaseConfig;
use std::path::PathBuf;
use std::sync::Arc;

/// The database. Cheap to clone; all clones share its connections.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
}

enum Backend {
    Sqlite(sqlite::SqliteDatabase),
    Postgres(postgres::PostgresDatabase),
}

/// What a writing transaction must have to itself. SQLite has one writer at a time in any case.
#[derive(Clone, Copy, Debug)]
pub enum Lock {
    /// Adding to the evidence. Without it a row with a lower `seq` could be committed after one with a
    /// higher `seq`, and the projection's cursor would have passed it by.
    Ledger,
    /// Moving the projection on.
    Projection,
    /// Writing down what people do about incidents, which depends on what others did before.
    Incidents,
    /// Nothing: rows that no other transaction depends on.
    None,
}

/// The connections that a process holds to its database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// All of them.
    pub open: u32,
    /// Those that nothing uses at present.
    pub idle: u32,
}

impl Store {
    /// Prepares the connections; nothing is opened before it is needed, so a server can start before its
    /// database.
    pub fn new(config: &DatabaseConfig) -> Self {
        Self::of(config, false)
    }

    /// As [`Store::new`], for a process that many ask: connections to a server stay open.
    pub fn standing_by(config: &DatabaseConfig) -> Self {
        Self::of(config, true)
    }

    fn of(config: &DatabaseConfig, keep: bool) -> Self {
        let backend = match config {
            DatabaseConfig::Sqlite(sqlite) => Backend::Sqlite(sqlite::SqliteDatabase::new(sqlite)),
            DatabaseConfig::Postgres(postgres) => {
                Backend::Postgres(postgres::PostgresDatabase::new(postgres, keep))
            }
        };
        Self { backend: Arc::new(backend) }
    }

    /// Has all connections to a server opened, so that no burst of requests has to wait for them; returns when one was open.
    /// Of a store that is not [standing by](Store::standing_by) none is.
    pub async fn open(&self) {
        match &*self.backend {
            Backend::Sqlite(_) => {}
            Backend::Postgres(database) => database.open().await,
        }
    }

    /// Begins a reading transaction; all its statements see one state.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Session, StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) => database.read().await.map(Session::Sqlite),
            Backend::Postgres(database) => database.read().await.map(Session::Postgres),
        }
    }

    /// Begins a writing transaction, when `lock` is free.
    ///
    /// # Errors
    /// When the database cannot be reached, or the lock stays taken.
    pub async fn write(&self, lock: Lock) -> Result<Session, StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) => database.write().await.map(Session::Sqlite),
            Backend::Postgres(database) => database.write(lock).await.map(Session::Postgres),
        }
    }

    /// Begins a writing transaction that may take minutes and touch most rows.
    ///
    /// # Errors
    /// When the database cannot be reached, or the lock stays taken.
    pub async fn write_long(&self, lock: Lock) -> Result<Session, StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) => database.write_long().await.map(Session::Sqlite),
            Backend::Postgres(database) => database.write_long(lock).await.map(Session::Postgres),
        }
    }

    /// Which database it is: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match &*self.backend {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }

    /// Whether it is Postgres, where several can write at once.
    pub fn is_postgres(&self) -> bool {
        matches!(&*self.backend, Backend::Postgres(_))
    }

    /// A folder for temporary files: that of the database's file, which is on a disk with room, or the system's.
    pub fn scratch(&self) -> PathBuf {
        match &*self.backend {
            Backend::Sqlite(database) => database.folder(),
            Backend::Postgres(_) => std::env::temp_dir(),
        }
    }

    /// The connections that this process holds.
    pub fn connections(&self) -> Connections {
        match &*self.backend {
            Backend::Sqlite(database) => database.connections(),
            Backend::Postgres(database) => database.connections(),
        }
    }

    /// Closes all connections, and waits until that is done.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(database) => database.close().await,
            Backend::Postgres(database) => database.close().await,
        }
    }
}
