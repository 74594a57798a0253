//! SQLite: one file, one writer at a time.

use super::migrate::{Kept, Progress, TABLE, pending};
use super::schema::{APPLIED, Step, check_floor};
use super::{Connections, MigrateLimits, StoreError};
use crate::config::SqliteConfig;
use sqlx::migrate::{Migrate as _, MigrateError, Migration};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long to wait for another process's transaction, and for a free connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many instructions of SQLite's machine a migration does between two looks at the clock.
const STATEMENT_STEPS: i32 = 10_000;

/// What a transaction that touches most of the file may keep in memory, in KiB: with less, places of indexes are written
/// to disk and read again for each row.
const LARGE_CACHE: &str = "PRAGMA cache_size = -196608";

/// A SQLite file and the connections to it.
pub struct SqliteDatabase {
    path: PathBuf,
    pools: Mutex<Option<Pools>>,
}

#[derive(Clone)]
struct Pools {
    file: FileIdentity,
    opened: Instant,
    // Two pools: writers queue up fairly for the single write connection instead of polling the file's
    // lock, and never take the readers' connections away.
    readers: SqlitePool,
    writer: SqlitePool,
    /// Whether the write connection may keep more in memory than others. Then it is closed after its transaction.
    large: Arc<AtomicBool>,
}

/// Device and inode.
type FileIdentity = (u64, u64);

impl SqliteDatabase {
    /// Remembers where the file is; nothing is opened yet.
    pub fn new(config: &SqliteConfig) -> Self {
        Self { path: config.path.clone(), pools: Mutex::default() }
    }

    pub(super) async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let pools = self.pools()?;
        let begun = pools.readers.begin().await;
        begun.map_err(|error| self.not_begun(&pools, error))
    }

    pub(super) async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        // Immediate: a transaction that starts as a reader cannot wait for another writer, it fails.
        let pools = self.pools()?;
        let begun = pools.writer.begin_with("BEGIN IMMEDIATE").await;
        begun.map_err(|error| self.not_begun(&pools, error))
    }

    /// A writing transaction that touches most of the file. What it keeps in memory is given back when it ends.
    pub(super) async fn write_long(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        let mut transaction = self.write().await?;
        self.pools()?.large.store(true, Ordering::Relaxed);
        sqlx::query(LARGE_CACHE).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// The folder that the file is in.
    pub(super) fn folder(&self) -> PathBuf {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// Whether there is a file.
    pub(super) fn exists(&self) -> Result<bool, StoreError> {
        let there = std::fs::exists(&self.path);
        there.map_err(|error| {
            StoreError::Unavailable(format!("cannot look for {}: {error}", self.path.display()))
        })
    }

    pub(super) async fn migrate(
        &self,
        migrations: &[Migration],
        limits: &MigrateLimits,
    ) -> Result<Vec<Step>, StoreError> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                StoreError::Unavailable(format!("cannot create the folder {folder}: {error}"))
            })?;
        }
        // Another migrator is waited for as long as there is time.
        let options = options(&self.path).create_if_missing(true).busy_timeout(limits.left());
        let mut connection = options.connect().await.map_err(|error| self.explain(error))?;
        let progress = Progress::default();
        let done = bring_to_head(&mut connection, migrations, limits, &progress).await;
        let closed = connection.close().await;
        match done {
            Err(StoreError::Ahead(why)) => Err(StoreError::Ahead(why)),
            Err(_) if limits.left().is_zero() => Err(limits.over(&progress, Kept::Nothing)),
            Err(error) => Err(error),
            Ok(()) => Ok(closed.map(|()| progress.into_applied())?),
        }
    }

    pub(super) fn connections(&self) -> Connections {
        let pools = self.lock().clone();
        pools.map_or(Connections::default(), |Pools { readers, writer, .. }| Connections {
            open: readers.size() + writer.size(),
            idle: u32::try_from(readers.num_idle() + writer.num_idle()).unwrap_or(u32::MAX),
        })
    }

    pub(super) async fn close(&self) {
        let pools = self.lock().take();
        if let Some(pools) = pools {
            pools.close().await;
        }
    }

    /// The connections to the file that is there now. Connections to one that was deleted or replaced would
    /// go on taking evidence that nobody can ever read, so the file is looked at before each transaction.
    fn pools(&self) -> Result<Pools, StoreError> {
        let file = std::fs::metadata(&self.path).map_err(|error| {
            StoreError::Unavailable(format!(
                "cannot open {}: {error}; `portbook migrate` creates it",
                self.path.display()
            ))
        })?;
        let file = (file.dev(), file.ino());
        let mut pools = self.lock();
        if let Some(pools) = pools.as_ref().filter(|pools| pools.file == file) {
            return Ok(pools.clone());
        }
        let pool = |most: u32| {
            PoolOptions::<Sqlite>::new()
                .max_connections(most)
                .acquire_timeout(PATIENCE)
                // On a full disk SQLite ends the transaction by itself; the connection's count of open ones is
                // wrong from then on, and it would refuse to begin another.
                .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        };
        let large = Arc::new(AtomicBool::new(false));
        let was_large = Arc::clone(&large);
        let writer = pool(1).after_release(move |_, _| {
            let keep = !was_large.swap(false, Ordering::Relaxed);
            Box::pin(async move { Ok(keep) })
        });
        let fresh = Pools {
            file,
            opened: Instant::now(),
            readers: pool(4).connect_lazy_with(options(&self.path)),
            writer: writer.connect_lazy_with(options(&self.path)),
            large,
        };
        if let Some(stale) = pools.replace(fresh.clone()) {
            tokio::spawn(async move { stale.close().await });
        }
        Ok(fresh)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pools>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection stays as it found the disk: one that was opened while the disk was read-only never writes. So they
    /// are opened anew the next time.
    fn not_begun(&self, pools: &Pools, error: sqlx::Error) -> StoreError {
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
        // READONLY, IOERR, CANTOPEN; see sqlite.org/rescode.html.
        if matches!(code.map(|code| code & 0xff), Some(8 | 10 | 14)) {
            let stale = self.lock().take_if(|present| present.opened == pools.opened);
            if let Some(stale) = stale {
                tokio::spawn(async move { stale.close().await });
            }
        }
        self.explain(error)
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

impl Pools {
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
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
        // Rows cross from sqlx's own thread; with its 50 at a time a long answer is mostly waiting for each other.
        .row_buffer_size(2048)
        // Pages that each of the five connections may keep in memory, in KiB: with SQLite's own 2 MiB a large transaction
        // writes its pages to disk and reads them again, over and over.
        .pragma("cache_size", "-32768")
        // How many pages the log grows by before they are copied into the file: bodies of webhooks fill SQLite's own
        // 1000 in a moment, and each time everybody waits for the disk.
        .pragma("wal_autocheckpoint", "8000")
        // The root file system may be read-only.
        .pragma("temp_store", "memory")
}

/// Runs what is left to do. sqlx has no lock for SQLite; one immediate transaction around all makes a second migrator
/// wait.
async fn bring_to_head(
    connection: &mut SqliteConnection,
    migrations: &[Migration],
    limits: &MigrateLimits,
    progress: &Progress,
) -> Result<(), StoreError> {
    use_wal(connection, limits).await?;
    // A statement cannot be left alone: it goes on in a thread of its own, so it must look at the clock itself.
    let limit = *limits;
    connection.lock_handle().await?.set_progress_handler(STATEMENT_STEPS, move || !limit.left().is_zero());
    let fault = |error: MigrateError| progress.fault(error, limits);
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    transaction.ensure_migrations_table(TABLE).await.map_err(fault)?;
    check_floor(&sqlx::query_as(APPLIED).fetch_all(&mut *transaction).await?)?;
    for migration in pending(&mut *transaction, migrations).await.map_err(fault)? {
        progress.begin(migration);
        transaction.apply(TABLE, migration).await.map_err(fault)?;
        progress.end();
    }
    transaction.commit().await?;
    Ok(())
}

/// Write-ahead logging stays in the file once set. Changing to it does not wait for other connections by
/// itself, so two first migrations at once need another try.
async fn use_wal(connection: &mut SqliteConnection, limits: &MigrateLimits) -> Result<(), StoreError> {
    loop {
        let attempt = sqlx::query("PRAGMA journal_mode = wal").execute(&mut *connection).await;
        match attempt.map_err(StoreError::from) {
            Ok(_) => return Ok(()),
            Err(StoreError::Unavailable(_)) if !limits.left().is_zero() => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
