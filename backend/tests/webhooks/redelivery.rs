//! What GitHub could not deliver is asked for.

use crate::api::ApiServer;
use crate::hub::Hub;
use crate::samples::{self, REPOSITORY};
use portbook::service::clock;
use portbook::service::github_redeliver::redeliver;
use portbook::store::Store;
use serde_json::{Value, json};

const HOOK: u64 = 77_001;

fn hook(id: u64, active: bool, url: &str) -> Value {
    let mut hook = samples::ping()["hook"].clone();
    hook["id"] = json!(id);
    hook["active"] = json!(active);
    hook["config"]["url"] = json!(url);
    hook
}

/// An attempt, minutes ago.
fn attempt(id: u64, guid: &str, minutes: i64, status_code: u16) -> Value {
    json!({
        "id": id, "guid": guid, "delivered_at": clock::rfc3339(clock::now() - minutes * 60_000_000).unwrap(),
        "redelivery": false, "duration": 0.27, "status": if status_code == 200 { "OK" } else { "Invalid HTTP Response" },
        "status_code": status_code, "event": "workflow_run", "action": "completed", "installation_id": null,
        "repository_id": samples::REPOSITORY_ID, "url": "", "throttled_at": null
    })
}

async fn server(attempts: Vec<Value>) -> ApiServer {
    let server = ApiServer::start().await;
    let hooks = vec![
        hook(HOOK, true, "https://ledger.harbour.example/v1/hooks/github"),
        hook(77_002, false, "https://old.harbour.example/v1/hooks/github"),
        hook(77_003, true, "https://chat.harbour.example/hooks"),
    ];
    server.with(|api| {
        api.lists.insert(format!("/repos/{REPOSITORY}/hooks"), hooks);
        for attempt in &attempts {
            let path = format!("/repos/{REPOSITORY}/hooks/{HOOK}/deliveries/{}", attempt["id"]);
            api.things.insert(path, attempt.clone());
        }
        api.lists.insert(format!("/repos/{REPOSITORY}/hooks/{HOOK}/deliveries"), attempts);
        api.page_size = 3;
    });
    server
}

fn posted(asked: &[(String, u16)]) -> Vec<String> {
    let posts = asked.iter().filter_map(|(what, status)| {
        let path = what.strip_prefix("POST ")?;
        assert_eq!(*status, 202, "{path}");
        Some(path.rsplit('/').nth(1)?.to_owned())
    });
    posts.collect()
}

async fn let_it_be_due(hub: &Hub) {
    hub.ledger.database.execute("UPDATE poll_lease SET until = 0").await.unwrap();
}

#[tokio::test]
async fn what_came_through_in_no_attempt_is_asked_for_by_its_newest() {
    let hub = Hub::connected().await;
    let body = samples::workflow_run("completed", 1);
    hub.deliver("workflow_run", "answer-lost", &body).await;
    let server = server(vec![
        attempt(10, "just-now", 0, 503),
        attempt(9, "fine", 5, 200),
        attempt(8, "second-try", 8, 200),
        attempt(7, "twice-failed", 15, 503),
        attempt(6, "no-such-event", 16, 422),
        attempt(5, "answer-lost", 18, 504),
        attempt(4, "second-try", 20, 503),
        attempt(3, "twice-failed", 30, 0),
        attempt(2, "wrong-secret", 40, 401),
        attempt(1, "too-old", 5000, 503),
    ])
    .await;
    let github = server.client();
    assert_eq!(redeliver(&hub.ledger.store, &github, "a").await.unwrap(), 2);
    let asked = server.asked();
    // The oldest first.
    assert_eq!(posted(&asked), ["2", "7"]);
    assert!(
        asked.iter().all(|(what, _)| !what.contains("/77002/") && !what.contains("/77003/")),
        "{asked:?}"
    );

    assert_eq!(redeliver(&hub.ledger.store, &github, "b").await.unwrap(), 0);
    assert_eq!(server.asked(), [], "it is not due");
    // GitHub delivers them, and nothing is missing any more.
    for guid in ["wrong-secret", "twice-failed", "just-now"] {
        hub.deliver("workflow_run", guid, &body).await;
    }
    let_it_be_due(&hub).await;
    assert_eq!(redeliver(&hub.ledger.store, &github, "b").await.unwrap(), 0);
    assert_eq!(posted(&server.asked()), [""; 0]);
    // What lies before the oldest that was missing is not looked through again.
    let_it_be_due(&hub).await;
    redeliver(&hub.ledger.store, &github, "a").await.unwrap();
    assert_eq!(server.asked().len(), 3, "the webhooks, and the pages of the last quarter of an hour");
}

#[tokio::test]
async fn what_fails_again_is_asked_for_ever_less_often() {
    let hub = Hub::connected().await;
    for (minutes, expected) in [(9, 0), (11, 1)] {
        let attempts = vec![attempt(2, "failing", minutes, 503), attempt(1, "failing", 30, 503)];
        let server = server(attempts).await;
        let_it_be_due(&hub).await;
        assert_eq!(redeliver(&hub.ledger.store, &server.client(), "a").await.unwrap(), expected, "{minutes}");
    }
}

#[tokio::test]
async fn several_workers_ask_once() {
    let hub = Hub::connected().await;
    let server = server(vec![attempt(1, "failed", 30, 503)]).await;
    let stores = [(); 3].map(|()| Store::new(&hub.ledger.database.config()));
    let workers: Vec<_> = stores
        .iter()
        .zip(["a", "b", "c"])
        .map(|(store, name)| {
            let (store, github) = (store.clone(), server.client());
            tokio::spawn(async move { redeliver(&store, &github, name).await.unwrap() })
        })
        .collect();
    let mut found = 0;
    for worker in workers {
        found += worker.await.unwrap();
    }
    assert_eq!(found, 1);
    assert_eq!(posted(&server.asked()), ["1"]);
    for store in stores {
        store.close().await;
    }
}

#[tokio::test]
async fn a_worker_that_dies_meanwhile_is_followed_by_another() {
    let hub = Hub::connected().await;
    let server = server(vec![attempt(1, "failed", 30, 503)]).await;
    let mut session = hub.ledger.store.write(portbook::store::Lock::None).await.unwrap();
    let lease = format!("github.redeliver:{}", samples::REPOSITORY_ID);
    let now = clock::now();
    assert_eq!(session.take_due(&lease, "dead", now, now + 1_000_000_000).await.unwrap(), Some(None));
    session.commit().await.unwrap();
    assert_eq!(redeliver(&hub.ledger.store, &server.client(), "alive").await.unwrap(), 0);
    let_it_be_due(&hub).await;
    assert_eq!(redeliver(&hub.ledger.store, &server.client(), "alive").await.unwrap(), 1);
    // What the first one would still write is not taken.
    let mut session = hub.ledger.store.write(portbook::store::Lock::None).await.unwrap();
    assert!(!session.put_off(&lease, "dead", 0, None).await.unwrap());
}
