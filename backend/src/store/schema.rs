//! The schema's versions: what this binary brings, and what the database has.

use super::session::Param;
use super::{Backend, MigrateLimits, Session, Store, StoreError};
use serde::Serialize;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};

type Source = (i64, &'static str, &'static str);

macro_rules! migrations {
    ($folder:literal) => {
        &[
            (1, "evidence", include_str!(concat!("../../migrations/", $folder, "/0001_evidence.sql"))),
            (2, "board", include_str!(concat!("../../migrations/", $folder, "/0002_board.sql"))),
            (3, "log", include_str!(concat!("../../migrations/", $folder, "/0003_log.sql"))),
            (4, "ledger", include_str!(concat!("../../migrations/", $folder, "/0004_ledger.sql"))),
            (
                5,
                "schema_floor",
                include_str!(concat!("../../migrations/", $folder, "/0005_schema_floor.sql")),
            ),
            (6, "policy", include_str!(concat!("../../migrations/", $folder, "/0006_policy.sql"))),
        ]
    };
}

const SQLITE: &[Source] = migrations!("sqlite");
const POSTGRES: &[Source] = migrations!("postgres");

/// The oldest schema that this binary can run on.
pub const SCHEMA_MIN: i64 = number(include_str!("../../migrations/oldest"));

/// The schema that this binary's migrations lead to.
pub const SCHEMA_HEAD: i64 = SQLITE[SQLITE.len() - 1].0;

/// How a contract step's name begins: after it, older versions of the program can no longer work.
const CONTRACT: &str = "contract_";

/// The first line of a migration that cannot run in a transaction.
const NO_TRANSACTION: &str = "-- no-transaction";

/// All that a database says of the migrations that were made.
pub(super) const APPLIED: &str =
    "SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version";

const fn number(text: &str) -> i64 {
    match i64::from_str_radix(text.trim_ascii(), 10) {
        Ok(number) => number,
        Err(_) => panic!("backend/migrations/oldest holds no number"),
    }
}

/// One migration, by its number and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number, which is the schema that it leads to.
    pub version: i64,
    /// What its file is called, without number and ending.
    pub name: String,
    /// Whether older versions of the program can no longer work after it.
    pub contract: bool,
}

impl Step {
    pub(super) fn new(version: i64, name: &str) -> Self {
        Self { version, name: name.to_owned(), contract: name.starts_with(CONTRACT) }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.version, self.name)
    }
}

/// How the database's schema stands to this binary's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// How many of this binary's migrations the database has.
    pub applied: usize,
    /// How many migrations this binary brings.
    pub known: usize,
    /// The newest migration that the database has; 0 if it has none.
    pub newest: i64,
    /// The newest contract step that the database has; 0 if it has none.
    pub floor: i64,
    /// This binary's migrations that the database does not have yet, in order.
    pub pending: Vec<Step>,
    /// Contract steps that the database has and this binary does not know, in order.
    pub unknown: Vec<Step>,
}

impl SchemaState {
    fn new(sources: &[Source], applied: &[Step]) -> Self {
        let has = |version: i64| applied.iter().any(|step| step.version == version);
        let pending = sources.iter().filter(|(version, ..)| !has(*version));
        let pending: Vec<Step> = pending.map(|(version, name, _)| Step::new(*version, name)).collect();
        let contracts = || applied.iter().filter(|step| step.contract);
        Self {
            applied: sources.len() - pending.len(),
            known: sources.len(),
            newest: applied.last().map_or(0, |step| step.version),
            floor: contracts().next_back().map_or(0, |step| step.version),
            pending,
            unknown: contracts().filter(|step| step.version > SCHEMA_HEAD).cloned().collect(),
        }
    }

    /// Whether nothing is left to do. A database that is ahead of this binary counts as at head: during a
    /// deployment the old version goes on serving after the new one has migrated.
    pub fn at_head(&self) -> bool {
        self.applied == self.known
    }

    /// That this binary may work on the database, at once or after it has migrated.
    ///
    /// # Errors
    /// When a contract step was made that it does not know.
    pub fn check_floor(&self) -> Result<(), StoreError> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.unknown.iter().map(Step::to_string).collect();
        let (steps, names) = (if names.len() == 1 { "step" } else { "steps" }, names.join(", "));
        Err(StoreError::Ahead(format!(
            "the database has the contract {steps} {names}, which this version does not know: it brings the schema \
             {SCHEMA_HEAD}. Run a version that knows {floor}",
            floor = self.floor
        )))
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
    /// Brings the schema to head within the usual limits.
    ///
    /// # Errors
    /// As of [`Store::migrate_within`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_within(&MigrateLimits::default()).await.map(drop)
    }

    /// Brings the schema to head, and answers what was done; nothing if it is there. Safe when several do it at once.
    ///
    /// # Errors
    /// When the database cannot be reached or created, has a contract step that this binary does not know, or a
    /// migration fails or comes to a limit; then it is rolled back.
    pub async fn migrate_within(&self, limits: &MigrateLimits) -> Result<Vec<Step>, StoreError> {
        self.migrate_by(&migrations(self.sources()), limits).await
    }

    /// The same by any migrations, which need not be this binary's.
    ///
    /// # Errors
    /// As of [`Store::migrate_within`].
    pub async fn migrate_by(
        &self,
        migrations: &[Migration],
        limits: &MigrateLimits,
    ) -> Result<Vec<Step>, StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) => database.migrate(migrations, limits).await,
            Backend::Postgres(database) => database.migrate(migrations, limits).await,
        }
    }

    /// How the database's schema stands to this binary's.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let mut session = self.read().await?;
        let applied = match session.applied_migrations().await {
            Ok(applied) => applied,
            // Not even sqlx's own table: an empty database.
            Err(StoreError::Schema(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(SchemaState::new(self.sources(), &applied))
    }

    /// The same before there need be a database: a SQLite file that does not exist yet has an empty schema.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn schema_to_be(&self) -> Result<SchemaState, StoreError> {
        match &*self.backend {
            Backend::Sqlite(database) if !database.exists()? => Ok(SchemaState::new(SQLITE, &[])),
            _ => self.schema_state().await,
        }
    }

    fn sources(&self) -> &'static [Source] {
        match &*self.backend {
            Backend::Sqlite(_) => SQLITE,
            Backend::Postgres(_) => POSTGRES,
        }
    }
}

impl Session {
    async fn applied_migrations(&mut self) -> Result<Vec<Step>, StoreError> {
        let params: [Param<'_>; 0] = [];
        let rows = self.rows(APPLIED, &params).await?;
        rows.iter().map(|row| Ok(Step::new(row.int(0)?, &row.text(1)?))).collect()
    }
}

/// That no contract step was made that this binary does not know, by the rows of [`APPLIED`].
pub(super) fn check_floor(rows: &[(i64, String)]) -> Result<(), StoreError> {
    let applied: Vec<Step> = rows.iter().map(|(version, name)| Step::new(*version, name)).collect();
    SchemaState::new(&[], &applied).check_floor()
}

fn migrations(sources: &[Source]) -> Vec<Migration> {
    let migration = |&(version, name, sql): &Source| {
        let alone = needs_no_transaction(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), alone)
    };
    sources.iter().map(migration).collect()
}

fn needs_no_transaction(sql: &str) -> bool {
    sql.lines().next().is_some_and(|line| line.trim_end() == NO_TRANSACTION)
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

    #[test]
    fn both_databases_have_the_same_steps_and_the_oldest_schema_is_one_of_them() {
        let steps = |sources: &[Source]| -> Vec<Step> {
            sources.iter().map(|(version, name, _)| Step::new(*version, name)).collect()
        };
        assert_eq!(steps(SQLITE), steps(POSTGRES));
        let newest_contract =
            steps(SQLITE).iter().filter(|step| step.contract).map(|step| step.version).max();
        assert!((newest_contract.unwrap_or(1)..=SCHEMA_HEAD).contains(&SCHEMA_MIN), "{SCHEMA_MIN}");
    }

    /// Its migrations run in one transaction, which is what makes a second migrator wait.
    #[test]
    fn no_migration_of_sqlite_asks_for_no_transaction() {
        for (version, name, sql) in SQLITE {
            let place = format!("backend/migrations/sqlite/{version:04}_{name}.sql");
            assert!(
                !needs_no_transaction(sql),
                "{place}: {NO_TRANSACTION:?} is for Postgres only; take it away"
            );
        }
    }

    #[test]
    fn only_the_first_line_asks_for_no_transaction() {
        let alone = "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\n";
        assert!(needs_no_transaction(alone) && migrations(&[(1, "i", alone)])[0].no_tx);
        assert!(!needs_no_transaction("-- An index.\n-- no-transaction\nCREATE INDEX i ON t (a);"));
        assert!(!needs_no_transaction(""));
    }

    #[test]
    fn the_floor_is_the_newest_contract_step_and_an_unknown_one_is_named() {
        let applied = |steps: &[(i64, &str)]| -> Vec<Step> {
            steps.iter().map(|(version, name)| Step::new(*version, name)).collect()
        };
        let sources: &[Source] = &[(1, "a", ""), (2, "contract_drop_b", ""), (SCHEMA_HEAD, "c", "")];
        let behind = SchemaState::new(sources, &applied(&[(1, "a"), (2, "contract_drop_b")]));
        assert_eq!((behind.newest, behind.floor, behind.at_head()), (2, 2, false));
        assert_eq!(behind.pending, [Step::new(SCHEMA_HEAD, "c")]);
        assert!(behind.check_floor().is_ok());

        let known = [(1, "a"), (2, "contract_drop_b"), (SCHEMA_HEAD, "c")];
        let newer = [&known[..], &[(98, "wider"), (99, "contract_drop_d")]].concat();
        let ahead = SchemaState::new(sources, &applied(&newer[..4]));
        assert_eq!((ahead.newest, ahead.floor, ahead.at_head()), (98, 2, true));
        assert!(ahead.check_floor().is_ok(), "nothing that this version needs has gone");
        let beyond = SchemaState::new(sources, &applied(&newer));
        assert_eq!((beyond.newest, beyond.floor, beyond.at_head()), (99, 99, true));
        let error = beyond.check_floor().unwrap_err().to_string();
        assert!(error.contains("contract step 99 (contract_drop_d)"), "{error}");
    }
}
