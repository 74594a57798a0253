//! The schema's versions: what this binary brings, and what the database has.

use super::session::Param;
use super::{Backend, Session, Store, StoreError};
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

type Source = (i64, &'static str, &'static str);

macro_rules! migrations {
    ($folder:literal) => {
        &[
            (1, "evidence", include_str!(concat!("../../migrations/", $folder, "/0001_evidence.sql"))),
            (2, "board", include_str!(concat!("../../migrations/", $folder, "/0002_board.sql"))),
            (3, "log", include_str!(concat!("../../migrations/", $folder, "/0003_log.sql"))),
            (4, "ledger", include_str!(concat!("../../migrations/", $folder, "/0004_ledger.sql"))),
        ]
    };
}

const SQLITE: &[Source] = migrations!("sqlite");
const POSTGRES: &[Source] = migrations!("postgres");

/// The oldest schema that this binary can run on.
pub const SCHEMA_MIN: i64 = 4;

/// The schema that this binary's migrations lead to.
pub const SCHEMA_HEAD: i64 = SQLITE[SQLITE.len() - 1].0;

/// How the database's schema stands to this binary's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// How many of this binary's migrations the database has.
    pub applied: usize,
    /// How many migrations this binary brings.
    pub known: usize,
    /// The newest migration that the database has; 0 if it has none.
    pub newest: i64,
}

impl SchemaState {
    /// Whether nothing is left to do. A database that is ahead of this binary counts as at head: during a
    /// deployment the old version goes on serving after the new one has migrated.
    pub fn at_head(self) -> bool {
        self.applied == self.known
    }
}

impl std::fmt::Display for SchemaState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.applied, self.known)?;
        if self.newest > SCHEMA_HEAD {
            write!(f, ", the database is ahead at {}", self.newest)?;
        }
        Ok(())
    }
}

impl Store {
    /// Brings the schema to head; does nothing if it is there. Safe when several do it at once.
    ///
    /// # Errors
    /// When the database cannot be reached or created, or a migration fails; then it is rolled back.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) => database.migrate(&migrator(SQLITE)).await,
            Backend::Postgres(database) => database.migrate(&migrator(POSTGRES)).await,
        }
    }

    /// How the database's schema stands to this binary's.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let mut session = self.read().await?;
        let known = match &session {
            Session::Sqlite(_) => SQLITE.len(),
            Session::Postgres(_) => POSTGRES.len(),
        };
        let applied = match session.applied_migrations().await {
            Ok(applied) => applied,
            // Not even sqlx's own table: an empty database.
            Err(StoreError::Schema(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(SchemaState {
            applied: applied.iter().filter(|version| **version <= SCHEMA_HEAD).count(),
            known,
            newest: applied.last().copied().unwrap_or_default(),
        })
    }
}

impl Session {
    async fn applied_migrations(&mut self) -> Result<Vec<i64>, StoreError> {
        let params: [Param<'_>; 0] = [];
        let sql = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        self.rows(sql, &params).await?.iter().map(|row| row.int(0)).collect()
    }
}

fn migrator(sources: &[Source]) -> Migrator {
    let migrations = sources
        .iter()
        .map(|&(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    // An older image's one-off `migrate` runs during a rollback, on a schema that is ahead of it.
    migrator.set_ignore_missing(true);
    migrator
}

pub(super) fn migration_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => StoreError::from(error),
        MigrateError::ExecuteMigration(error, version) => {
            StoreError::Internal(format!("migration {version} failed and was rolled back: {error}"))
        }
        MigrateError::VersionMismatch(version) => StoreError::Internal(format!(
            "migration {version} was applied with another text than this binary brings; \
             restore the text it was released with, and add a new migration instead"
        )),
        other => StoreError::Internal(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_migration_file_is_embedded_under_its_number_and_name() {
        for (folder, sources) in [("sqlite", SQLITE), ("postgres", POSTGRES)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let mut files: Vec<_> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let embedded: Vec<_> =
                sources.iter().map(|(version, name, _)| format!("{version:04}_{name}.sql")).collect();
            assert_eq!(files, embedded, "migrations/{folder}");
        }
    }
}
