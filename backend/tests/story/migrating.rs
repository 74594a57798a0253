//! `portbook migrate`: what it tells, what it refuses, and the limits that it keeps to.

use crate::support::*;
use portbook::store::{MigrateLimits, SCHEMA_HEAD, SCHEMA_MIN, Store};
use serde_json::{Value, json};
use sqlx::migrate::{Migration, MigrationType};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqlSafeStr as _, SqliteConnection};
use std::process::Output;
use std::time::{Duration, Instant};

fn migrate(database: &Database, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let url = database.url();
    let environment = [environment, &[("DATABASE_URL", url.as_str())]].concat();
    run(&[&["migrate"], arguments].concat(), &environment)
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Names of steps in a report.
fn versions(steps: &Value) -> Vec<i64> {
    steps.as_array().unwrap().iter().map(|step| step["version"].as_i64().unwrap()).collect()
}

/// What another has open on the database, so that migrating waits.
enum Hold {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Hold {
    /// On Postgres a table as a reader holds it, on SQLite the file as a writer does.
    async fn on(database: &Database, table: &str) -> Self {
        let Some(file) = database.file() else {
            let mut connection = PgConnection::connect(&database.url()).await.unwrap();
            let sql = format!("BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            return Self::Postgres(connection);
        };
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        Self::Sqlite(connection)
    }

    async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

/// Whether nothing that migrates is left in the server.
async fn lock_is_free(database: &Database) -> bool {
    let locks = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    database.file().is_some() || database.number(locks).await == 0
}

#[tokio::test]
async fn a_dry_run_on_nothing_tells_all_and_makes_nothing() {
    let database = Database::empty().await;
    let plan = migrate(&database, &["--dry-run", "--json"], &[]);
    assert_eq!(plan.status.code(), Some(0), "{plan:?}");
    let plan = report(&plan);
    let kind = if database.file().is_some() { "sqlite" } else { "postgres" };
    assert_eq!(plan["database"], kind);
    assert_eq!((&plan["schema"], &plan["floor"], &plan["applied"]), (&json!(0), &json!(0), &json!([])));
    assert_eq!((&plan["head"], &plan["min"]), (&json!(SCHEMA_HEAD), &json!(SCHEMA_MIN)));
    assert_eq!(versions(&plan["pending"]), (1..=SCHEMA_HEAD).collect::<Vec<_>>());
    assert_eq!(plan["pending"][3], json!({"version": 4, "name": "ledger", "contract": false}));
    let text = migrate(&database, &["--dry-run"], &[]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("\n  4 (ledger)"), "{text:?}");
    match database.file() {
        Some(file) => assert!(!file.parent().unwrap().exists()),
        None => {
            let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
            assert_eq!(database.number(tables).await, 0);
        }
    }
}

#[tokio::test]
async fn a_dry_run_leaves_an_older_ledger_as_it_is_and_the_real_one_does_what_it_told() {
    let database = Database::at_schema(3).await;
    let before = database.file().map(|file| std::fs::read(file).unwrap());
    let plan = report(&migrate(&database, &["--dry-run", "--json"], &[]));
    assert_eq!(plan["schema"], 3);
    assert_eq!(versions(&plan["pending"]), (4..=SCHEMA_HEAD).collect::<Vec<_>>());
    assert_eq!(database.file().map(|file| std::fs::read(file).unwrap()), before);
    assert_eq!(database.number("SELECT MAX(version) FROM _sqlx_migrations").await, 3);

    let done = report(&migrate(&database, &["--json"], &[]));
    assert_eq!((&done["schema"], &done["pending"]), (&json!(SCHEMA_HEAD), &json!([])));
    assert_eq!(done["applied"], plan["pending"]);
    let again = report(&migrate(&database, &["--json"], &[]));
    assert_eq!(again["applied"], json!([]));
    let told = migrate(&database, &["--dry-run"], &[]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("nothing to do"), "{told:?}");
}

#[tokio::test]
async fn a_contract_step_that_is_not_known_is_named_and_nothing_works_on_it() {
    let ledger = Ledger::new().await;
    // What this version would otherwise do again.
    ledger.database.execute("DELETE FROM _sqlx_migrations WHERE version = 2").await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 99, 'contract_drop_smoke', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    ledger.database.execute(newer).await.unwrap();

    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 503);
    let detail = answer.json()["checks"][1]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("contract step 99 (contract_drop_smoke)"), "{detail}");
    let state = ledger.store.schema_state().await.unwrap();
    assert_eq!((state.floor, state.newest), (99, 99));

    for arguments in [&[][..], &["--json"], &["--dry-run", "--json"], &["--check"]] {
        let refused = migrate(&ledger.database, arguments, &[]);
        assert_eq!(refused.status.code(), Some(3), "{arguments:?}: {refused:?}");
        assert!(stderr(&refused).contains("99 (contract_drop_smoke)"), "{refused:?}");
        if arguments.contains(&"--json") {
            assert_eq!(report(&refused)["floor"], 99);
        }
    }
    let applied = ledger.database.number("SELECT COUNT(*) FROM _sqlx_migrations WHERE version <> 99").await;
    assert_eq!(applied, SCHEMA_HEAD - 1, "nothing was changed");
    let error = ledger.store.migrate().await.unwrap_err().to_string();
    assert!(error.contains("99 (contract_drop_smoke)"), "{error}");
    let worker = run(&["worker"], &[("DATABASE_URL", &ledger.database.url())]);
    assert_eq!(worker.status.code(), Some(3), "{worker:?}");
}

#[tokio::test]
async fn migrating_ends_at_its_time_limit_and_leaves_the_lock_free() {
    let database = Database::at_schema(3).await;
    let hold = Hold::on(&database, "projection").await;
    let began = Instant::now();
    let longer = [("PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS", "600000")];
    let late = migrate(&database, &["--time-limit", "1"], &longer);
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert_eq!(late.status.code(), Some(1), "{late:?}");
    let what = if database.file().is_some() { "waiting for the database" } else { "migration 4 (ledger)" };
    assert!(stderr(&late).contains("time limit of 1 s") && stderr(&late).contains(what), "{late:?}");
    eventually("the lock is free", || lock_is_free(&database)).await;
    assert_eq!(database.number("SELECT MAX(version) FROM _sqlx_migrations").await, 3);
    hold.release().await;
    let next = migrate(&database, &[], &[]);
    assert_eq!(next.status.code(), Some(0), "{next:?}");
}

/// On SQLite a migration has the file to itself or waits for that: no time limit but the one for all of it.
#[tokio::test]
async fn a_migration_that_waits_for_a_table_gives_up_soon_and_can_be_run_again() {
    let database = Database::at_schema(3).await;
    let hold = Hold::on(&database, "projection").await;
    let short = [("PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS", "100")];
    if database.file().is_some() {
        let url = database.url();
        let waiting = tokio::task::spawn_blocking(move || {
            run(&["migrate"], &[("DATABASE_URL", &url), ("PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS", "100")])
        });
        hold.release().await;
        assert_eq!(waiting.await.unwrap().status.code(), Some(0));
        return;
    }
    let failed = migrate(&database, &[], &short);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    for word in ["migration 4 (ledger)", "100 ms", "rolled back", "PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS"] {
        assert!(stderr(&failed).contains(word), "{word:?} is not in {failed:?}");
    }
    eventually("the lock is free", || lock_is_free(&database)).await;
    hold.release().await;
    let next = migrate(&database, &[], &short);
    assert_eq!(next.status.code(), Some(0), "{next:?}");
}

/// This version's migrations and more.
fn and(database: &Database, more: &[(i64, &'static str, &'static str, bool)]) -> Vec<Migration> {
    let more = more.iter().map(|&(version, name, sql, alone)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), alone)
    });
    database.migrations().into_iter().chain(more).collect()
}

#[tokio::test]
async fn a_migration_that_has_no_end_is_stopped_and_those_before_it_are_as_the_database_keeps_them() {
    let database = Database::migrated().await;
    let on_sqlite = database.file().is_some();
    let endless = if on_sqlite {
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"
    } else {
        "SELECT pg_sleep(600)"
    };
    let steps = and(
        &database,
        &[(90, "first", "CREATE TABLE first (a BIGINT)", false), (91, "endless", endless, false)],
    );
    let store = Store::new(&database.config());
    let limits = || MigrateLimits::new(Duration::from_secs(1), Duration::from_secs(5));
    let began = Instant::now();
    let error = store.migrate_by(&steps, &limits()).await.unwrap_err().to_string();
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert!(error.contains("migration 91 (endless) was at work; it was rolled back"), "{error}");
    assert_eq!(error.contains("applied: 90 (first)"), !on_sqlite, "{error}");
    eventually("the lock is free", || lock_is_free(&database)).await;
    let newest = store.schema_state().await.unwrap().newest;
    assert_eq!(newest, if on_sqlite { SCHEMA_HEAD } else { 90 });
    store.migrate().await.unwrap();
    store.close().await;
}

/// Each migrator that waits would hold up an index that is built while others write, if it waited in a statement.
#[tokio::test]
async fn an_index_is_built_outside_a_transaction_while_others_wait_to_migrate() {
    let database = Database::migrated().await;
    if database.file().is_some() {
        // Nothing runs outside a transaction there; the unit tests of the store refuse it.
        return;
    }
    let index = "-- no-transaction\nCREATE INDEX CONCURRENTLY an_index ON worker_heartbeat (at)";
    let steps = and(&database, &[(90, "an_index", index, true)]);
    let limits = MigrateLimits::new(Duration::from_secs(30), Duration::from_secs(5));
    let mut migrators = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (store, steps) = (Store::new(&database.config()), steps.clone());
        migrators.spawn(async move {
            let done = store.migrate_by(&steps, &limits).await;
            store.close().await;
            done.unwrap().len()
        });
    }
    assert_eq!(migrators.join_all().await.into_iter().sum::<usize>(), 1);
    let valid = "SELECT COUNT(*) FROM pg_index WHERE indexrelid = 'an_index'::regclass AND indisvalid";
    assert_eq!(database.number(valid).await, 1);
}
