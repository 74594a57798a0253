//! Migrations, readiness, and a database that goes away.

use crate::support::*;
use portbook::store::{SCHEMA_HEAD, SCHEMA_MIN, StoreError};
use serde_json::json;
use sqlx::Connection as _;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_server_is_ready_only_when_the_schema_is_at_head() {
    let ledger = Ledger::on(Database::empty().await, true, None);
    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"], "unavailable");
    assert_eq!(answer.json()["checks"][1]["ok"], false);
    let board = ledger.get("/v1/board").await;
    board.problem(503, "unavailable");
    assert_eq!(board.header("retry-after"), "2");

    ledger.store.migrate().await.unwrap();
    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 200);
    let checks =
        json!([{"name": "database", "ok": true}, {"name": "schema", "ok": true, "detail": "6 of 6"}]);
    assert_eq!(answer.json(), json!({"status": "ready", "checks": checks}));
}

#[tokio::test]
async fn a_half_migrated_schema_is_not_ready_and_is_completed() {
    let ledger = Ledger::new().await;
    let tables = [
        "projection",
        "worker_heartbeat",
        "commit_known",
        "ci_verdict",
        "image",
        "smoke",
        "publication",
        "env_state",
    ];
    for table in tables {
        ledger.database.execute(&format!("DROP TABLE {table}")).await.unwrap();
    }
    ledger.database.execute("DELETE FROM _sqlx_migrations WHERE version = 2").await.unwrap();
    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["checks"][0]["ok"], true);
    assert!(answer.json()["checks"][1]["detail"].as_str().unwrap().contains("portbook migrate"));
    ledger.store.migrate().await.unwrap();
    assert_eq!(ledger.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn migrating_twice_and_at_the_same_time_is_safe() {
    let database = Database::empty().await;
    let url = database.url();
    let mut migrations = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        migrations.spawn_blocking(move || run(&["migrate"], &[("DATABASE_URL", &url)]));
    }
    for done in migrations.join_all().await {
        assert!(done.status.success(), "{done:?}");
    }
    let ledger = Ledger::on(database, true, None);
    ledger.store.migrate().await.unwrap();
    assert!(ledger.store.schema_state().await.unwrap().at_head());
    ledger.record(&[commit(1, 1, &[])]).await;
}

#[tokio::test]
async fn a_migration_that_was_changed_afterwards_is_refused() {
    let ledger = Ledger::new().await;
    // Any other checksum will do; the two databases only agree on how to copy one.
    let other = "UPDATE _sqlx_migrations SET checksum = (SELECT m.checksum FROM _sqlx_migrations AS m \
                 WHERE m.version = 1) WHERE version = 2";
    ledger.database.execute(other).await.unwrap();
    let error = ledger.store.migrate().await.unwrap_err().to_string();
    assert!(error.contains("migration 2") && error.contains("another text"), "{error}");
}

#[tokio::test]
async fn an_older_version_goes_on_serving_on_a_newer_schema() {
    let ledger = Ledger::new().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 99, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    ledger.database.execute(newer).await.unwrap();
    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["checks"][1]["detail"], "6 of 6, the database is ahead at 99");
    ledger.store.migrate().await.unwrap();
    let state = ledger.store.schema_state().await.unwrap();
    assert_eq!((state.at_head(), state.newest), (true, 99));
    assert_eq!(SCHEMA_HEAD, 6);
}

#[tokio::test]
async fn the_version_tells_what_the_schema_is_at_and_never_fails_for_the_databases_sake() {
    let ledger = Ledger::new().await;
    let schema = async || {
        let answer = ledger.get("/version").await;
        assert_eq!(answer.status, 200);
        answer.json()["schema"].take()
    };
    let told = |current: Option<i64>, floor: Option<i64>| json!({"min": SCHEMA_MIN, "max": SCHEMA_HEAD, "current": current, "floor": floor});
    let at_head = told(Some(SCHEMA_HEAD), Some(0));
    assert_eq!(schema().await, at_head);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 98, 'contract_drop_smoke', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    ledger.database.execute(newer).await.unwrap();
    let ahead = told(Some(98), Some(98));
    eventually("the contract step is told", || async { schema().await == ahead }).await;
    if ledger.database.file().is_none() {
        // Readers of SQLite are never held up.
        let mut holder = sqlx::PgConnection::connect(&ledger.database.url()).await.unwrap();
        let lock = sqlx::raw_sql("BEGIN; LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE");
        lock.execute(&mut holder).await.unwrap();
        eventually("it is not waited for", || async { schema().await == told(None, None) }).await;
        holder.close().await.unwrap();
        eventually("it is told again", || async { schema().await == ahead }).await;
    }
    ledger.database.take_away().await;
    eventually("it is not known", || async { schema().await == told(None, None) }).await;
}

#[tokio::test]
async fn a_vanished_database_is_a_503_and_its_return_needs_no_restart() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    assert_eq!(statuses(&ledger.post(&token, &[commit(1, 1, &[])]).await), ["recorded"]);

    ledger.database.take_away().await;
    for answer in [ledger.post(&token, &[commit(2, 2, &[1])]).await, ledger.get("/v1/board").await] {
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "2");
    }
    let answer = ledger.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert!(!answer.json().to_string().contains("ledger.db"), "the probe is open to everyone");
    assert_eq!(ledger.get("/healthz").await.status, 200);
    let error = portbook::service::project::project_next(&ledger.store).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");

    ledger.database.put_back().await;
    eventually("the server is ready again", || async { ledger.get("/readyz").await.status == 200 }).await;
    // The new database knows neither the old token nor the old evidence.
    ledger.post(&token, &[commit(2, 2, &[1])]).await.problem(401, "unknown-token");
    ledger.record(&[commit(1, 1, &[])]).await;
    assert_eq!(ledger.project().await, 1);
}
