//! What can go wrong with a database, sorted by what the caller can do about it.

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

/// Why the store could not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, locked, read-only or full: trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database answers, but has not the tables that this version works with.
    #[error("the database's schema is not at head ({0}); run `portbook migrate`")]
    Schema(String),
    /// The database has a contract step that this version does not know: it must not work there.
    #[error("{0}")]
    Ahead(String),
    /// A migration did not come to its end.
    #[error("{0}")]
    Migration(String),
    /// A fault of ours, or a broken row.
    #[error("database error: {0}")]
    Internal(String),
}

impl StoreError {
    /// A stored value that is not what we wrote there.
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Internal(format!("a stored value cannot be read: {what}"))
    }

    /// A task that did not come to its end.
    pub(crate) fn lost(error: tokio::task::JoinError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => from_database(database.as_ref()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let message = error.message().to_owned();
    if error.try_downcast_ref::<SqliteError>().is_some() {
        return from_sqlite(&code, message);
    }
    match code.as_ref() {
        // Undefined table, undefined column.
        "42P01" | "42703" => StoreError::Schema(message),
        // Lock not available, statement cancelled by its timeout, read-only transaction,
        // serialization failure, deadlock, no such database.
        "55P03" | "57014" | "25006" | "40001" | "40P01" | "3D000" => StoreError::Unavailable(message),
        // Connection, authorization, resources, operator intervention, system error.
        other if ["08", "28", "53", "57", "58"].iter().any(|class| other.starts_with(class)) => {
            StoreError::Unavailable(message)
        }
        _ => StoreError::Internal(format!("{message} (SQLSTATE {code})")),
    }
}

fn from_sqlite(code: &str, message: String) -> StoreError {
    // The low byte of an extended result code is the primary one; see sqlite.org/rescode.html.
    let primary = code.parse::<i32>().unwrap_or_default() & 0xff;
    match primary {
        // BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB
        5 | 6 | 8 | 10 | 11 | 13 | 14 | 15 | 26 => StoreError::Unavailable(message),
        1 if message.starts_with("no such table") || message.starts_with("no such column") => {
            StoreError::Schema(message)
        }
        _ => StoreError::Internal(format!("{message} (SQLite code {code})")),
    }
}
