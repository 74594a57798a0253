//! Changes are told as they happen.

use crate::support::*;
use axum::body::{Body, HttpBody as _};
use std::pin::Pin;
use std::time::Duration;

/// An answer that goes on.
struct Events(Pin<Box<Body>>);

impl Events {
    async fn open(ledger: &Ledger, headers: &[(&str, &str)]) -> Self {
        let response = ledger.open("/v1/events", headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self(Box::pin(response.into_body()))
    }

    /// The next event's text; none at the end.
    async fn next(&mut self) -> Option<String> {
        let frame = std::future::poll_fn(|context| self.0.as_mut().poll_frame(context));
        let frame = tokio::time::timeout(Duration::from_secs(20), frame).await.expect("an event comes");
        let data = frame?.unwrap().into_data().unwrap();
        Some(String::from_utf8(data.to_vec()).unwrap())
    }

    /// The id and version of the next event.
    async fn board(&mut self) -> (String, i64) {
        let text = self.next().await.unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("event: board"), "{text}");
        let id = lines.next().unwrap().strip_prefix("id: ").unwrap().to_owned();
        let data: serde_json::Value =
            serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
        let version = data["version"].as_i64().unwrap();
        assert!(id.ends_with(&format!("-{version}")) && text.ends_with("\n\n"), "{text}");
        (id, version)
    }
}

#[tokio::test]
async fn each_listener_is_told_of_each_change() {
    let ledger = Ledger::new().await;
    let mut listeners = [Events::open(&ledger, &[]).await, Events::open(&ledger, &[]).await];
    let mut first = String::new();
    for events in &mut listeners {
        let (id, version) = events.board().await;
        assert_eq!(version, 0);
        first = id;
    }
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.project().await;
    for events in &mut listeners {
        assert_eq!(events.board().await.1, 1);
    }
    let board = ledger.get("/v1/board").await.json();
    assert_eq!(board["version"], 1);
    // Who comes back is told only what it does not know.
    let (id, version) = Events::open(&ledger, &[("last-event-id", &first)]).await.board().await;
    assert_eq!(version, 1);
    let mut known = Events::open(&ledger, &[("last-event-id", &id)]).await;
    ledger.record(&[commit(2, 2, &[1])]).await;
    ledger.project().await;
    assert_eq!(known.board().await.1, 2);
}

#[tokio::test]
async fn a_listener_outlives_the_database() {
    let ledger = Ledger::new().await;
    let mut events = Events::open(&ledger, &[]).await;
    let (before, _) = events.board().await;
    ledger.database.take_away().await;
    ledger.database.put_back().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.project().await;
    // The empty database may be seen first.
    let mut after = events.board().await;
    if after.1 == 0 {
        after = events.board().await;
    }
    assert_eq!(after.1, 1);
    assert_ne!(after.0, before);
}

#[tokio::test]
async fn there_is_an_end_to_how_many_listen() {
    let ledger = Ledger::new().await;
    let mut listeners = Vec::new();
    for _ in 0..portbook::service::feed::LISTENERS {
        listeners.push(Events::open(&ledger, &[]).await);
    }
    let answer = ledger.get("/v1/events").await;
    answer.problem(503, "too-many-listeners");
    assert_eq!(answer.header("retry-after"), "30");
    listeners.pop();
    Events::open(&ledger, &[]).await.board().await;
}

#[tokio::test]
async fn listening_is_reading() {
    let ledger = Ledger::with(false, None).await;
    ledger.get("/v1/events").await.problem(401, "missing-token");
    let reader = format!("Bearer {}", ledger.token("shop", &["read"]).await);
    Events::open(&ledger, &[("authorization", &reader)]).await.board().await;
    let answer = ledger.get_with("/v1/events?since=1", &[("authorization", &reader)]).await;
    answer.problem(422, "wrong-parameter");
}

#[tokio::test]
async fn a_server_that_stops_ends_what_it_tells_in_good_order() {
    use std::io::Read as _;
    let database = Database::migrated().await;
    let url = database.url();
    let environment =
        [("DATABASE_URL", url.as_str()), ("PORTBOOK_LISTEN", "127.0.0.1:0"), ("PORTBOOK_LOG_FORMAT", "json")];
    let server = Process::start(&["server"], &environment, "listening").await;
    let request = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = send(server.address().await, request.as_bytes());
    let mut head = Vec::new();
    while !head.ends_with(b"\n\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(String::from_utf8(head).unwrap().contains("event: board"));
    server.signal("TERM");
    let rest = read_all(stream);
    assert!(rest.ends_with("0\r\n\r\n"), "the last chunk is missing: {rest:?}");
    server.logged("drained").await;
    assert!(server.exit().await.success());
}
