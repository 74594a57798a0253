//! Webhooks as they are kept.

use crate::support::*;
use portbook::service::intake::{Delivery, Intake};
use portbook::store::{Insertion, Lock, NewDelivery, Store, StoreError};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;

fn delivery(guid: &str, body: &str) -> Delivery {
    Delivery {
        source: "github",
        guid: guid.to_owned(),
        event: "push".to_owned(),
        action: None,
        repository_id: Some(7),
        received_at: 1_000,
        body: body.as_bytes().to_vec().into(),
        body_sha256: format!("hash of {body}"),
    }
}

#[tokio::test]
async fn a_name_is_kept_once_and_with_one_body() {
    let ledger = Ledger::new().await;
    let row = |guid: &'static str, body: &'static str| NewDelivery {
        source: "github",
        guid,
        event: "push",
        action: Some("created"),
        repository_id: None,
        received_at: 5,
        body: body.as_bytes(),
        body_sha256: body,
    };
    let mut session = ledger.store.write(Lock::None).await.unwrap();
    let batch = [row("b", "1"), row("a", "1"), row("b", "1"), row("b", "2"), row("c", "")];
    let first = session.insert_deliveries(&batch).await.unwrap();
    session.commit().await.unwrap();
    use Insertion::{Conflict, Duplicate, New};
    assert_eq!(first, [New, New, Duplicate, Conflict, New]);

    let mut session = ledger.store.write(Lock::None).await.unwrap();
    let other = NewDelivery { source: "elsewhere", ..row("a", "1") };
    let batch = [row("a", "2"), row("d", "1"), row("a", "1"), other];
    let second = session.insert_deliveries(&batch).await.unwrap();
    assert_eq!(second, [Conflict, New, Duplicate, New]);
    assert!(session.insert_deliveries(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_whose_processing_failed_is_queued_again_when_it_comes_again() {
    let ledger = Ledger::new().await;
    let intake = Intake::new(ledger.store.clone());
    for guid in ["failed", "done"] {
        assert_eq!(intake.deliver(delivery(guid, "{}")).await.unwrap(), Insertion::New);
    }
    let set = "UPDATE delivery SET attempts = 9, state = CASE guid WHEN 'failed' THEN 'failed' ELSE 'processed' END";
    ledger.database.execute(set).await.unwrap();
    for guid in ["failed", "done"] {
        assert_eq!(intake.deliver(delivery(guid, "{}")).await.unwrap(), Insertion::Duplicate);
    }
    let pending =
        "SELECT COUNT(*) FROM delivery WHERE guid = 'failed' AND state = 'pending' AND attempts = 0";
    assert_eq!(ledger.database.number(pending).await, 1);
    let done = "SELECT COUNT(*) FROM delivery WHERE guid = 'done' AND state = 'processed' AND attempts = 9";
    assert_eq!(ledger.database.number(done).await, 1);
}

#[tokio::test]
async fn several_servers_take_the_same_deliveries_at_once_and_keep_each_once() {
    let ledger = Ledger::new().await;
    let other = Store::new(&ledger.database.config());
    let intakes = [Intake::new(ledger.store.clone()), Intake::new(other.clone())];
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        for intake in intakes.clone() {
            tasks.spawn(async move { intake.deliver(delivery(&format!("guid-{number}"), "{}")).await });
        }
    }
    let mut new = 0;
    while let Some(done) = tasks.join_next().await {
        match done.unwrap().unwrap() {
            Insertion::New => new += 1,
            other => assert_eq!(other, Insertion::Duplicate),
        }
    }
    assert_eq!(new, 200);
    other.close().await;
}

#[tokio::test]
async fn a_delivery_that_the_database_refuses_takes_no_other_with_it() {
    let ledger = Ledger::new().await;
    // Stands for whatever a database may find wrong with one row.
    let refuse = if ledger.database.file().is_some() {
        "CREATE TRIGGER refuse BEFORE INSERT ON delivery WHEN new.guid = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
    } else {
        "ALTER TABLE delivery ADD CONSTRAINT refuse CHECK (guid <> 'bad')"
    };
    ledger.database.execute(refuse).await.unwrap();
    let intake = Intake::new(ledger.store.clone());
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let guid = if number == 31 { "bad".to_owned() } else { format!("good-{number}") };
        let intake = intake.clone();
        tasks.spawn(async move { (guid.clone(), intake.deliver(delivery(&guid, "{}")).await) });
    }
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            (guid, Ok(insertion)) => assert!(guid != "bad" && insertion == Insertion::New, "{guid}"),
            (guid, Err(error)) => {
                assert!(guid == "bad" && matches!(error, StoreError::Internal(_)), "{guid}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn evidence_that_comes_at_once_is_answered_each_for_itself() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let ledger = Arc::new(ledger);
    let mut tasks = JoinSet::new();
    for number in 0..40 {
        let (ledger, token) = (Arc::clone(&ledger), token.clone());
        tasks.spawn(async move {
            let own = commit(2, number, &[]);
            let again = own.clone();
            ledger.post(&token, &[own, image(1, 1_000), again, json!({"schema": "other"})]).await
        });
    }
    let answers = tasks.join_all().await;
    let mut shared = 0;
    for answer in &answers {
        let (statuses, report) = (statuses(answer), answer.json());
        assert_eq!([&statuses[0], &statuses[2], &statuses[3]], ["recorded", "duplicate", "rejected"]);
        let sha256 = &report["results"][0]["sha256"];
        assert!(sha256.is_string() && *sha256 == report["results"][2]["sha256"], "{report}");
        shared += usize::from(statuses[1] == "recorded");
    }
    assert_eq!(shared, 1, "the document that all of them bring is new once");
    assert_eq!(ledger.database.number("SELECT COUNT(*) FROM evidence").await, 41);
    assert_eq!(portbook::service::log::verify(&ledger.store).await.unwrap().broken, []);
}
