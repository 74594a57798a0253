//! What GitHub is answered.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

const EVENT: &str = "X-GitHub-Event";
const GUID: &str = "X-GitHub-Delivery";
const SIGNATURE: &str = "X-Hub-Signature-256";

/// A request that is in order, but for what the test changes: an empty value leaves the header out.
fn hook(guid: &str, body: &[u8], changes: &[(&str, &str)]) -> Request<Body> {
    let signature = sign(WEBHOOK_SECRET, body);
    let usual = [
        (EVENT, "watch"),
        (GUID, guid),
        (SIGNATURE, signature.as_str()),
        ("Content-Type", "application/json"),
    ];
    let mut request = Request::post("/v1/hooks/github");
    for (name, value) in usual {
        let change = changes.iter().find(|(changed, _)| *changed == name);
        let value = change.map_or(value, |(_, value)| *value);
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    request.body(Body::from(body.to_vec())).unwrap()
}

const BODY: &[u8] = br#"{"action": "started", "repository": {"id": 77}}"#;

#[tokio::test]
async fn a_signed_event_is_kept_once() {
    let ledger = Ledger::new().await;
    for status in ["accepted", "duplicate", "duplicate"] {
        let answer = ledger.send(hook("g-1", BODY, &[])).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (202, json!({"status": status})));
    }
    ledger.send(hook("g-1", b"{}", &[])).await.problem(409, "other-body");
    let kept = "SELECT COUNT(*) FROM delivery WHERE source = 'github' AND guid = 'g-1' AND event = 'watch' \
                AND action = 'started' AND repository_id = 77 AND state = 'pending' AND attempts = 0";
    assert_eq!(ledger.database.number(kept).await, 1);
    assert_eq!(ledger.database.number("SELECT COUNT(*) FROM delivery").await, 1);
}

#[tokio::test]
async fn what_is_not_in_order_is_refused_for_what_it_is_and_not_kept() {
    let ledger = Ledger::new().await;
    let wrong = sign("another-secret-of-some-length", BODY);
    let long = "a".repeat(101);
    for (changes, status, name) in [
        (&[(EVENT, "")][..], 400, "missing-header"),
        (&[(GUID, "")], 400, "missing-header"),
        (&[(EVENT, "a b")], 400, "malformed-header"),
        (&[(GUID, long.as_str())], 400, "malformed-header"),
        (&[(GUID, "\u{e9}")], 400, "malformed-header"),
        (&[(SIGNATURE, "")], 401, "missing-signature"),
        (&[(SIGNATURE, "sha256=12")], 401, "wrong-signature"),
        (&[(SIGNATURE, "\u{e9}")], 401, "wrong-signature"),
        (&[(SIGNATURE, wrong.as_str())], 401, "wrong-signature"),
        (&[("Content-Type", "application/x-www-form-urlencoded")], 415, "not-json"),
    ] {
        let answer = ledger.send(hook("g", BODY, changes)).await;
        let problem = answer.problem(status, name);
        if status == 400 {
            assert!(problem["detail"].as_str().unwrap().contains(changes[0].0), "{problem}");
        }
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    }
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    for (body, status, name) in [
        (&b"\xff{}"[..], 400, "malformed-json"),
        (b"{", 400, "malformed-json"),
        (b"", 400, "malformed-json"),
        (&deep, 400, "malformed-json"),
        (br#"{"repository": {"id": "many"}}"#, 422, "not-such-an-event"),
        (b"[]", 422, "not-such-an-event"),
    ] {
        let problem = ledger.send(hook("g", body, &[])).await.problem(status, name);
        assert_eq!(problem["errors"].is_array(), status == 422, "{problem}");
    }
    assert_eq!(ledger.database.number("SELECT COUNT(*) FROM delivery").await, 0);
}

#[tokio::test]
async fn an_event_may_have_25_mib_and_no_more() {
    let ledger = Ledger::new().await;
    let limit = 25 * 1024 * 1024;
    let mut body = br#"{"action": "started", "filling": ""#.to_vec();
    body.resize(limit - 2, b'x');
    body.extend(b"\"}");
    let answer = ledger.send(hook("large", &body, &[])).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    body.push(b' ');
    ledger.send(hook("larger", &body, &[])).await.problem(413, "body-too-large");
    assert_eq!(ledger.database.number("SELECT COUNT(*) FROM delivery").await, 1);
}

#[tokio::test]
async fn words_that_no_database_keeps_do_no_harm() {
    let ledger = Ledger::new().await;
    let body = br#"{"action": "a\u0000b", "repository": {"id": 18446744073709551615}}"#;
    let answer = ledger.send(hook("odd", body, &[])).await;
    assert!(matches!(answer.status.as_u16(), 202 | 422), "{answer:?}");
}

#[tokio::test]
async fn without_a_secret_nothing_is_taken_and_the_answer_says_how_to_set_one() {
    let ledger = Ledger::without_webhook_secret(Database::migrated().await);
    let answer = ledger.send(hook("g", BODY, &[])).await;
    let problem = answer.problem(503, "no-webhook-secret");
    assert!(problem["detail"].as_str().unwrap().contains("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE"), "{problem}");
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn without_a_database_an_event_is_not_acknowledged() {
    let ledger = Ledger::new().await;
    ledger.database.take_away().await;
    let answer = ledger.send(hook("g", BODY, &[])).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "2");
    ledger.database.put_back().await;
    eventually("events are taken again", || async { ledger.send(hook("g", BODY, &[])).await.status == 202 })
        .await;
}
