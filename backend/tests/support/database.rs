//! A database of one's own.

use super::postgres::PostgresDatabase;
use portbook::config::{DatabaseConfig, Reader};
use portbook::store::Store;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlSafeStr as _};
use std::ffi::OsString;
use std::path::PathBuf;
use tempfile::TempDir;

/// A SQLite file in a folder of its own, or a database in a Postgres server; gone when dropped.
pub enum Database {
    Sqlite(TempDir),
    Postgres(PostgresDatabase),
}

impl Database {
    /// One without any schema; in SQLite's case not even a file.
    pub async fn empty() -> Self {
        if on_postgres() {
            Self::Postgres(PostgresDatabase::create(None).await)
        } else {
            Self::Sqlite(tempfile::tempdir().unwrap())
        }
    }

    /// One with the schema at head.
    pub async fn migrated() -> Self {
        if on_postgres() {
            let template = super::postgres::template().await;
            return Self::Postgres(PostgresDatabase::create(Some(&template)).await);
        }
        let database = Self::Sqlite(tempfile::tempdir().unwrap());
        let store = Store::new(&database.config());
        store.migrate().await.unwrap();
        store.close().await;
        database
    }

    /// One as an older release left it, made by the migrations up to that one.
    pub async fn at_schema(version: i64) -> Self {
        let database = Self::empty().await;
        let migrator = Migrator::with_migrations(
            database.migrations().into_iter().filter(|migration| migration.version <= version).collect(),
        );
        if let Some(file) = database.file() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true)
                .foreign_keys(true);
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql("PRAGMA journal_mode = wal").execute(&mut connection).await.unwrap();
            migrator.run_direct(None, &mut connection, false).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&database.url()).await.unwrap();
            migrator.run_direct(None, &mut connection, false).await.unwrap();
            connection.close().await.unwrap();
        }
        database
    }

    /// The migrations in the folder of this kind of database, in order.
    pub fn migrations(&self) -> Vec<Migration> {
        let folder = if self.file().is_some() { "sqlite" } else { "postgres" };
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let migration = |path: PathBuf| {
            let (version, name) = path.file_stem().unwrap().to_str().unwrap().split_once('_').unwrap();
            let sql = AssertSqlSafe(std::fs::read_to_string(&path).unwrap()).into_sql_str();
            let (version, name) = (version.parse().unwrap(), name.to_owned());
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        };
        files.into_iter().map(migration).collect()
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite://{}", self.file().unwrap().display()),
            Self::Postgres(database) => database.url(),
        }
    }

    /// The SQLite file.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(folder) => Some(folder.path().join("data/ledger.db")),
            Self::Postgres(_) => None,
        }
    }

    pub fn config(&self) -> DatabaseConfig {
        let environment = |name: &str| (name == "DATABASE_URL").then(|| OsString::from(self.url()));
        let reader = Reader::new(&environment);
        let config = DatabaseConfig::read(&reader);
        reader.finish().unwrap();
        config
    }

    /// Runs any statement, past the application.
    pub async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(_) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file().unwrap());
                let pool = sqlx::SqlitePool::connect_with(options).await?;
                sql.execute(&pool).await?;
                pool.close().await;
            }
            Self::Postgres(database) => {
                let pool = sqlx::PgPool::connect(&database.url()).await?;
                sql.execute(&pool).await?;
                pool.close().await;
            }
        }
        Ok(())
    }

    /// The one number that a query answers, past the application.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(_) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file().unwrap());
                let mut connection = options.connect().await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Self::Postgres(database) => {
                let mut connection = sqlx::PgConnection::connect(&database.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// The rows of any query with one column of text, past the application.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(_) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.file().unwrap());
                let mut connection = options.connect().await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
            Self::Postgres(database) => {
                let mut connection = sqlx::PgConnection::connect(&database.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }

    /// Makes the database vanish under open connections.
    pub async fn take_away(&self) {
        match self {
            Self::Sqlite(folder) => std::fs::remove_dir_all(folder.path().join("data")).unwrap(),
            Self::Postgres(database) => database.drop_now().await,
        }
    }

    /// Puts a migrated, empty one where the vanished one was.
    pub async fn put_back(&self) {
        if let Self::Postgres(database) = self {
            let template = super::postgres::template().await;
            database.create_again(&template).await;
            return;
        }
        let store = Store::new(&self.config());
        store.migrate().await.unwrap();
        store.close().await;
    }
}

fn on_postgres() -> bool {
    match std::env::var("PORTBOOK_TEST_DB").as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("PORTBOOK_TEST_DB is {other:?}, expected `sqlite` or `postgres`"),
    }
}
