//! Incidents are acknowledged by who has seen them as they are.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use portbook::service::project::rebuild;
use serde_json::{Value, json};

/// A ledger with one incident, and its id.
async fn red() -> (Ledger, String) {
    let ledger = Ledger::new().await;
    ledger.record(&[ci(1, 1, "failure"), published(2, 1, &["v1.2.3"])]).await;
    ledger.project().await;
    let incidents = ledger.get("/v1/incidents").await.json();
    let [incident] = incidents["incidents"].as_array().unwrap().as_slice() else {
        panic!("expected one incident: {incidents:#}")
    };
    assert_eq!((&incident["rule"], &incident["code"]), (&json!("R1"), &json!("published-on-red")));
    let id = incident["id"].as_str().unwrap().to_owned();
    (ledger, id)
}

async fn keeper(ledger: &Ledger) -> String {
    ledger.token("shop", &["admin"]).await
}

async fn etag(ledger: &Ledger, id: &str) -> String {
    let answer = ledger.get(&format!("/v1/incidents/{id}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("etag").to_owned()
}

async fn ack(ledger: &Ledger, token: &str, id: &str, seen: Option<&str>, body: &str) -> Answer {
    let mut request =
        Request::post(format!("/v1/incidents/{id}/ack")).header("content-type", "application/json");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(seen) = seen {
        request = request.header("if-match", seen);
    }
    ledger.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn acknowledgements(ledger: &Ledger) -> (i64, i64) {
    let events = ledger.database.number("SELECT COUNT(*) FROM incident_event WHERE kind = 'ack'").await;
    let audited = "SELECT COUNT(*) FROM audit WHERE action = 'incident.acknowledge' AND project = 'shop'";
    (events, ledger.database.number(audited).await)
}

#[tokio::test]
async fn who_has_seen_it_says_so() {
    let (ledger, id) = red().await;
    let token = keeper(&ledger).await;
    let seen = etag(&ledger, &id).await;
    let answer = ack(&ledger, &token, &id, Some(&seen), r#"{"note":"A hotfix; see the chat."}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let incident = answer.json();
    let actor = token.rsplit_once('_').unwrap().0;
    let [who] = incident["acknowledgements"].as_array().unwrap().as_slice() else { panic!("{incident:#}") };
    assert_eq!((&who["actor"], &who["note"]), (&json!(actor), &json!("A hotfix; see the chat.")));
    assert_eq!((&incident["acknowledged"], &incident["resolved_at"]), (&json!(true), &Value::Null));
    // It is another state now, and everyone sees the same one.
    assert_ne!(answer.header("etag"), seen);
    assert_eq!(answer.header("etag"), etag(&ledger, &id).await);
    assert_eq!(ledger.get(&format!("/v1/incidents/{id}")).await.json(), incident);
    assert_eq!(acknowledgements(&ledger).await, (1, 1));
    let detailed = "SELECT COUNT(*) FROM audit WHERE detail LIKE '%see the chat%' AND detail LIKE '%R1%'";
    assert_eq!(ledger.database.number(detailed).await, 1);

    // The incident itself is made from the evidence, what people did about it is not.
    rebuild(&ledger.store).await.unwrap();
    assert_eq!(ledger.get(&format!("/v1/incidents/{id}")).await.json(), incident);

    // Once more, by who has seen that; without a word this time.
    let next = ack(&ledger, &token, &id, Some(answer.header("etag")), "").await;
    assert_eq!(next.json()["acknowledgements"].as_array().unwrap().len(), 2, "{next:?}");
    assert_eq!(acknowledgements(&ledger).await, (2, 2));
}

#[tokio::test]
async fn what_has_changed_since_is_not_acknowledged() {
    let (ledger, id) = red().await;
    let token = keeper(&ledger).await;
    let seen = etag(&ledger, &id).await;
    ack(&ledger, &token, &id, None, "").await.problem(428, "if-match-missing");
    for stale in ["\"incident-0\"", "", &format!("W/{seen}")] {
        let problem = ack(&ledger, &token, &id, Some(stale), "").await.problem(412, "stale");
        assert!(problem["detail"].as_str().unwrap().contains(&seen), "{problem}");
    }
    assert_eq!(acknowledgements(&ledger).await, (0, 0));
    assert_eq!(ack(&ledger, &token, &id, Some(&seen), "").await.status, 200);
    ack(&ledger, &token, &id, Some(&seen), "").await.problem(412, "stale");
    assert_eq!(ack(&ledger, &token, &id, Some("*"), "").await.status, 200);
    assert_eq!(acknowledgements(&ledger).await, (2, 2));
}

#[tokio::test]
async fn of_two_who_saw_the_same_one_is_told_to_look_again() {
    let (ledger, id) = red().await;
    let token = keeper(&ledger).await;
    let seen = etag(&ledger, &id).await;
    let one = || ack(&ledger, &token, &id, Some(&seen), "");
    let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
    let mut statuses: Vec<_> = [a, b, c, d].iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    assert_eq!(acknowledgements(&ledger).await, (1, 1));
}

#[tokio::test]
async fn only_a_keeper_of_the_same_project_acknowledges() {
    let (ledger, id) = red().await;
    let seen = etag(&ledger, &id).await;
    ack(&ledger, "", &id, Some(&seen), "").await.problem(401, "missing-token");
    let reader = ledger.token("shop", &["read", "evidence:write"]).await;
    ack(&ledger, &reader, &id, Some(&seen), "").await.problem(403, "missing-scope");
    let foreign = ledger.token("bakery", &["admin"]).await;
    ack(&ledger, &foreign, &id, Some(&seen), "").await.problem(404, "not-found");
    let token = keeper(&ledger).await;
    for unknown in ["0", &"0".repeat(32), "%00", "a%2Fb"] {
        ack(&ledger, &token, unknown, Some(&seen), "").await.problem(404, "not-found");
        ledger.get(&format!("/v1/incidents/{unknown}")).await.problem(404, "not-found");
    }
    assert_eq!(acknowledgements(&ledger).await, (0, 0));
}

#[tokio::test]
async fn a_body_of_another_form_says_where() {
    let (ledger, id) = red().await;
    let token = keeper(&ledger).await;
    let seen = etag(&ledger, &id).await;
    let long = json!({"note": "x".repeat(2001)}).to_string();
    for (body, pointer) in [
        ("[]", ""),
        (r#"{"note":7}"#, "/note"),
        (r#"{"note":""}"#, "/note"),
        (r#"{"note":"\u0000"}"#, "/note"),
        (r#"{"nota":"x"}"#, "/nota"),
        (&long, "/note"),
    ] {
        let answer = ack(&ledger, &token, &id, Some(&seen), body).await;
        let problem = answer.problem(422, "not-an-acknowledgement");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    ack(&ledger, &token, &id, Some(&seen), "{").await.problem(400, "malformed-json");
    let request = Request::post(format!("/v1/incidents/{id}/ack"))
        .header("authorization", format!("Bearer {token}"))
        .header("if-match", &seen)
        .header("content-type", "text/plain");
    ledger.send(request.body(Body::from("seen")).unwrap()).await.problem(415, "not-json");
    assert_eq!(acknowledgements(&ledger).await, (0, 0));
}
