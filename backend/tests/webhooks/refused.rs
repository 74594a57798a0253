//! What is not GitHub's, or not an event, is refused for what it is, and leaves nothing behind.

use crate::hub::{Hub, Sent, sign};
use crate::samples;
use crate::support::{Database, Ledger};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

async fn nothing_is_kept(hub: &Hub) {
    assert_eq!(hub.number("SELECT COUNT(*) FROM delivery").await, 0);
}

fn completed() -> Sent {
    Sent::json("workflow_run", "one", &samples::workflow_run("completed", 1))
}

#[tokio::test]
async fn unsigned_and_wrongly_signed_events_are_nobody_s() {
    let hub = Hub::connected().await;
    hub.send(completed().signed(None)).await.problem(401, "missing-signature");
    let body = completed().body;
    for signature in [
        sign("a-secret-of-somebody-else", &body),
        sign(crate::hub::SECRET, &body[1..]),
        "sha256=00".to_owned(),
        "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned(),
        format!("sha256={}", "0".repeat(64)),
    ] {
        let problem = hub.send(completed().signed(Some(signature))).await.problem(401, "wrong-signature");
        assert!(!problem.to_string().contains(crate::hub::SECRET));
    }
    // The signature is judged before anything that stands in the body.
    let nonsense = Sent::new("push", "two", "{").signed(Some(sign("a-secret-of-somebody-else", b"{")));
    hub.send(nonsense).await.problem(401, "wrong-signature");
    nothing_is_kept(&hub).await;
}

#[tokio::test]
async fn a_server_without_a_secret_takes_nothing() {
    let ledger = Ledger::without_webhook_secret(Database::migrated().await);
    let hub = Hub { ledger };
    let answer = hub.send(completed()).await;
    answer.problem(503, "no-webhook-secret");
    assert!(!answer.header("retry-after").is_empty());
    nothing_is_kept(&hub).await;
}

#[tokio::test]
async fn more_than_github_sends_is_too_much() {
    let hub = Hub::connected().await;
    let most = 25 * 1024 * 1024;
    let answer = hub.send(Sent::new("push", "one", vec![b' '; most + 1])).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    nothing_is_kept(&hub).await;
    let mut body = samples::push("refs/heads/main");
    body["padding"] = json!("x".repeat(most - body.to_string().len() - 20));
    let answer = hub.send(Sent::json("push", "one", &body)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(hub.process().await.recorded, 1);
}

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let hub = Hub::connected().await;
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [&[u8]; 6] = [
        b"",
        b"{",
        b"{\"ref\": \"\xff\xfe\"}",
        b"{\"ref\": \"\\ud800\"}",
        b"{\"ref\": 1e999}",
        deep.as_bytes(),
    ];
    for body in bodies {
        hub.send(Sent::new("push", "one", body.to_vec())).await.problem(400, "malformed-json");
    }
    // An event that is not known is read as far as its action, and must be JSON all the same.
    for body in [&b"{\"action\": \"created\"} {}"[..], b"\xff", b"", deep.as_bytes()] {
        hub.send(Sent::new("star", "one", body.to_vec())).await.problem(400, "malformed-json");
    }
    nothing_is_kept(&hub).await;
}

#[tokio::test]
async fn a_mistake_is_named_by_its_place() {
    let hub = Hub::connected().await;
    let cases: [(&str, Value, &str, Value); 8] = [
        ("workflow_run", samples::workflow_run("completed", 1), "/workflow_run/head_sha", json!("main")),
        ("workflow_run", samples::workflow_run("completed", 1), "/workflow_run/run_attempt", json!("1")),
        ("workflow_job", samples::workflow_job("completed", 1, 1), "/workflow_job/run_id", json!(1e30)),
        ("push", samples::push("refs/heads/main"), "/commits/1/id", json!(null)),
        ("pull_request", samples::pull_request("closed"), "/pull_request/base/ref", json!({})),
        (
            "deployment_status",
            samples::deployment_status("success"),
            "/deployment_status/created_at",
            json!(5),
        ),
        ("repository", samples::repository_event("renamed"), "/repository/owner", json!([900_100])),
        ("delete", samples::delete("tag", "v1"), "/repository/id", json!(-7)),
    ];
    for (event, mut body, at, value) in cases {
        *body.pointer_mut(at).unwrap() = value;
        let problem = hub.send(Sent::json(event, "one", &body)).await.problem(422, "not-such-an-event");
        assert_eq!(problem["errors"][0]["pointer"], at, "{problem}");
        assert!(!problem["errors"][0]["detail"].as_str().unwrap().is_empty());
    }
    let problem = hub.send(Sent::new("push", "one", "[]")).await.problem(422, "not-such-an-event");
    assert_eq!(problem["errors"][0]["pointer"], "", "{problem}");
    nothing_is_kept(&hub).await;
}

#[tokio::test]
async fn a_form_and_missing_headers_are_told_apart() {
    let hub = Hub::connected().await;
    let form = Sent {
        content_type: "application/x-www-form-urlencoded",
        ..Sent::new("push", "one", "payload=%7B%7D")
    };
    let answer = hub.send(form).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{answer:?}");
    let Sent { body, .. } = completed();
    for (present, value) in [("x-github-event", "push"), ("x-github-delivery", "one")] {
        let request = Request::post("/v1/hooks/github")
            .header("content-type", "application/json")
            .header("x-hub-signature-256", sign(crate::hub::SECRET, &body))
            .header(present, value);
        let answer = hub.ledger.send(request.body(Body::from(body.clone())).unwrap()).await;
        answer.problem(400, "missing-header");
    }
    nothing_is_kept(&hub).await;
}
