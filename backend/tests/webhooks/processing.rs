//! What the worker does with deliveries, when all goes well and when it does not.

use crate::hub::Hub;
use crate::samples;
use portbook::service::{clock, delivery, log};
use portbook::store::{Lock, NewDelivery, Store};
use serde_json::{Value, json};

/// Keeps a delivery past the checks of the request.
async fn keep(hub: &Hub, event: &str, guid: &str, body: &[u8]) {
    let new = NewDelivery {
        source: "github",
        guid,
        event,
        action: None,
        repository_id: i64::try_from(samples::REPOSITORY_ID).ok(),
        received_at: clock::now(),
        body,
        body_sha256: guid,
    };
    let mut session = hub.ledger.store.write(Lock::None).await.unwrap();
    session.insert_deliveries(&[new]).await.unwrap();
    session.commit().await.unwrap();
}

fn job(number: u64) -> Value {
    let mut body = samples::workflow_job("completed", 1, 1);
    body["workflow_job"]["id"] = json!(number);
    body
}

#[tokio::test]
async fn what_cannot_be_read_is_tried_again_ever_later_and_then_given_up() {
    let hub = Hub::connected().await;
    keep(&hub, "push", "broken", b"{").await;
    hub.deliver("workflow_job", "sound", &job(1)).await;
    let processed = hub.process().await;
    assert_eq!((processed.deliveries, processed.recorded, processed.failed), (2, 1, 1));
    let mut pauses = Vec::new();
    for attempts in 1..5 {
        let now = clock::now();
        let waits = format!(
            "SELECT next_attempt_at - {now} FROM delivery \
             WHERE guid = 'broken' AND state = 'pending' AND attempts = {attempts} AND error IS NOT NULL"
        );
        pauses.push(hub.number(&waits).await);
        assert_eq!(hub.process().await.deliveries, 0, "it is not due yet");
        hub.ledger.database.execute("UPDATE delivery SET next_attempt_at = 0").await.unwrap();
        assert_eq!(hub.process().await.failed, 1);
    }
    assert!(pauses.is_sorted() && pauses[0] > 0 && pauses[3] < 3_600_000_000, "{pauses:?}");
    let given_up = "SELECT COUNT(*) FROM delivery WHERE state = 'failed' AND attempts = 5 \
                    AND error LIKE 'the body is not JSON%'";
    assert_eq!(hub.number(given_up).await, 1);
    hub.ledger.database.execute("UPDATE delivery SET next_attempt_at = 0").await.unwrap();
    assert_eq!(hub.process().await.deliveries, 0);
}

#[tokio::test]
async fn one_that_the_database_refuses_holds_up_no_other() {
    let hub = Hub::connected().await;
    // Stands for whatever a database may find wrong with one fact.
    let bad = samples::sha(0xbad);
    let refuse = if hub.ledger.database.file().is_some() {
        format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON evidence WHEN new.subject = '{bad}' BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    } else {
        format!("ALTER TABLE evidence ADD CONSTRAINT refuse CHECK (subject <> '{bad}')")
    };
    hub.ledger.database.execute(&refuse).await.unwrap();
    for number in 0..20 {
        let mut body = job(number);
        if number == 7 {
            body["workflow_job"]["head_sha"] = json!(bad);
        }
        hub.deliver("workflow_job", &format!("guid-{number}"), &body).await;
    }
    let processed = hub.process().await;
    assert_eq!((processed.deliveries, processed.recorded, processed.failed), (20, 19, 1));
    let waits = "SELECT COUNT(*) FROM delivery WHERE guid = 'guid-7' AND state = 'pending' AND attempts = 1 \
                 AND error IS NOT NULL";
    assert_eq!(hub.number(waits).await, 1);
    assert_eq!(hub.deliveries("processed").await, 19);
    assert_eq!(log::verify(&hub.ledger.store).await.unwrap().broken, []);
}

#[tokio::test]
async fn several_workers_take_each_delivery_once() {
    let hub = Hub::connected().await;
    for number in 0..900 {
        keep(&hub, "workflow_job", &format!("guid-{number}"), job(number).to_string().as_bytes()).await;
    }
    let stores = [(); 3].map(|()| Store::new(&hub.ledger.database.config()));
    let workers = stores.clone().map(|store| {
        tokio::spawn(async move {
            let (mut deliveries, mut idle) = (0, 0);
            // One that finds nothing may only have come while the others hold everything.
            while idle < 3 {
                match delivery::process_next(&store).await.unwrap().deliveries {
                    0 => idle += 1,
                    some => deliveries += some,
                }
            }
            deliveries
        })
    });
    let mut deliveries = 0;
    for worker in workers {
        deliveries += worker.await.unwrap();
    }
    deliveries += hub.process().await.deliveries;
    assert_eq!(deliveries, 900);
    assert_eq!(hub.deliveries("processed").await, 900);
    assert_eq!(hub.number("SELECT COUNT(*) FROM evidence").await, 900);
    assert_eq!(hub.number("SELECT MAX(attempts) FROM delivery").await, 1);
    assert_eq!(log::verify(&hub.ledger.store).await.unwrap().broken, []);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn large_deliveries_are_taken_a_few_at_a_time() {
    let hub = Hub::connected().await;
    let mut body = samples::push("refs/heads/main");
    body["padding"] = json!("x".repeat(9 * 1024 * 1024));
    for number in 0..3 {
        keep(&hub, "push", &format!("guid-{number}"), body.to_string().as_bytes()).await;
    }
    let first = delivery::process_next(&hub.ledger.store).await.unwrap();
    assert_eq!(first.deliveries, 2, "16 MiB are enough for one transaction");
    assert_eq!(hub.process().await.deliveries, 1);
}
