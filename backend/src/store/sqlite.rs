//! SQLite: one file, one writer at a time.

use super::StoreError;
use crate::config::SqliteConfig;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{
    ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for another process's transaction, and for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A SQLite file and the connections to it.
pub struct SqliteDatabase {
    path: PathBuf,
    // Two pools: writers queue up fairly for the single write connection instead of polling the file's
    // lock, and never take the readers' connections away.
    readers: SqlitePool,
    writer: SqlitePool,
}

impl SqliteDatabase {
    /// Prepares the pools; nothing is opened yet.
    pub fn new(config: &SqliteConfig) -> Self {
        let pool = |most: u32| {
            PoolOptions::<Sqlite>::new()
                .max_connections(most)
                .acquire_timeout(PATIENCE)
                .connect_lazy_with(options(&config.path))
        };
        Self {
            path: config.path.clone(),
            readers: pool(4),
            writer: pool(1),
        }
    }

    pub(super) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.check_file()?;
        self.readers
            .begin()
            .await
            .map_err(|error| self.explain(error))
    }

    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.check_file()?;
        // Immediate: a transaction that starts as a reader cannot wait for another writer, it fails.
        let begin = self.writer.begin_with("BEGIN IMMEDIATE");
        begin.await.map_err(|error| self.explain(error))
    }

    pub(super) async fn migrate(&self, migrator: &Migrator) -> Result<(), StoreError> {
        if let Some(folder) = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                StoreError::Unavailable(format!("cannot create the folder {folder}: {error}"))
            })?;
        }
        let options = options(&self.path).create_if_missing(true);
        let mut connection = options
            .connect()
            .await
            .map_err(|error| self.explain(error))?;
        use_wal(&mut connection).await?;
        // sqlx has no lock for SQLite; one immediate transaction around all makes a second migrator wait.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        migrator
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(super::schema::migration_error)?;
        transaction.commit().await?;
        connection.close().await?;
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }

    /// A file that was deleted under an open connection would go on taking evidence that nobody can
    /// ever read, so it is looked for before each transaction.
    fn check_file(&self) -> Result<(), StoreError> {
        match std::fs::metadata(&self.path) {
            Ok(_) => Ok(()),
            Err(error) => Err(StoreError::Unavailable(format!(
                "cannot open {}: {error}; `portbook migrate` creates it",
                self.path.display()
            ))),
        }
    }

    fn explain(&self, error: sqlx::Error) -> StoreError {
        match StoreError::from(error) {
            StoreError::Unavailable(why) => {
                StoreError::Unavailable(format!("cannot open {}: {why}", self.path.display()))
            }
            other => other,
        }
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // FULL syncs the log at each commit: what was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        // The root file system may be read-only.
        .pragma("temp_store", "memory")
}

/// Write-ahead logging stays in the file once set. Changing to it does not wait for other connections by
/// itself, so two first migrations at once need another try.
async fn use_wal(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let attempt = sqlx::query("PRAGMA journal_mode = wal")
            .execute(&mut *connection)
            .await;
        match attempt.map_err(StoreError::from) {
            Ok(_) => return Ok(()),
            Err(StoreError::Unavailable(_)) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
