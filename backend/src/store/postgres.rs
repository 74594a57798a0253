//! Postgres.

use super::migrate::{Kept, Progress, TABLE, pending};
use super::schema::{APPLIED, Step, check_floor};
use super::{Connections, Lock, MigrateLimits, StoreError};
use crate::config::PostgresConfig;
use sqlx::migrate::{Migrate as _, MigrateError, Migration};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Postgres, SqlSafeStr as _, Transaction,
};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

/// How long to wait until a transaction has begun. GitHub, the least patient of those who ask, hangs up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one attempt is alone; after that another one runs beside it, the next after twice as long. A packet that is lost
/// while a name is looked up, or a connection opened, is sent again after a second or more; by another attempt a connection is
/// there in milliseconds. The first one is not given up for it: where a machine is so busy that opening a connection takes
/// this long, none would ever be opened.
const ALONE: Duration = Duration::from_millis(500);

/// How long to wait between an attempt that failed and the next.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// Two or three processes of ours share a server whose own limit is often 100.
const MAX_CONNECTIONS: u32 = 8;

/// The first half of our advisory locks' keys; the second says which lock.
const LOCK_SPACE: i32 = 0x706f_7274;

/// The second half of the key of the lock that one migrator holds.
const MIGRATING: i32 = 4;

/// How often a second migrator looks whether the first is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long it may take to end a connection whose time is over.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A Postgres database and the connections to it.
pub struct PostgresDatabase {
    options: Box<PgConnectOptions>,
    pool: PgPool,
}

impl PostgresDatabase {
    /// Prepares the pool; nothing is opened yet. With `keep`, what was opened once stays open, and is replaced in the
    /// background when it breaks or is too old.
    pub fn new(config: &PostgresConfig, keep: bool) -> Self {
        let options = config.options().clone().application_name("portbook");
        // No request waits longer for the database than its client would; a migration may.
        let bounded = options.clone().options([
            ("lock_timeout", "5s"),
            ("statement_timeout", "15s"),
            // Tables are joined in the order that a statement names them. Without statistics, as in a new database or
            // after a crash, Postgres would rather join all rows of a project with each other.
            ("join_collapse_limit", "1"),
            // Disks have no heads any more: looking rows up by an index is not four times as dear as reading all.
            ("random_page_cost", "1.1"),
            // No statement here is long enough to be worth compiling.
            ("jit", "off"),
        ]);
        let pool = PoolOptions::<Postgres>::new().max_connections(MAX_CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = if keep { pool.min_connections(MAX_CONNECTIONS).idle_timeout(None) } else { pool };
        Self { options: Box::new(options), pool: pool.connect_lazy_with(bounded) }
    }

    /// Has all connections opened, as soon as the server lets us. Whoever asks meanwhile is not held up.
    pub(super) async fn open(&self) {
        while !self.pool.is_closed() {
            if let Ok(mut one) = self.pool.acquire().await {
                // In place of one that is closed the pool opens as many as it shall keep, in the background.
                one.close_on_drop();
                return;
            }
            sleep(ALONE).await;
        }
    }

    pub(super) async fn read(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        // One snapshot for all statements, so that a board is of one version.
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    /// Begins a transaction. Whatever fails before it has begun was not done, and is done again while there is time.
    async fn begin(&self, begin: &'static str) -> Result<Transaction<'static, Postgres>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let (tell, mut told) = mpsc::unbounded_channel();
        // In a task of its own, which goes on when nobody waits for it any more: given up halfway, it would close a
        // connection that is good, or leave it in a transaction that sqlx knows nothing of.
        let try_it = || drop(tokio::spawn(attempt(self.pool.clone(), begin, tell.clone())));
        // The first at once: a timer that is due by now may take a millisecond all the same.
        try_it();
        let (mut next, mut alone, mut last) = (Instant::now() + ALONE, 2 * ALONE, None);
        loop {
            tokio::select! {
                biased;
                Some(begun) = told.recv() => match begun {
                    Ok(transaction) => return Ok(transaction),
                    Err(error @ (sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut)) => {
                        last = Some(error);
                        (next, alone) = (Instant::now() + BETWEEN_ATTEMPTS, ALONE);
                    }
                    Err(error) => return Err(error.into()),
                },
                () = sleep_until(deadline) => return Err(last.unwrap_or(sqlx::Error::PoolTimedOut).into()),
                () = sleep_until(next) => {
                    try_it();
                    next = Instant::now() + alone;
                    alone *= 2;
                }
            }
        }
    }

    pub(super) async fn write(&self, lock: Lock) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.begin("BEGIN").await?;
        take(&mut transaction, lock).await?;
        if let Lock::Projection = lock {
            // A short list is looked up in a long table, always by an index. A server that has not counted the table's
            // rows yet might rather read all of it.
            let plans = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
                         SET LOCAL enable_seqscan = off";
            sqlx::raw_sql(plans).execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    /// A writing transaction of thousands of rows in each statement.
    pub(super) async fn write_long(&self, lock: Lock) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.write(lock).await?;
        // As much memory as a statement's rows need, so that it does not put them down in a file before it begins.
        let settings = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '64MB'";
        sqlx::raw_sql(settings).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    pub(super) async fn migrate(
        &self,
        migrations: &[Migration],
        limits: &MigrateLimits,
    ) -> Result<Vec<Step>, StoreError> {
        let (progress, process) = (Progress::default(), OnceLock::new());
        let work = async {
            let mut connection = self.options.connect().await?;
            let done = bring_to_head(&mut connection, migrations, limits, &progress, &process).await;
            // In good order also after a failure, so that the lock is free when this is known.
            let closed = connection.close().await;
            done.and_then(|()| Ok(closed?))
        };
        if let Ok(done) = timeout_at(limits.deadline, work).await {
            return done.map(|()| progress.into_applied());
        }
        if let Some(process) = process.get() {
            self.stop(*process, &progress).await.map_err(|error| {
                let over = limits.over(&progress, Kept::Applied);
                StoreError::Migration(format!(
                    "{over}. The server could not be told to stop ({error}), and does so by itself within {} s",
                    STOP_LIMIT.as_secs()
                ))
            })?;
        }
        Err(limits.over(&progress, Kept::Applied))
    }

    /// Ends a connection. The server would not notice that nobody listens while it waits for a lock, or computes.
    async fn stop(&self, process: i32, progress: &Progress) -> Result<(), StoreError> {
        let told = async {
            let mut connection = self.options.connect().await?;
            let wait = i64::try_from(STOP_LIMIT.as_millis()).unwrap_or(i64::MAX);
            sqlx::query("SELECT pg_terminate_backend($1, $2)")
                .bind(process)
                .bind(wait)
                .execute(&mut connection)
                .await?;
            // It may have been done with the migration just when the time was over.
            if let Some(version) = progress.at() {
                let applied: Vec<(i64, String)> = sqlx::query_as(APPLIED).fetch_all(&mut connection).await?;
                if applied.iter().any(|(applied, _)| *applied == version) {
                    progress.end();
                }
            }
            connection.close().await
        };
        match timeout(2 * STOP_LIMIT, told).await {
            Ok(told) => Ok(told?),
            Err(_) => Err(StoreError::Unavailable("it does not answer".to_owned())),
        }
    }

    pub(super) fn connections(&self) -> Connections {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        Connections { open: self.pool.size(), idle }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Tells of a transaction that has begun, or why none has.
async fn attempt(
    pool: PgPool,
    begin: &'static str,
    tell: UnboundedSender<Result<Transaction<'static, Postgres>, sqlx::Error>>,
) {
    let begun = match pool.acquire().await {
        // Whoever asked has been given another meanwhile, or has gone.
        Ok(_) if tell.is_closed() => return,
        Ok(connection) => Transaction::begin(connection, Some(begin.into_sql_str())).await,
        Err(error) => Err(error),
    };
    // What nobody takes is rolled back.
    drop(tell.send(begun));
}

/// Runs what is left to do, one migrator at a time. `process` becomes the server's process that does it.
async fn bring_to_head(
    connection: &mut PgConnection,
    migrations: &[Migration],
    limits: &MigrateLimits,
    progress: &Progress,
    process: &OnceLock<i32>,
) -> Result<(), StoreError> {
    let fault = |error: MigrateError| progress.fault(error, limits);
    let number: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await?;
    process.get_or_init(|| number);
    wait_for_others(connection).await?;
    // The lock of sqlx's own, which older versions take.
    connection.lock().await.map_err(fault)?;
    connection.ensure_migrations_table(TABLE).await.map_err(fault)?;
    check_floor(&sqlx::query_as(APPLIED).fetch_all(&mut *connection).await?)?;
    for migration in pending(connection, migrations).await.map_err(fault)? {
        bound(connection, migration, limits).await?;
        progress.begin(migration);
        connection.apply(TABLE, migration).await.map_err(fault)?;
        progress.end();
    }
    connection.unlock().await.map_err(fault)
}

/// Waits until no other migrates; the lock is held to the connection's end. It asks again and again: a statement that
/// waits for the lock has a snapshot, and CREATE INDEX CONCURRENTLY of the one that holds it would wait for that.
async fn wait_for_others(connection: &mut PgConnection) -> Result<(), StoreError> {
    loop {
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)").bind(LOCK_SPACE).bind(MIGRATING);
        if lock.fetch_one(&mut *connection).await? {
            return Ok(());
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Sets how long the server waits and works for a migration.
async fn bound(
    connection: &mut PgConnection,
    migration: &Migration,
    limits: &MigrateLimits,
) -> Result<(), StoreError> {
    // What runs outside a transaction waits for those of others without holding anybody up, and leaves something
    // behind when it is stopped.
    let lock = if migration.no_tx { Duration::ZERO } else { limits.lock };
    // Later than the end that is watched here, for the case that this process does not live to see it.
    let statement = limits.left() + STOP_LIMIT;
    sqlx::query("SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)")
        .bind(lock.as_millis().to_string())
        .bind(statement.as_millis().to_string())
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Waits for a lock; it is held to the transaction's end.
pub(super) async fn take(transaction: &mut Transaction<'_, Postgres>, lock: Lock) -> Result<(), StoreError> {
    let key = match lock {
        Lock::Ledger => 1,
        Lock::Projection => 2,
        Lock::Incidents => 3,
        Lock::None => return Ok(()),
    };
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(LOCK_SPACE)
        .bind(key)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
