//! What runs, as the services say themselves.

use crate::support::web::Web;
use crate::support::*;
use portbook::net::Client;
use portbook::service::admin::Keeper;
use portbook::service::{clock, watch};
use serde_json::{Value, json};
use std::time::Duration;

const SECOND: i64 = 1_000_000;
const INTERVAL: Duration = Duration::from_secs(15);

/// A ledger that watches one service.
struct Watched {
    ledger: Ledger,
    client: Client,
    web: Web,
    began: i64,
}

impl Watched {
    async fn new() -> Self {
        let web = Web::start(|_| (503, vec![], vec![])).await;
        let ledger = Ledger::new().await;
        let watched = Self { ledger, client: Client::new(None).unwrap(), web, began: clock::now() };
        watched.watch(&watched.web.url("/version")).await;
        watched
    }

    async fn watch(&self, url: &str) {
        let keeper = Keeper { store: self.ledger.store.clone(), name: "ada".to_owned() };
        let [project, service, environment] = ["shop", "web", "prod"].map(|name| name.parse().unwrap());
        keeper.watch_runtime(project, service, environment, url.to_owned()).await.unwrap();
        self.ledger
            .database
            .execute(&format!("UPDATE watch_runtime SET next_at = {}", self.began))
            .await
            .unwrap();
    }

    fn run(&self, number: u32) {
        let version = json!({"name": "shop", "version": format!("1.0.{number}"), "commit": sha(number),
                             "image_digest": digest(number), "schema": {"min": 1, "max": number}});
        self.web.answer_always(200, &[], version.to_string());
    }

    async fn look(&self, seconds: i64) -> usize {
        let now = self.began + seconds * SECOND;
        watch::look_at_runtimes(&self.ledger.store, &self.client, INTERVAL, now).await.unwrap()
    }

    async fn recorded(&self) -> Vec<Value> {
        let bodies =
            self.ledger.database.texts("SELECT body FROM evidence WHERE trust = 'poll' ORDER BY seq").await;
        let claims = bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()["claim"].take());
        claims.inspect(|claim| assert_eq!(claim["kind"], "runtime_observed")).collect()
    }

    async fn error(&self) -> String {
        self.ledger.database.texts("SELECT COALESCE(last_error, '') FROM watch_runtime").await.remove(0)
    }
}

#[tokio::test]
async fn what_runs_is_recorded_when_it_changes_and_confirmed_once() {
    let watched = Watched::new().await;
    watched.run(1);
    assert_eq!(watched.look(0).await, 1);
    let expected = json!({"kind": "runtime_observed", "service": "web", "environment": "prod", "reachable": true,
                          "version": "1.0.1", "commit": sha(1), "digest": digest(1), "schema_version": 1});
    assert_eq!(watched.recorded().await, [expected]);
    assert_eq!(watched.look(9).await, 0);
    // A change is looked at again sooner than usual.
    assert_eq!(watched.look(10).await, 1);
    assert_eq!(watched.recorded().await.len(), 2);
    for seconds in [25, 40, 55] {
        assert_eq!(watched.look(seconds).await, 1);
    }
    assert_eq!(watched.recorded().await.len(), 2);
    watched.run(2);
    watched.look(70).await;
    watched.look(80).await;
    watched.look(95).await;
    let digests: Vec<_> = watched.recorded().await.iter().map(|claim| claim["digest"].clone()).collect();
    assert_eq!(digests, [digest(1), digest(1), digest(2), digest(2)]);
    watched.ledger.project().await;
    assert_eq!(watched.ledger.database.number("SELECT COUNT(*) FROM runtime_fact").await, 4);
}

#[tokio::test]
async fn a_service_is_unreachable_after_three_failures_in_a_row() {
    let watched = Watched::new().await;
    watched.run(1);
    watched.look(0).await;
    watched.look(10).await;
    watched.web.answer_always(502, &[], "bad gateway");
    watched.look(25).await;
    watched.look(40).await;
    assert!(watched.error().await.contains("502"));
    watched.run(1);
    watched.look(55).await;
    assert_eq!((watched.recorded().await.len(), watched.error().await), (2, String::new()), "a restart");
    watched.web.answer_always(502, &[], "bad gateway");
    for seconds in [70, 85, 100, 115] {
        assert_eq!(watched.look(seconds).await, 1);
    }
    let recorded = watched.recorded().await;
    assert_eq!(
        (recorded.len(), &recorded[2]["reachable"], &recorded[2]["digest"]),
        (3, &json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn only_a_whole_small_answer_of_the_service_itself_counts() {
    let watched = Watched::new().await;
    let elsewhere = Web::start(|_| (200, vec![], json!({"digest": digest(9)}).to_string().into())).await;
    let large = format!("{{\"digest\": \"{}\", \"more\": \"{}\"}}", digest(9), "x".repeat(65_536));
    let mut seconds = 0;
    for (status, headers, body, word) in [
        (200, vec![], "<html>".to_owned(), "JSON"),
        (200, vec![], "[]".to_owned(), "object"),
        (200, vec![], json!({"digest": "latest"}).to_string(), "digest"),
        (200, vec![], large, "65536"),
        (204, vec![], String::new(), "204"),
        (302, vec![("location", elsewhere.url("/version"))], String::new(), "302"),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        watched.web.answer_always(status, &headers, body);
        assert_eq!(watched.look(seconds).await, 1);
        let error = watched.error().await;
        assert!(error.contains(word), "{word}: {error}");
        seconds += 15;
    }
    assert!(elsewhere.take().is_empty(), "no redirect to another place is followed");
    // A redirect within the service is.
    watched.web.answer(|asked| match asked.path.as_str() {
        "/version" => (307, vec![("location", "/v2/version".to_owned())], vec![]),
        _ => (200, vec![], json!({"digest": digest(1)}).to_string().into()),
    });
    watched.look(seconds).await;
    assert_eq!(watched.error().await, "");
    let recorded = watched.recorded().await;
    assert_eq!(recorded.last().unwrap()["digest"], digest(1));
    assert!(recorded[..recorded.len() - 1].iter().all(|claim| claim["reachable"] == false), "{recorded:?}");
}

#[tokio::test]
async fn our_own_version_is_understood_and_each_service_is_asked_by_one_worker() {
    let watched = Watched::new().await;
    let database = Database::migrated().await;
    let url = database.url();
    let commit = sha(7);
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("PORTBOOK_LISTEN", "127.0.0.1:0"),
        ("PORTBOOK_COMMIT", commit.as_str()),
    ];
    let server = Process::start(&["server"], &environment, "listening").await;
    watched.watch(&format!("http://{}/version", server.address().await)).await;
    let looks = tokio::join!(watched.look(0), watched.look(0), watched.look(0));
    assert_eq!(looks.0 + looks.1 + looks.2, 1);
    let recorded = watched.recorded().await;
    assert_eq!((recorded.len(), &recorded[0]["commit"]), (1, &json!(commit)), "{}", watched.error().await);
    assert_eq!(recorded[0]["schema_version"], portbook::store::SCHEMA_HEAD);
    assert_eq!(recorded[0]["schema_floor"], 0);
    assert_eq!(recorded[0]["version"], env!("CARGO_PKG_VERSION"));
}
