//! A ledger of the first release, with data in it, is brought to the present schema.

use crate::support::*;
use evidence::Evidence;
use portbook::service::log;
use portbook::service::project::{take_up_skipped, verify_projections};
use portbook::store::Store;
use serde_json::{Value, json};

/// How the first release recorded a document.
fn recorded(document: &Value) -> String {
    let evidence: Evidence = serde_json::from_value(document.clone()).unwrap();
    let (body, sha256) = evidence.hashed();
    let (project, kind, subject) = (&evidence.project, evidence.claim.kind(), evidence.claim.subject());
    let at = evidence.occurred_at.unix_timestamp() * 1_000_000;
    format!(
        "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, occurred_at, recorded_at) \
         VALUES ('{project}', '{kind}', '{sha256}', '{subject}', '{body}', 'token', '0123456789abcdef', {at}, {at});"
    )
}

#[tokio::test]
async fn a_ledger_of_the_first_release_keeps_its_data_and_goes_on() {
    let database = Database::at_schema(2).await;
    let mut sql = "INSERT INTO token (id, secret_hash, project, scopes, created_at, expires_at) \
                   VALUES ('0123456789abcdef', 'x', 'shop', 'evidence:write', 1, 2);"
        .to_owned();
    let old = [
        commit(1, 1, &[]),
        ci(2, 1, "success"),
        image(3, 1),
        smoke(4, 1, "success"),
        published(5, 1, &["latest", "v1.0.0"]),
        deployed(6, "web", "staging", 1, "success"),
        deployed(7, "web", "prod", 1, "success"),
    ];
    old.iter().for_each(|document| sql += &recorded(document));
    // Its worker had projected all of it.
    sql += "UPDATE projection SET cursor = 7, version = 5 WHERE id = 1;";
    database.execute(&sql).await.unwrap();

    let store = Store::new(&database.config());
    store.migrate().await.unwrap();
    store.close().await;
    let ledger = Ledger::on(database, true, None);
    assert!(ledger.store.schema_state().await.unwrap().at_head());
    take_up_skipped(&ledger.store).await.unwrap();
    assert_eq!(
        ledger.project().await,
        old.len(),
        "what the first release could not project is made from the log"
    );
    let board = ledger.board_json().await;
    assert!(board["version"].as_i64().unwrap() > 5, "a page that knows version 5 sees that there is news");
    let cells = board["services"][0]["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 2);
    assert_eq!(cells[1]["version"], "1.0.1");
    assert_eq!(board["commits"][0]["ci"], "success");

    // Its server goes on until it is replaced, and appends as it always did.
    ledger.database.execute(&recorded(&commit(8, 2, &[1]))).await.unwrap();
    ledger.record(&[ci(9, 2, "success")]).await;
    assert_eq!(ledger.project().await, 2);
    assert_eq!(log::verify(&ledger.store).await.unwrap().broken, []);
    assert_eq!(verify_projections(&ledger.store).await.unwrap(), Vec::<String>::new());
    assert_eq!(ledger.board().await.commits.len(), 2);
    let again = ledger.token("shop", &["evidence:write"]).await;
    let answer = ledger.post(&again, &old).await;
    assert_eq!(statuses(&answer), vec!["duplicate"; old.len()]);
    ledger.database.execute("DELETE FROM evidence").await.unwrap_err();
}

#[tokio::test]
async fn what_services_said_before_schemas_had_a_floor_is_kept() {
    let database = Database::at_schema(4).await;
    let old = json!({"kind": "runtime_observed", "service": "web", "environment": "prod", "reachable": true,
                     "schema_version": 4});
    let old = json!({"schema": "portbook.evidence/v1", "project": "shop", "occurred_at": "2026-01-02T03:04:05Z",
                     "claim": old});
    let evidence: Evidence = serde_json::from_value(old).unwrap();
    let (_, sha256) = evidence.hashed();
    let at = evidence.occurred_at.unix_timestamp() * 1_000_000;
    let row = format!(
        "INSERT INTO runtime_fact (project, evidence, service, environment, reachable, schema_version, at) \
         VALUES ('shop', '{sha256}', 'web', 'prod', 1, 4, {at})"
    );
    database.execute(&row).await.unwrap();
    let store = Store::new(&database.config());
    store.migrate().await.unwrap();
    store.close().await;
    // The version before goes on writing until it is replaced.
    database.execute(&row.replace(&sha256, &"0".repeat(64)).replace(", 4, ", ", 5, ")).await.unwrap();
    let kept = "SELECT COUNT(*) FROM runtime_fact WHERE schema_floor IS NULL AND schema_version IN (4, 5)";
    assert_eq!(database.number(kept).await, 2);
}
