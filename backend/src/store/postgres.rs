//! Postgres.

use super::{Connections, Lock, StoreError};
use crate::config::PostgresConfig;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgPool, Postgres, Transaction};
use std::time::Duration;

/// How long to wait for a connection: shorter than a health check waits, so that the check is told why.
const PATIENCE: Duration = Duration::from_secs(2);

/// Two or three processes of ours share a server whose own limit is often 100.
const MAX_CONNECTIONS: u32 = 8;

/// The first half of our advisory locks' keys; the second says which lock.
const LOCK_SPACE: i32 = 0x706f_7274;

/// A Postgres database and the connections to it.
pub struct PostgresDatabase {
    options: Box<PgConnectOptions>,
    pool: PgPool,
}

impl PostgresDatabase {
    /// Prepares the pool; nothing is opened yet.
    pub fn new(config: &PostgresConfig) -> Self {
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
        ]);
        let pool = PoolOptions::<Postgres>::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(bounded);
        Self { options: Box::new(options), pool }
    }

    pub(super) async fn read(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        // One snapshot for all statements, so that a board is of one version.
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(self.pool.begin_with(begin).await?)
    }

    pub(super) async fn write(&self, lock: Lock) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.pool.begin().await?;
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

    pub(super) async fn migrate(&self, migrator: &Migrator) -> Result<(), StoreError> {
        let mut connection = self.options.connect().await?;
        // sqlx holds an advisory lock meanwhile, so a second migrator waits.
        migrator.run_direct(None, &mut connection, false).await.map_err(super::schema::migration_error)?;
        connection.close().await?;
        Ok(())
    }

    pub(super) fn connections(&self) -> Connections {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        Connections { open: self.pool.size(), idle }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
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
