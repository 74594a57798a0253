//! What a ledger stands on, and what can be read there past the application.

use crate::engine::Postgres;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use std::path::PathBuf;
use tempfile::TempDir;

/// A database that can be taken away.
pub enum Ground {
    Sqlite { _folder: TempDir, file: PathBuf },
    Postgres(Postgres),
}

/// What is not made from the log, or says how far making it is.
const SOURCES: [&str; 19] = [
    "_sqlx_migrations",
    "audit",
    "chain_head",
    "chain_tail",
    "delivery",
    "evidence",
    "github_repository",
    "incident_event",
    "oidc_jti",
    "oidc_trust",
    "outbox",
    "poll_lease",
    "projection",
    "sqlite_sequence",
    "token",
    "watch_registry",
    "watch_runtime",
    "watch_tag",
    "worker_heartbeat",
];

impl Ground {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/ledger.db");
        Self::Sqlite { _folder: folder, file }
    }

    /// A file in a folder that somebody else looks after.
    pub fn sqlite_in(folder: TempDir) -> Self {
        let file = folder.path().join("ledger.db");
        Self::Sqlite { _folder: folder, file }
    }

    pub async fn postgres() -> Self {
        Self::Postgres(Postgres::start(&[]).await)
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { file, .. } => format!("sqlite://{}", file.display()),
            Self::Postgres(postgres) => postgres.url(),
        }
    }

    /// The first column of what a query answers.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite { file, .. } => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let mut connection = options.connect().await.unwrap();
                let rows = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                rows
            }
            Self::Postgres(postgres) => {
                let mut connection = PgConnection::connect(&postgres.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }

    /// The one number that a query answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let texts = self.texts(&format!("SELECT CAST(({sql}) AS TEXT)")).await;
        texts[0].parse().unwrap()
    }

    pub async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite { file, .. } => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let mut connection = options.connect().await.unwrap();
                sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres(postgres) => postgres.execute(sql).await,
        }
    }

    /// All that was made from the log: each row of each table as text, in an order of their own.
    pub async fn projections(&self) -> Vec<String> {
        let tables = match self {
            Self::Sqlite { .. } => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Postgres(_) => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
            }
        };
        let mut all = Vec::new();
        for table in self.texts(tables).await {
            if SOURCES.contains(&table.as_str()) {
                continue;
            }
            let rows = match self {
                Self::Sqlite { .. } => {
                    let columns = format!("SELECT '\"' || name || '\"' FROM pragma_table_info('{table}')");
                    let columns = self.texts(&columns).await.join(", ");
                    format!("SELECT json_array({columns}) FROM {table} ORDER BY 1")
                }
                Self::Postgres(_) => format!("SELECT row_to_json(t)::text FROM {table} AS t ORDER BY 1"),
            };
            let rows = self.texts(&rows).await;
            all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
        }
        all
    }
}
