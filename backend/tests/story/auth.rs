//! Who may do what.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use std::time::Duration;

#[tokio::test]
async fn without_a_valid_token_nothing_is_taken() {
    let ledger = Ledger::new().await;
    let good = ledger.token("shop", &["evidence:write"]).await;
    let expired = ledger.token_for("shop", &["evidence:write"], Duration::from_micros(1)).await;
    let (id, secret) = good.strip_prefix("pb_").unwrap().split_once('_').unwrap();
    let wrong_secret = format!("pb_{id}_{}", "0".repeat(secret.len()));
    let unknown_id = format!("pb_{}_{secret}", "0".repeat(id.len()));

    let request = Request::post("/v1/evidence").body(Body::from("not even JSON")).unwrap();
    let answer = ledger.send(request).await;
    answer.problem(401, "missing-token");
    assert_eq!(answer.header("www-authenticate"), "Bearer");

    for (token, name) in [
        (wrong_secret.as_str(), "unknown-token"),
        (&unknown_id, "unknown-token"),
        (&good[..good.len() - 1], "unknown-token"),
        ("", "unknown-token"),
        (&expired, "expired-token"),
    ] {
        let answer = ledger.post(token, &[commit(1, 1, &[])]).await;
        let problem = answer.problem(401, name);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{token}");
        assert!(!problem.to_string().contains(secret), "{problem}");
    }
    assert_eq!(ledger.project().await, 0);
    assert_eq!(statuses(&ledger.post(&good, &[commit(1, 1, &[])]).await), ["recorded"]);
}

#[tokio::test]
async fn a_scope_grants_itself_alone() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["read", "admin", "deploy:write:prod"]).await;
    let problem = ledger.post(&token, &[commit(1, 1, &[])]).await.problem(403, "missing-scope");
    assert!(problem["detail"].as_str().unwrap().contains("evidence:write"), "{problem}");
    assert_eq!(ledger.project().await, 0);
}

#[tokio::test]
async fn a_token_of_another_project_records_nothing() {
    let ledger = Ledger::new().await;
    let token = ledger.token("bakery", &["evidence:write"]).await;
    let mut own = commit(1, 1, &[]);
    own["project"] = "bakery".into();
    let problem = ledger.post(&token, &[own, commit(1, 1, &[])]).await.problem(403, "other-project");
    assert_eq!(problem["errors"][0]["pointer"], "/evidence/1/project");
    assert_eq!(ledger.project().await, 0);
}

#[tokio::test]
async fn a_board_that_is_not_public_shows_each_project_its_own() {
    let ledger = Ledger::with(false, None).await;
    ledger.record(&[deployed(1, "web", "dev", 1, "success")]).await;
    ledger.project().await;

    ledger.get("/v1/board").await.problem(401, "missing-token");
    let writer = format!("Bearer {}", ledger.token("shop", &["evidence:write"]).await);
    let answer = ledger.get_with("/v1/board", &[("authorization", &writer)]).await;
    answer.problem(403, "missing-scope");

    let own = format!("Bearer {}", ledger.token("shop", &["read"]).await);
    let answer = ledger.get_with("/v1/board", &[("authorization", &own)]).await;
    assert_eq!(answer.json()["services"][0]["name"], "web");
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let tag = answer.header("etag").to_owned();

    // Another project's board is not the same, even at the same version.
    let other = format!("Bearer {}", ledger.token("bakery", &["read"]).await);
    let headers = [("authorization", other.as_str()), ("if-none-match", &tag)];
    let answer = ledger.get_with("/v1/board", &headers).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["services"], serde_json::json!([]));
}
