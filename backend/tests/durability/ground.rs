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
}
