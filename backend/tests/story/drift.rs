//! What runs is compared with what is said to have been deployed.

use crate::support::*;
use axum::Json;
use axum::routing::get;
use evidence::Timestamp;
use portbook::net::Client;
use portbook::service::watch::look_at_runtimes;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

const SECOND: i64 = 1_000_000;

/// A service in production that says what it runs, and a ledger that watches it.
struct Watched {
    ledger: Ledger,
    client: Client,
    says: Arc<Mutex<u32>>,
}

impl Watched {
    async fn saying(number: u32) -> Self {
        let says = Arc::new(Mutex::new(number));
        let answer = Arc::clone(&says);
        let version = get(async move || Json(json!({"image_digest": digest(*answer.lock().unwrap())})));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/version", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/version", version);
        tokio::spawn(portbook::http::serve(listener, router, std::future::pending()));
        let ledger = Ledger::new().await;
        let watch = format!(
            "INSERT INTO watch_runtime (id, project, service, environment, url, next_at) \
             VALUES ('w', 'shop', 'web', 'prod', '{url}', 0)"
        );
        ledger.database.execute(&watch).await.unwrap();
        Self { ledger, client: Client::new(None).unwrap(), says }
    }

    fn say(&self, number: u32) {
        *self.says.lock().unwrap() = number;
    }

    async fn deployed(&self, at: u32, number: u32) {
        self.ledger.record(&[deployed(at, "web", "prod", number, "success")]).await;
        self.ledger.project().await;
    }

    /// Looks every 15 seconds from one minute to another.
    async fn watch(&self, from: u32, to: u32) {
        let now = |at: u32| minute(at).parse::<Timestamp>().unwrap().micros();
        let mut at = now(from);
        while at < now(to) {
            let interval = Duration::from_secs(15);
            look_at_runtimes(&self.ledger.store, &self.client, interval, at).await.unwrap();
            at += 5 * SECOND;
        }
        self.ledger.project().await;
    }

    /// The incidents of R5, oldest first: the code, the digest, and whether it lasts.
    async fn incidents(&self) -> Vec<(String, Value, bool)> {
        let found = self.ledger.get("/v1/incidents?rule=R5&state=all").await.json();
        let incidents = found["incidents"].as_array().unwrap().iter().rev();
        incidents
            .map(|it| {
                (it["code"].as_str().unwrap().to_owned(), it["digest"].clone(), it["resolved_at"].is_null())
            })
            .collect()
    }
}

fn incident(code: &str, number: u32, lasts: bool) -> (String, Value, bool) {
    (code.to_owned(), digest(number).into(), lasts)
}

#[tokio::test]
async fn a_deployment_that_is_said_to_be_and_changes_nothing_is_found_out() {
    let watched = Watched::saying(1).await;
    watched.deployed(0, 1).await;
    watched.watch(1, 5).await;
    assert_eq!(watched.incidents().await, []);
    // Nothing that the service says is different from before.
    watched.deployed(10, 2).await;
    watched.watch(11, 15).await;
    assert_eq!(watched.incidents().await, [incident("drift", 1, true)]);
    watched.say(2);
    watched.watch(15, 20).await;
    assert_eq!(watched.incidents().await, [incident("drift", 1, false)]);
}

#[tokio::test]
async fn an_image_that_nobody_deployed_is_found_out() {
    let watched = Watched::saying(1).await;
    watched.deployed(0, 1).await;
    watched.watch(1, 5).await;
    watched.say(7);
    watched.watch(5, 10).await;
    assert_eq!(watched.incidents().await, [incident("undeployed-image", 7, true)]);
    // Somebody tells the ledger what was done.
    watched.deployed(12, 7).await;
    watched.watch(13, 20).await;
    assert_eq!(watched.incidents().await, [incident("undeployed-image", 7, false)]);
}

#[tokio::test]
async fn what_did_its_work_is_looked_at_a_few_times_and_no_more() {
    let watched = Watched::saying(1).await;
    watched.deployed(0, 1).await;
    watched.watch(1, 10).await;
    watched.say(2);
    watched.deployed(10, 2).await;
    watched.watch(11, 20).await;
    assert_eq!(watched.incidents().await, []);
    let observed = "SELECT COUNT(*) FROM evidence WHERE kind = 'runtime_observed'";
    assert_eq!(watched.ledger.database.number(observed).await, 4);
    watched.deployed(30, 2).await;
    watched.watch(31, 50).await;
    assert_eq!(watched.ledger.database.number(observed).await, 6);
}
