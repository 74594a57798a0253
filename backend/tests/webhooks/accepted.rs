//! What GitHub sends becomes evidence, once, and shows in the projection.

use crate::hub::{Hub, NEXT_SECRET, Sent, sign};
use crate::samples;
use axum::http::StatusCode;
use portbook::service::admin::Keeper;
use portbook::service::admin::github::Connect;
use portbook::service::{clock, log};
use serde_json::json;

#[tokio::test]
async fn every_event_is_accepted_processed_and_projected() {
    let hub = Hub::connected().await;
    for (number, (event, body)) in samples::every_event().into_iter().enumerate() {
        hub.deliver(event, &format!("guid-{number}"), &body).await;
    }
    let processed = hub.process().await;
    // One fact each, but for two hints, for `create`, which tells nothing, and for `ping`, which tells the same name
    // as `repository`.
    assert_eq!((processed.deliveries, processed.recorded, processed.failed), (18, 14, 0));
    assert_eq!(hub.deliveries("processed").await, 17);
    assert_eq!(
        hub.number("SELECT COUNT(*) FROM delivery WHERE state = 'ignored' AND event = 'create'").await,
        1
    );
    let vouched = "SELECT COUNT(*) FROM evidence AS e JOIN delivery AS d ON d.guid = e.source \
                   WHERE e.trust = 'webhook' AND e.project = 'quay' AND e.token_id IS NULL";
    assert_eq!(hub.number(vouched).await, 14);
    assert_eq!(log::verify(&hub.ledger.store).await.unwrap().broken, []);

    hub.ledger.project().await;
    for (what, sql) in [
        ("the run is done", "SELECT COUNT(*) FROM ci_run WHERE phase = 3 AND conclusion = 'success'"),
        ("the job is done", "SELECT COUNT(*) FROM ci_job WHERE phase = 3 AND conclusion = 'success'"),
        (
            "the run is CI's verdict",
            "SELECT COUNT(*) FROM ci_fact WHERE outcome = 'success' AND trust = 'webhook'",
        ),
        ("the request is merged", "SELECT COUNT(*) FROM pull_request WHERE state = 2 AND number = 12"),
        ("the deployment is done", "SELECT COUNT(*) FROM github_deployment WHERE state = 'success'"),
        (
            "the tag is gone",
            "SELECT COUNT(*) FROM ref_move WHERE reference = 'refs/tags/v0.9.0' AND after_sha IS NULL",
        ),
        (
            "the branch moved",
            "SELECT COUNT(*) FROM ref_move WHERE reference = 'refs/heads/main' AND default_branch = 1",
        ),
        ("the name is known", "SELECT COUNT(*) FROM repository_name WHERE full_name = 'harbour/quay'"),
    ] {
        assert_eq!(hub.number(sql).await, 1, "{what}");
    }
    assert_eq!(hub.number("SELECT COUNT(*) FROM commit_known").await, 2);
}

#[tokio::test]
async fn a_delivery_that_comes_again_counts_once() {
    let hub = Hub::connected().await;
    let body = samples::workflow_run("completed", 1);
    for expected in ["accepted", "duplicate", "duplicate"] {
        let answer = hub.send(Sent::json("workflow_run", "one", &body)).await;
        assert_eq!(
            (answer.status, answer.json()["status"].as_str().unwrap()),
            (StatusCode::ACCEPTED, expected)
        );
    }
    assert_eq!(hub.process().await.recorded, 1);
    let again = hub.send(Sent::json("workflow_run", "one", &body)).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(hub.process().await.deliveries, 0, "what is done is not done again");
    assert_eq!(hub.number("SELECT COUNT(*) FROM delivery").await, 1);
}

#[tokio::test]
async fn a_guid_stands_for_one_body() {
    let hub = Hub::connected().await;
    hub.deliver("workflow_run", "one", &samples::workflow_run("requested", 1)).await;
    let other = hub.send(Sent::json("workflow_run", "one", &samples::workflow_run("completed", 1))).await;
    other.problem(409, "other-body");
    hub.process().await;
    hub.ledger.project().await;
    assert_eq!(hub.number("SELECT MAX(phase) FROM ci_run").await, 1, "the first one counts");
}

#[tokio::test]
async fn the_same_event_under_two_guids_is_one_fact() {
    let hub = Hub::connected().await;
    let body = samples::workflow_run("completed", 1);
    for guid in ["of-the-repository", "of-the-organisation"] {
        hub.deliver("workflow_run", guid, &body).await;
    }
    // The same fact in a payload that differs in what we do not keep.
    let mut later = body.clone();
    later["repository"]["stargazers_count"] = json!(8);
    hub.deliver("workflow_run", "of-the-app", &later).await;
    let processed = hub.process().await;
    assert_eq!((processed.deliveries, processed.recorded), (3, 1));
    assert_eq!(hub.number("SELECT COUNT(*) FROM evidence").await, 1);
    hub.deliver("workflow_run", "of-tomorrow", &body).await;
    assert_eq!(hub.process().await.recorded, 0);
    assert_eq!(hub.deliveries("processed").await, 4);
}

#[tokio::test]
async fn either_live_secret_is_good() {
    let hub = Hub::connected().await;
    let sent = Sent::json("push", "one", &samples::push("refs/heads/main"));
    let signature = Some(sign(NEXT_SECRET, &sent.body));
    let answer = hub.send(sent.signed(signature)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
}

#[tokio::test]
async fn a_package_makes_its_registry_worth_a_look_and_is_no_evidence() {
    let hub = Hub::connected().await;
    let far = clock::now() + 3_600_000_000;
    for (id, repository, failures) in [
        ("a", "ghcr.io/harbour/quay", 0),
        ("b", "ghcr.io/harbour/other", 0),
        ("c", "ghcr.io/harbour/failing", 3),
    ] {
        let sql = format!(
            "INSERT INTO watch_registry (id, project, repository, next_at, failures) \
             VALUES ('{id}', 'quay', '{repository}', {far}, {failures})"
        );
        hub.ledger.database.execute(&sql).await.unwrap();
    }
    // A registry that fails keeps its pause, whatever is published.
    let mut failing = samples::package();
    failing["package"]["package_version"]["package_url"] = json!("ghcr.io/harbour/failing:");
    hub.deliver("package", "failing", &failing).await;
    for (number, tag) in ["sha-0c0ffee", "", ""].iter().enumerate() {
        let mut body = samples::registry_package();
        body["registry_package"]["package_version"]["container_metadata"]["tag"]["name"] = json!(tag);
        hub.deliver("registry_package", &format!("manifest-{number}"), &body).await;
    }
    hub.process().await;
    assert_eq!(hub.deliveries("processed").await, 4);
    assert_eq!(hub.number("SELECT COUNT(*) FROM evidence").await, 0);
    let soon = clock::now() + 60_000_000;
    let due = format!("SELECT COUNT(*) FROM watch_registry WHERE next_at < {soon} AND id = 'a'");
    assert_eq!(hub.number(&due).await, 1);
    assert_eq!(hub.number(&format!("SELECT COUNT(*) FROM watch_registry WHERE next_at = {far}")).await, 2);
}

#[tokio::test]
async fn what_nobody_asked_for_is_kept_and_ignored_with_a_reason() {
    let hub = Hub::unconnected().await;
    hub.deliver("workflow_run", "stranger", &samples::workflow_run("completed", 1)).await;
    hub.deliver("star", "unknown", &json!({"action": "created", "repository": {"id": 7}})).await;
    hub.deliver("ping", "organisation", &json!({"zen": "Moor it twice.", "hook_id": 1})).await;
    let processed = hub.process().await;
    assert_eq!((processed.deliveries, processed.recorded, processed.failed), (3, 0, 0));
    assert_eq!(hub.deliveries("ignored").await, 3);
    let told = format!(
        "SELECT COUNT(*) FROM delivery WHERE guid = 'stranger' AND error LIKE '%{}%' \
         AND error LIKE '%portbook admin github connect%'",
        samples::REPOSITORY_ID
    );
    assert_eq!(hub.number(&told).await, 1);

    // Once its repository is connected, it is taken after all.
    let keeper = Keeper { store: hub.ledger.store.clone(), name: "ada".to_owned() };
    let connect = Connect {
        project: "quay".parse().unwrap(),
        repository_id: i64::try_from(samples::REPOSITORY_ID).unwrap(),
        owner_id: i64::try_from(samples::OWNER_ID).unwrap(),
        full_name: samples::REPOSITORY.to_owned(),
        ci_workflow: None,
    };
    assert_eq!(keeper.connect(connect).await.unwrap().requeued, 1);
    let processed = hub.process().await;
    assert_eq!((processed.deliveries, processed.recorded), (1, 1));
    hub.ledger.project().await;
    assert_eq!(hub.number("SELECT COUNT(*) FROM ci_fact WHERE outcome = 'success'").await, 1);
}
