//! The board shows what the evidence says.

use crate::support::*;
use portbook::service::log::Trust;
use portbook::service::project;
use serde_json::{Value, json};

#[tokio::test]
async fn an_empty_ledger_has_an_empty_board() {
    let ledger = Ledger::new().await;
    let answer = ledger.get("/v1/board").await;
    let expected = json!({"version": 0, "environments": [], "services": [], "commits": [], "incidents": 0});
    assert_eq!(answer.json(), expected);
    assert!(answer.header("etag").starts_with("\"board-"), "{answer:?}");
}

#[tokio::test]
async fn a_commit_is_followed_from_ci_to_its_environment() {
    let ledger = Ledger::new().await;
    ledger
        .record(&[
            commit(0, 1, &[]),
            ci(5, 1, "success"),
            image(6, 1),
            smoke(7, 1, "success"),
            published(8, 1, &["sha-0000000", "latest"]),
            deployed(9, "web", "dev", 1, "success"),
        ])
        .await;
    ledger.project().await;
    let board = ledger.get("/v1/board").await.json();
    let evidence = board["services"][0]["cells"][0]["evidence"].clone();
    assert_eq!(evidence.as_str().map(str::len), Some(64));
    let expected = json!({
        "version": 1,
        "environments": ["dev"],
        "services": [{"project": "shop", "name": "web", "cells": [{
            "environment": "dev", "state": "running", "version": "1.0.1", "commit": sha(1),
            "digest": digest(1), "actor": "ci", "since": minute(9), "commits_behind": 0,
            "kind": "deploy", "evidence": evidence, "last_attempt": null,
            "observed": null, "incidents": 1}]}],
        "commits": [{
            "project": "shop", "commit": sha(1), "subject": "Change 1", "author": "Ada",
            "committed_at": minute(0), "ci": "success",
            "image": {"digest": digest(1), "size_bytes": 9_000_000, "platforms": ["linux/amd64"]},
            "smoke": "success", "published": ["latest", "sha-0000000"], "environments": ["dev"],
            "unreachable": false}],
        // The smoke test named no digest, so this one was never tested.
        "incidents": 1
    });
    assert_eq!(board, expected);
}

#[tokio::test]
async fn polling_costs_a_304_until_something_changes() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let first = [commit(1, 1, &[])];
    ledger.post(&token, &first).await;
    ledger.project().await;
    let board = ledger.get("/v1/board").await;
    let first_tag = board.header("etag").to_owned();
    assert_eq!(board.header("cache-control"), "no-cache");
    let known = [("if-none-match", first_tag.as_str())];
    let poll = || ledger.get_with("/v1/board", &known);

    let same = poll().await;
    assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
    assert_eq!(same.header("etag"), first_tag);

    // A duplicate, and evidence that is older than what is known, change nothing.
    ledger.record(&[ci(9, 1, "success")]).await;
    ledger.project().await;
    let newer = ledger.get("/v1/board").await.header("etag").to_owned();
    assert_ne!(newer, first_tag);
    ledger.post(&token, &[first[0].clone(), ci(3, 1, "failure")]).await;
    assert_eq!(ledger.project().await, 1);
    assert_eq!(ledger.get("/v1/board").await.header("etag"), newer);
    assert_eq!(poll().await.status, 200);
}

#[tokio::test]
async fn environments_stand_in_the_order_of_a_promotion() {
    let ledger = Ledger::new().await;
    let names = ["prod", "zoo", "staging", "dev", "canary", "test", "ci", "local"];
    let runs: Vec<_> = names.iter().map(|name| deployed(1, "web", name, 1, "success")).collect();
    ledger.record(&runs).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let order = json!(["local", "ci", "dev", "test", "staging", "prod", "canary", "zoo"]);
    assert_eq!(board["environments"], order);
    let cells = board["services"][0]["cells"].as_array().unwrap();
    let cells: Vec<_> = cells.iter().map(|cell| cell["environment"].clone()).collect();
    assert_eq!(Value::from(cells), order);
}

#[tokio::test]
async fn a_failed_attempt_leaves_what_runs_in_its_cell() {
    let ledger = Ledger::new().await;
    ledger
        .record(&[
            deployed(1, "web", "dev", 1, "success"),
            deployed(2, "web", "dev", 2, "failure"),
            deployed(1, "api", "dev", 3, "cancelled"),
            deployed(1, "job", "dev", 1, "failure"),
            deployed(2, "job", "dev", 2, "success"),
        ])
        .await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let cell = |service: &str| {
        let services = board["services"].as_array().unwrap();
        let found = services.iter().find(|row| row["name"] == service).unwrap();
        found["cells"][0].clone()
    };
    let web = cell("web");
    assert_eq!((&web["state"], &web["commit"]), (&json!("running"), &json!(sha(1))));
    let failed = json!({"outcome": "failure", "commit": sha(2), "at": minute(2)});
    assert_eq!(web["last_attempt"], failed);
    let api = cell("api");
    assert_eq!((&api["state"], &api["commit"]), (&json!("failed"), &json!(sha(3))));
    assert_eq!(api["last_attempt"]["outcome"], "cancelled");
    let job = cell("job");
    assert_eq!((&job["state"], &job["last_attempt"]), (&json!("running"), &Value::Null));
    let running_nowhere = &board["commits"].as_array().unwrap().iter().find(|row| row["commit"] == sha(3));
    assert_eq!(running_nowhere.unwrap()["environments"], json!([]));
}

#[tokio::test]
async fn commits_behind_counts_first_parents_and_a_rollback_is_shown() {
    let ledger = Ledger::new().await;
    // 1 ← 2 ← 4 ← 5, and 3 came in by the merge 4.
    ledger
        .record(&[
            commit(1, 1, &[]),
            commit(2, 2, &[1]),
            commit(3, 3, &[1]),
            commit(4, 4, &[2, 3]),
            commit(5, 5, &[4]),
            deployed(10, "web", "dev", 5, "success"),
            deployed(10, "web", "staging", 4, "success"),
            rolled_back(11, "web", "staging", 2),
            deployed(10, "web", "prod", 3, "success"),
        ])
        .await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let cells = board["services"][0]["cells"].as_array().unwrap();
    let shown: Vec<_> = cells.iter().map(|c| (c["commits_behind"].clone(), c["kind"].clone())).collect();
    let expected =
        [(json!(0), json!("deploy")), (json!(2), json!("rollback")), (Value::Null, json!("deploy"))];
    assert_eq!(shown, expected);
    let commits = board["commits"].as_array().unwrap();
    let order: Vec<_> = commits.iter().map(|row| row["commit"].clone()).collect();
    assert_eq!(Value::from(order), json!([sha(5), sha(4), sha(3), sha(2), sha(1)]));
}

#[tokio::test]
async fn commits_that_only_other_evidence_names_have_no_subject() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[]), ci(2, 7, "failure"), commit(3, 3, &[1])]).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let commits = board["commits"].as_array().unwrap();
    let order: Vec<_> = commits.iter().map(|row| row["commit"].clone()).collect();
    assert_eq!(Value::from(order), json!([sha(3), sha(7), sha(1)]));
    for field in ["subject", "author", "committed_at"] {
        assert_eq!(commits[1][field], Value::Null, "{field}");
    }
    assert_eq!(commits[1]["ci"], "failure");
}

#[tokio::test]
async fn only_the_newest_commits_are_shown() {
    let ledger = Ledger::new().await;
    let commits: Vec<_> = (1..=30).map(|n| commit(n, n, &[n - 1])).collect();
    ledger.record(&commits).await;
    ledger.record(&[deployed(40, "web", "dev", 3, "success")]).await;
    ledger.project().await;
    let board = ledger.board_json().await;
    let shown = board["commits"].as_array().unwrap();
    assert_eq!(
        (shown.len(), &shown[0]["commit"], &shown[19]["commit"]),
        (20, &json!(sha(30)), &json!(sha(11)))
    );
    assert_eq!(board["services"][0]["cells"][0]["commits_behind"], 27);
}

#[tokio::test]
async fn a_tag_that_moves_on_leaves_the_commit_it_named() {
    let ledger = Ledger::new().await;
    ledger
        .record(&[
            commit(1, 1, &[]),
            commit(2, 2, &[1]),
            published(10, 2, &["latest", "v2"]),
            published(5, 1, &["latest", "v1"]),
        ])
        .await;
    ledger.project().await;
    let board = ledger.board_json().await;
    assert_eq!(board["commits"][0]["published"], json!(["latest", "v2"]));
    assert_eq!(board["commits"][1]["published"], json!(["v1"]));
}

#[tokio::test]
async fn a_fresh_database_never_takes_its_board_for_that_of_another() {
    // Not copies of one template, which would be one database to their readers.
    let fresh = async || Ledger::on(Database::empty().await, true, None);
    let (one, other) = (fresh().await, fresh().await);
    for ledger in [&one, &other] {
        ledger.store.migrate().await.unwrap();
        ledger.record(&[commit(1, 1, &[])]).await;
        ledger.project().await;
    }
    let tag = one.get("/v1/board").await.header("etag").to_owned();
    let answer = other.get_with("/v1/board", &[("if-none-match", &tag)]).await;
    assert_eq!((answer.status.as_u16(), answer.json()["version"].clone()), (200, json!(1)));
}

#[tokio::test]
async fn a_cell_shows_what_was_seen_there_beside_what_should_run() {
    let ledger = Ledger::new().await;
    let cells = ["dev", "test", "staging", "prod"];
    let runs: Vec<_> = cells.iter().map(|name| deployed(1, "web", name, 1, "success")).collect();
    ledger.record(&runs).await;
    let seen = |at: u32, environment: &str, more: Value| {
        let mut claim = json!({"kind": "runtime_observed", "service": "web", "environment": environment,
                               "reachable": true});
        claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document(at, claim)
    };
    let observations = [
        seen(2, "dev", json!({"digest": digest(9)})),
        seen(3, "dev", json!({"digest": digest(1)})),
        seen(2, "test", json!({"digest": digest(9)})),
        // Without a digest the commit says it.
        seen(2, "staging", json!({"commit": sha(1)})),
        seen(2, "prod", json!({"reachable": false})),
    ];
    ledger.append(Trust::Poll, None, &observations).await;
    let board = ledger.board_json().await;
    let cells = board["services"][0]["cells"].as_array().unwrap();
    let shown: Vec<_> = cells.iter().map(|cell| cell["observed"].clone()).collect();
    let observed = |reachable: bool, digest: Value, matches: Value, at: u32| json!({"reachable": reachable, "digest": digest, "matches": matches, "at": minute(at)});
    let expected = [
        observed(true, json!(digest(1)), json!(true), 3),
        observed(true, json!(digest(9)), json!(false), 2),
        observed(true, Value::Null, json!(true), 2),
        observed(false, Value::Null, Value::Null, 2),
    ];
    assert_eq!(shown, expected);
    // Each of the incidents that are listed is counted in its cell.
    let listed = ledger.get("/v1/incidents?limit=200").await.json();
    let listed = listed["incidents"].as_array().unwrap();
    assert_eq!(board["incidents"], listed.len());
    for cell in cells {
        let own = listed.iter().filter(|incident| incident["environment"] == cell["environment"]).count();
        assert_eq!(cell["incidents"], own, "{}", cell["environment"]);
        assert!(own > 0, "untested everywhere");
    }
}

#[tokio::test]
async fn what_is_kept_of_an_earlier_board_is_never_old() {
    let ledger = Ledger::new().await;
    let of_pier = |mut document: Value| {
        document["project"] = "pier".into();
        document
    };
    let runtime = json!({"kind": "runtime_observed", "service": "web", "environment": "dev", "reachable": true,
                         "digest": digest(2)});
    let commits: Vec<Value> = (20..45).map(|number| commit(number, number, &[number - 1])).collect();
    let others: Vec<Value> = (50..75).map(|number| ci(number, number, "success")).collect();
    let steps = [
        vec![commit(1, 1, &[]), commit(2, 2, &[1])],
        vec![deployed(3, "web", "dev", 1, "success")],
        vec![document(4, runtime)],
        // Nobody has told of this commit; then somebody does, and of its parents.
        vec![deployed(5, "web", "dev", 7, "success")],
        vec![deployed(6, "worker", "dev", 7, "failure"), rolled_back(7, "web", "dev", 1)],
        vec![ci(8, 7, "success")],
        vec![deployed(9, "web", "prod", 7, "success")],
        vec![commit(6, 7, &[2])],
        vec![deployed(10, "web", "prod", 2, "success")],
        vec![image(11, 8)],
        vec![smoke(12, 9, "success"), published(13, 8, &["v1.0.0"])],
        vec![deployed(14, "api", "dev", 8, "success"), deployed(15, "api", "prod", 10, "success")],
        // Another project, whose first document is a deployment.
        vec![of_pier(deployed(16, "crane", "dev", 3, "success"))],
        vec![deployed(17, "api", "dev", 3, "success")],
        vec![of_pier(commit(18, 3, &[]))],
        // More than are shown of each sort.
        commits,
        vec![deployed(46, "web", "dev", 30, "success"), deployed(47, "api", "dev", 11, "success")],
        others,
        vec![deployed(76, "web", "dev", 44, "success"), deployed(80, "api", "dev", 12, "success")],
    ];
    for (number, step) in steps.iter().enumerate() {
        ledger.append(Trust::Poll, None, step).await;
        assert_eq!(ledger.get("/v1/board").await.json(), ledger.board_json().await, "after step {number}");
    }
    project::rebuild(&ledger.store).await.unwrap();
    assert_eq!(ledger.get("/v1/board").await.json(), ledger.board_json().await);
    let made_again = ledger.board_json().await;
    assert!(made_again["commits"].as_array().unwrap().len() > 20, "{made_again:#}");
}
