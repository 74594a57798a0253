//! Measures, from evidence to the answer.

use crate::support::*;
use portbook::service::log::Trust;
use serde_json::{Value, json};

/// A window around all that the tests record.
const WINDOW: &str = "from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z";

async fn ledger(documents: &[Value]) -> Ledger {
    let ledger = Ledger::new().await;
    ledger.record(documents).await;
    ledger.project().await;
    ledger
}

async fn measure(ledger: &Ledger, name: &str) -> Value {
    let answer = ledger.get(&format!("/v1/metrics/{name}?{WINDOW}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let measure = answer.json();
    assert_eq!(measure["name"], name);
    assert!(measure["explanation"].as_str().is_some_and(|words| words.len() > 40), "{measure}");
    measure
}

/// Value, n, coverage and whether the goal is reached.
fn essence(measure: &Value) -> Value {
    json!([measure["value"], measure["n"], measure["coverage"], measure["reached"]])
}

fn ids(measure: &Value) -> Vec<&str> {
    measure["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// A deployment as who deploys tells it: announced, and ended a number of minutes later.
fn deployment_of(
    number: u32,
    environment: &str,
    mode: &str,
    commit: u32,
    at: u32,
    end: &str,
    minutes: u32,
) -> [Value; 2] {
    let started = document(
        at,
        json!({"kind": "deployment_started", "id": uuid(number), "service": "web", "environment": environment,
               "commit": sha(commit), "digest": digest(commit), "mode": mode,
               "version": format!("1.0.{commit}"), "actor": "ada"}),
    );
    let mut claim = json!({"kind": "deployment_state", "id": uuid(number), "sequence": 1, "state": end});
    if end == "failed" {
        claim["failure"] = json!("health");
    }
    [started, document(at + minutes, claim)]
}

#[tokio::test]
async fn of_nothing_nothing_is_claimed() {
    let ledger = ledger(&[]).await;
    let catalogue = ledger.get("/v1/metrics").await.json();
    let names: Vec<_> =
        catalogue["measures"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let expected = [
        "published-on-red",
        "pr-ci-duration",
        "smoke-flake",
        "build-duration",
        "deploy-duration",
        "deploys-failed-by-build",
        "deployment-frequency",
        "change-lead-time",
        "change-fail-rate",
        "recovery-time",
        "rework-rate",
    ];
    assert_eq!(names, expected);
    for name in names {
        let answer = ledger.get(&format!("/v1/metrics/{name}?project=shop")).await.json();
        assert_eq!(essence(&answer), json!([null, 0, null, null]), "{name}");
        assert_eq!(answer["rows"], json!([]), "{name}");
    }
    ledger.get("/v1/metrics/happiness?project=shop").await.problem(404, "not-found");
    for wrong in ["from=yesterday", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "environment=Prod"] {
        let path = format!("/v1/metrics/rework-rate?project=shop&{wrong}");
        ledger.get(&path).await.problem(422, "wrong-parameter");
    }
}

#[tokio::test]
async fn what_was_published_on_red_is_counted_over_the_last_merges() {
    let commits: Vec<_> = (1..=25).map(|number| commit(number, number, &[number - 1])).collect();
    let ledger = ledger(&commits).await;
    ledger
        .record(&[
            // Too long ago to count.
            ci(30, 2, "failure"),
            published(31, 2, &["a"]),
            // Red, though it was green later.
            ci(30, 10, "failure"),
            published(31, 10, &["b"]),
            ci(32, 10, "success"),
            ci(30, 11, "success"),
            published(31, 11, &["c"]),
            // Nobody knows.
            published(31, 12, &["d"]),
        ])
        .await;
    ledger.project().await;
    let shown = measure(&ledger, "published-on-red").await;
    assert_eq!(essence(&shown), json!([2.0, 20, 0.1, false]));
    assert_eq!(shown["goal"], json!({"relation": "at_most", "value": 0.0}));
    assert_eq!((shown["from"].as_str(), ids(&shown)[0]), (Some(minute(6).as_str()), sha(25).as_str()));
    assert_eq!(shown["rows"][0]["href"], format!("/v1/commits/{}", sha(25)));

    // Where pull requests are known, those that were merged are the merges.
    let told = [
        document(
            1,
            json!({"kind": "repository_named", "repository_id": 7, "owner_id": 1, "full_name": "octo/shop", "default_branch": "main"}),
        ),
        document(
            40,
            json!({"kind": "pull_request", "repository_id": 7, "number": 1, "title": "t", "author": "a",
                            "base": "main", "head": sha(90), "state": "merged", "merge_commit": sha(11)}),
        ),
        document(
            41,
            json!({"kind": "pull_request", "repository_id": 7, "number": 2, "title": "t", "author": "a",
                            "base": "other", "head": sha(91), "state": "merged", "merge_commit": sha(10)}),
        ),
    ];
    ledger.append(Trust::Webhook, None, &told).await;
    let shown = measure(&ledger, "published-on-red").await;
    assert_eq!((essence(&shown), ids(&shown)), (json!([0.0, 1, 1.0, true]), vec![sha(11).as_str()]));
}

#[tokio::test]
async fn pull_requests_wait_as_long_as_their_ci_takes() {
    let ledger = ledger(&[commit(1, 1, &[])]).await;
    let connected = json!({"repository_id": 7, "owner_id": 1, "project": "shop", "full_name": "octo/shop", "added_at": 1});
    ledger.insert("github_repository", &[connected]).await;
    let run = |id: u32, event: &str, workflow: &str, minutes: u32, conclusion: &str| {
        document(
            20 + minutes,
            json!({"kind": "ci_run", "repository_id": 7, "run_id": id, "attempt": 1,
                   "workflow": format!(".github/workflows/{workflow}.yml"), "event": event, "commit": sha(1),
                   "from_fork": false, "phase": "completed", "conclusion": conclusion, "started_at": minute(20)}),
        )
    };
    let runs = [
        run(1, "pull_request", "ci", 10, "success"),
        run(2, "pull_request", "ci", 16, "failure"),
        run(3, "pull_request", "ci", 16, "success"),
        run(4, "pull_request", "ci", 1, "cancelled"),
        run(5, "pull_request", "labels", 1, "success"),
        run(6, "push", "ci", 1, "success"),
    ];
    ledger.append(Trust::Webhook, None, &runs).await;
    let shown = measure(&ledger, "pr-ci-duration").await;
    assert_eq!(essence(&shown), json!([960_000.0, 3, 0.75, false]));
    assert_eq!(shown["unit"], "milliseconds");
}

#[tokio::test]
async fn smokes_and_builds_are_counted_from_their_evidence() {
    let smoked = |at: u32, number: u32, outcome: &str| {
        let mut smoke = smoke(at, number, outcome);
        smoke["claim"]["digest"] = digest(number).into();
        smoke
    };
    let built = |at: u32, number: u32, milliseconds: u32, cache: &str| {
        let mut image = image(at, number);
        image["claim"]["milliseconds"] = milliseconds.into();
        image["claim"]["cache"] = cache.into();
        image
    };
    let ledger = ledger(&[
        smoked(1, 1, "failure"),
        smoked(2, 1, "success"),
        smoked(3, 2, "success"),
        smoked(4, 3, "skipped"),
        built(5, 1, 290_000, "cold"),
        built(6, 2, 40_000, "warm"),
        built(7, 3, 50_000, "warm"),
        image(8, 4),
    ])
    .await;
    let flake = measure(&ledger, "smoke-flake").await;
    assert_eq!(essence(&flake), json!([0.5, 2, 0.75, false]));
    assert_eq!(flake["parts"][0]["name"], "2026-W09");
    assert_eq!(flake["interval"], flake["parts"][0]["interval"]);
    let builds = measure(&ledger, "build-duration").await;
    assert_eq!(essence(&builds), json!([290_000.0, 3, 0.75, true]));
    let parts: Vec<_> = builds["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (&part["name"], &part["value"], &part["n"]))
        .collect();
    assert_eq!(
        parts,
        [(&json!("cold"), &json!(290_000.0), &json!(1)), (&json!("warm"), &json!(50_000.0), &json!(2))]
    );
}

#[tokio::test]
async fn deployments_are_measured_by_what_became_of_them() {
    let commits = [commit(0, 1, &[]), commit(10, 2, &[1]), commit(20, 3, &[2]), commit(30, 4, &[3])];
    let ledger = ledger(&commits).await;
    let deployments: Vec<_> = [
        deployment_of(1, "prod", "deploy", 1, 40, "succeeded", 1),
        deployment_of(2, "prod", "deploy", 3, 50, "succeeded", 2),
        deployment_of(3, "prod", "rollback", 1, 60, "succeeded", 1),
        deployment_of(4, "prod", "deploy", 4, 70, "failed", 1),
        deployment_of(5, "prod", "hotfix", 4, 80, "succeeded", 1),
        deployment_of(6, "dev", "deploy", 4, 90, "succeeded", 9),
        deployment_of(7, "prod", "deploy", 4, 95, "unknown", 9),
    ]
    .into_iter()
    .flatten()
    .collect();
    ledger.append(Trust::Token, None, &deployments).await;
    let expect = async |name: &str, expected: Value| {
        let shown = measure(&ledger, name).await;
        assert_eq!(essence(&shown), expected, "{name}: {shown:#}");
        shown
    };
    // Five of them, dev too; nearest rank takes the longest.
    expect("deploy-duration", json!([540_000.0, 5, 1.0, false])).await;
    expect("deploys-failed-by-build", json!([0.0, 6, 6.0 / 7.0, true])).await;
    // Three in the time from the first one at 12:40 to the end at midnight of the next day.
    let days = (11.0 * 60.0 + 20.0 + 1440.0) / 1440.0;
    let frequency = expect("deployment-frequency", json!([3.0 / days, 3, 5.0 / 6.0, null])).await;
    assert_eq!(
        (frequency["unit"].as_str(), frequency["from"].as_str()),
        (Some("per_day"), Some(minute(40).as_str()))
    );
    // Commits 2 and 3 came at 52, 4 at 81: 42, 32 and 51 minutes.
    let lead = expect("change-lead-time", json!([42.0 * 60_000.0, 3, 0.75, null])).await;
    assert_eq!(ids(&lead)[0], sha(4));
    // 1 and 5 lasted, 2 was rolled back, 4 failed; of 7 nobody knows.
    let fails = expect("change-fail-rate", json!([0.5, 4, 0.8, null])).await;
    assert_eq!(ids(&fails), [uuid(5), uuid(4), uuid(2), uuid(1)]);
    assert!(fails["interval"]["low"].as_f64().unwrap() < 0.5, "{fails}");
    // From 52 to 61, and from 71 to 81.
    expect("recovery-time", json!([9.0 * 60_000.0, 2, 1.0, null])).await;
    expect("rework-rate", json!([0.5, 4, 5.0 / 6.0, null])).await;

    let dev = ledger.get(&format!("/v1/metrics/change-fail-rate?environment=dev&{WINDOW}")).await.json();
    assert_eq!((essence(&dev), ids(&dev)), (json!([0.0, 1, 1.0, null]), vec![uuid(6).as_str()]));
    let before = ledger.get("/v1/metrics/rework-rate?to=2026-03-01T12:45:00Z").await.json();
    assert_eq!(essence(&before), json!([0.0, 1, 1.0, null]));
}

#[tokio::test]
async fn a_measure_of_a_fixed_window_is_polled_for_a_304() {
    let ledger = ledger(&[commit(1, 1, &[])]).await;
    let path = format!("/v1/metrics/rework-rate?{WINDOW}");
    let tag = ledger.get(&path).await.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    assert_eq!(ledger.get_with(&path, &known).await.status, 304);
    ledger.record(&[deployed(2, "web", "prod", 1, "success")]).await;
    ledger.project().await;
    assert_eq!(ledger.get_with(&path, &known).await.status, 200);
    let other = ledger.get("/v1/metrics/rework-rate?to=2026-03-04T00:00:00Z").await;
    assert_ne!(other.header("etag"), ledger.get(&path).await.header("etag"));
}
