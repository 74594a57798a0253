//! Reading: who may, of which project, and what is shown.

use crate::support::*;
use serde_json::{Value, json};

const HISTORY: &str = "/v1/environments/prod/services/web/history";

/// A ledger on which reading needs a token.
async fn private() -> Ledger {
    let ledger = Ledger::with(false, None).await;
    ledger.insert("incident", &[incident(1, "R1", 1)]).await;
    ledger
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn where_reading_is_not_public_it_needs_a_token_of_the_project() {
    let ledger = private().await;
    ledger.get("/v1/incidents").await.problem(401, "missing-token");
    let writer = bearer(&ledger.token("shop", &["evidence:write"]).await);
    let answer = ledger.get_with("/v1/incidents", &[("authorization", &writer)]).await;
    answer.problem(403, "missing-scope");

    let reader = bearer(&ledger.token("shop", &["read"]).await);
    let authorized = [("authorization", reader.as_str())];
    let answer = ledger.get_with("/v1/incidents", &authorized).await;
    assert_eq!(answer.json()["incidents"][0]["id"], "i1");
    assert_eq!(
        (answer.header("cache-control"), answer.header("vary")),
        ("private, no-cache", "Authorization")
    );
    let own = ledger.get_with("/v1/incidents?project=shop", &authorized).await;
    assert_eq!(own.json(), answer.json());
    let other = ledger.get_with("/v1/incidents?project=bakery", &authorized).await;
    other.problem(403, "other-project");

    let stranger = bearer(&ledger.token("bakery", &["read"]).await);
    let theirs = ledger.get_with("/v1/incidents", &[("authorization", &stranger)]).await;
    assert_eq!(theirs.json(), json!({"incidents": []}));
    assert_ne!(theirs.header("etag"), answer.header("etag"));
    let one = ledger.get_with("/v1/incidents/i1", &[("authorization", &stranger)]).await;
    one.problem(404, "not-found");
}

#[tokio::test]
async fn which_project_is_meant_must_be_clear() {
    let ledger = Ledger::new().await;
    let problem = ledger.get("/v1/incidents").await.problem(422, "which-project");
    assert!(problem["detail"].as_str().unwrap().contains("?project="), "{problem}");

    ledger.record(&[commit(1, 1, &[])]).await;
    assert_eq!(ledger.get("/v1/incidents").await.status, 200);

    let bakery = ledger.token("bakery", &["evidence:write"]).await;
    let mut theirs = commit(1, 1, &[]);
    theirs["project"] = json!("bakery");
    ledger.post(&bakery, &[theirs]).await;
    let problem = ledger.get("/v1/incidents").await.problem(422, "which-project");
    assert!(problem["detail"].as_str().unwrap().contains("bakery, shop"), "{problem}");
    assert_eq!(ledger.get("/v1/incidents?project=shop").await.status, 200);
    // A public ledger needs no token, but one says which project its holder works on.
    let answer = ledger.get_with("/v1/incidents", &[("authorization", &bearer(&bakery))]).await;
    assert_eq!(answer.status, 200);
    let wrong = ledger.get_with("/v1/incidents", &[("authorization", "Bearer pb_1")]).await;
    wrong.problem(401, "unknown-token");
}

#[tokio::test]
async fn a_parameter_with_a_slip_is_refused_and_named() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    for (query, named) in [
        ("rul=R1", "rul"),
        ("rule=R9", "rule"),
        ("state=closed", "closed"),
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=!", "after"),
        ("project=Shop", "Shop"),
        ("acknowledged=perhaps", "acknowledged"),
    ] {
        let problem = ledger.get(&format!("/v1/incidents?{query}")).await.problem(422, "wrong-parameter");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{query}: {problem}");
    }
}

#[tokio::test]
async fn incidents_are_filtered_and_tell_who_has_seen_them() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let mut about = incident(2, "R3", 2);
    about["environment"] = json!("prod");
    about["service"] = json!("web");
    about["digest"] = json!(digest(1));
    about["commit_sha"] = json!(sha(1));
    let mut over = incident(3, "R2", 3);
    over["resolved_at"] = json!(micros(9));
    ledger.insert("incident", &[incident(1, "R1", 1), about, over]).await;
    let seen = json!({"project": "shop", "incident_id": "i2", "at": micros(8), "kind": "ack", "actor": "ada",
                      "note": "on it"});
    ledger.insert("incident_event", &[seen]).await;

    let ids = async |query: &str| -> Value {
        let answer = ledger.get(&format!("/v1/incidents?{query}")).await.json();
        answer["incidents"].as_array().unwrap().iter().map(|incident| incident["id"].clone()).collect()
    };
    assert_eq!(ids("").await, json!(["i2", "i1"]));
    assert_eq!(ids("state=all").await, json!(["i3", "i2", "i1"]));
    assert_eq!(ids("state=resolved").await, json!(["i3"]));
    assert_eq!(ids("rule=R1&state=all").await, json!(["i1"]));
    assert_eq!(ids("acknowledged=true").await, json!(["i2"]));
    assert_eq!(ids("acknowledged=false&state=all").await, json!(["i3", "i1"]));

    let answer = ledger.get("/v1/incidents/i2").await;
    let etag = answer.header("etag").to_owned();
    let expected = json!({
        "id": "i2", "rule": "R3", "code": "some_code", "subject": "subject 2", "environment": "prod",
        "service": "web", "digest": digest(1), "commit": sha(1), "opened_at": minute(2), "resolved_at": null,
        "message": "It's so.", "evidence": [hash(2)], "acknowledged": true,
        "acknowledgements": [{"at": minute(8), "actor": "ada", "note": "on it"}], "etag": etag,
    });
    assert_eq!(answer.json(), expected);
    assert!(etag.starts_with("\"incident-"), "{etag}");
    ledger.get("/v1/incidents/i9").await.problem(404, "not-found");
}

#[tokio::test]
async fn polling_incidents_costs_a_304_until_one_changes_or_is_seen() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.insert("incident", &[incident(1, "R1", 1)]).await;
    let paths = ["/v1/incidents", "/v1/incidents/i1"];
    for path in paths {
        let tag = ledger.get(path).await.header("etag").to_owned();
        let known = [("if-none-match", tag.as_str())];
        let same = ledger.get_with(path, &known).await;
        assert_eq!((same.status.as_u16(), same.body.len(), same.header("etag")), (304, 0, tag.as_str()));
        let seen = json!({"project": "shop", "incident_id": "i1", "at": 1, "kind": "ack", "actor": path});
        ledger.insert("incident_event", &[seen]).await;
        assert_eq!(ledger.get_with(path, &known).await.status, 200, "{path}");
    }
    // Another incident changes the list, and not the one.
    let tags = [ledger.get(paths[0]).await, ledger.get(paths[1]).await];
    ledger.insert("incident", &[incident(2, "R1", 1)]).await;
    ledger.changed().await;
    for (path, before, expected) in [(paths[0], &tags[0], 200), (paths[1], &tags[1], 304)] {
        let answer = ledger.get_with(path, &[("if-none-match", before.header("etag"))]).await;
        assert_eq!(answer.status, expected, "{path}");
    }
}

#[tokio::test]
async fn a_history_tells_each_deployment_with_what_it_has_come_to() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    let mut rolled = deployment(3, "prod", "web", 1, 3);
    rolled["mode"] = json!("rollback");
    rolled["rollback_of"] = json!(uuid(2));
    rolled["reference"] = json!(format!("registry.example/shop@{}", digest(1)));
    rolled["flagged"] = json!(1);
    let mut floating = deployment(2, "prod", "web", 2, 2);
    floating["reference"] = json!("registry.example/shop:latest");
    let mut failed = outcome(2, "failure", 4);
    failed["failure"] = json!("health");
    failed["detail"] = json!("never healthy");
    failed["milliseconds"] = json!(1500);
    let elsewhere = [deployment(4, "dev", "web", 2, 2), deployment(5, "prod", "api", 2, 2)];
    ledger.insert("deployment", &[deployment(1, "prod", "web", 1, 1), floating, rolled]).await;
    ledger.insert("deployment", &elsewhere).await;
    ledger.insert("deployment_outcome", &[outcome(1, "success", 2), failed]).await;
    let event = |sequence: u32, state: &str| {
        json!({"project": "shop", "id": uuid(2), "sequence": sequence, "state": state,
               "at": micros(2 + sequence), "evidence": hash(sequence)})
    };
    ledger.insert("deployment_event", &[event(2, "failed"), event(1, "pulling")]).await;

    let shown = ledger.get(HISTORY).await.json();
    let shown = shown["deployments"].as_array().unwrap();
    let ids: Vec<_> = shown.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [uuid(3), uuid(2), uuid(1)]);
    assert_eq!((&shown[0]["outcome"], &shown[0]["finished_at"]), (&Value::Null, &Value::Null));
    assert_eq!((&shown[0]["mode"], &shown[0]["rollback_of"]), (&json!("rollback"), &json!(uuid(2))));
    assert_eq!((&shown[0]["pinned"], &shown[0]["clock_skew"]), (&json!(true), &json!(true)));
    let passed = |sequence: u32, state: &str| {
        json!({"sequence": sequence, "state": state, "failure": null, "detail": null,
               "at": minute(2 + sequence), "evidence": hash(sequence)})
    };
    let expected = json!({
        "id": uuid(2), "service": "web", "environment": "prod", "commit": sha(2), "digest": digest(2),
        "reference": "registry.example/shop:latest", "pinned": false, "mode": "deploy", "rollback_of": null,
        "version": "1.0.2", "actor": "ada", "started_at": minute(2), "finished_at": minute(4),
        "outcome": "failure", "failure_class": "health", "detail": "never healthy", "milliseconds": 1500,
        "announced": true, "clock_skew": false, "evidence": {"sha256": hash(2), "trust": null},
        "outcome_evidence": {"sha256": hash(1002), "trust": null},
        "events": [passed(1, "pulling"), passed(2, "failed")],
    });
    assert_eq!(shown[1], expected);
    assert_eq!((&shown[2]["outcome"], &shown[2]["pinned"]), (&json!("success"), &json!(true)));
}

#[tokio::test]
async fn the_reason_of_a_broken_glass_is_in_the_history() {
    let ledger = Ledger::new().await;
    let mut broken = deployed(1, "web", "prod", 1, "success");
    broken["claim"]["break_glass"] = json!("the ledger is down");
    ledger.record(&[broken]).await;
    ledger.project().await;
    let shown = ledger.get(HISTORY).await.json();
    assert_eq!(shown["deployments"][0]["detail"], "break glass: the ledger is down");
}

#[tokio::test]
async fn a_cell_that_never_was_is_not_an_empty_history() {
    let ledger = Ledger::new().await;
    ledger.record(&[deployed(1, "web", "staging", 1, "success")]).await;
    ledger.project().await;
    let problem = ledger.get("/v1/environments/prd/services/web/history").await.problem(404, "not-found");
    assert!(problem["detail"].as_str().unwrap().contains("staging/web"), "{problem}");
    for path in ["/v1/environments/Prod/services/web/history", "/v1/environments/%ff/services/web/history"] {
        ledger.get(path).await.problem(404, "not-found");
    }
}
