//! In whatever order events come, and however often, they end in the same state.

use crate::hub::Hub;
use crate::samples;
use portbook::service::project::{fingerprints, verify_projections};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A run that fails, and whose failed job is run again.
fn run_and_rerun() -> Vec<(&'static str, Value)> {
    let mut events = Vec::new();
    for (attempt, jobs) in [(1, &[1, 2][..]), (2, &[2])] {
        for action in ["requested", "in_progress", "completed"] {
            let mut body = samples::workflow_run(action, attempt);
            if (action, attempt) == ("completed", 1) {
                body["workflow_run"]["conclusion"] = json!("failure");
            }
            events.push(("workflow_run", body));
        }
        for job in jobs {
            for action in ["queued", "waiting", "in_progress", "completed"] {
                let mut body = samples::workflow_job(action, attempt, *job);
                if (action, attempt, *job) == ("completed", 1, 2) {
                    body["workflow_job"]["conclusion"] = json!("failure");
                }
                events.push(("workflow_job", body));
            }
        }
    }
    events
}

/// The branch goes on, and then back: a force-push.
fn pushes() -> Vec<(&'static str, Value)> {
    let mut events = Vec::new();
    for (number, before, after, forced) in [(1, 10, 11, false), (2, 11, 12, false), (3, 12, 13, true)] {
        let mut body = samples::push("refs/heads/main");
        let commit = samples::pushed_commit(after, &format!("Change {after}"));
        body["before"] = json!(samples::sha(before));
        body["after"] = json!(samples::sha(after));
        body["forced"] = json!(forced);
        body["commits"] = json!([commit]);
        body["head_commit"] = commit;
        body["repository"]["pushed_at"] = json!(1_770_112_800 + number * 60);
        events.push(("push", body));
    }
    events
}

fn story() -> Vec<(&'static str, Value)> {
    let others = samples::every_event().into_iter().filter(|(event, _)| !event.starts_with("workflow"));
    run_and_rerun().into_iter().chain(pushes()).chain(others).collect()
}

/// One arrival: which event, and whether the worker projects before the next one.
type Arrival = (usize, bool);

async fn end_state(arrivals: &[Arrival]) -> BTreeMap<String, String> {
    let story = story();
    let hub = Hub::connected().await;
    for (number, (index, project)) in arrivals.iter().enumerate() {
        let (event, body) = &story[*index];
        hub.deliver(event, &format!("guid-{number}"), body).await;
        if *project {
            hub.process().await;
            hub.ledger.project().await;
        }
    }
    assert_eq!(hub.process().await.failed, 0);
    hub.ledger.project().await;
    let found = fingerprints(&hub.ledger.store).await.unwrap();
    let differing = verify_projections(&hub.ledger.store).await.unwrap();
    assert!(differing.is_empty(), "a rebuild makes other rows of {differing:?}");
    hub.ledger.store.close().await;
    found
}

fn arrivals(events: usize) -> impl Strategy<Value = Vec<Arrival>> {
    let again = proptest::collection::vec(0..events, 0..12);
    let order = again.prop_map(move |again| (0..events).chain(again).collect::<Vec<_>>()).prop_shuffle();
    let projected = proptest::collection::vec(proptest::bool::weighted(0.2), events + 12);
    (order, projected).prop_map(|(order, projected)| order.into_iter().zip(projected).collect())
}

#[test]
fn any_order_and_repetition_of_events_ends_in_the_same_state() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let events = story().len();
    let expected = runtime.block_on(end_state(&(0..events).map(|index| (index, false)).collect::<Vec<_>>()));
    // Each case has a database of its own, and Postgres writes each event through to its disk.
    let in_a_file = runtime.block_on(async { Hub::unconnected().await.ledger.database.file().is_some() });
    let cases = if in_a_file { 24 } else { 8 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 40, ..Config::default() };
    let tested = TestRunner::new(config).run(&arrivals(events), |arrivals| {
        let found = runtime.block_on(end_state(&arrivals));
        let differing: Vec<_> =
            expected.iter().filter(|(table, hash)| found.get(*table) != Some(hash)).collect();
        prop_assert!(differing.is_empty(), "{:?}", differing);
        Ok(())
    });
    tested.unwrap();
}

#[tokio::test]
async fn a_partial_rerun_leaves_what_it_did_not_run_again() {
    let hub = Hub::connected().await;
    for (number, (event, body)) in run_and_rerun().into_iter().rev().enumerate() {
        hub.deliver(event, &format!("guid-{number}"), &body).await;
    }
    hub.process().await;
    hub.ledger.project().await;
    let attempts = "SELECT COUNT(*) FROM ci_run WHERE phase = 3 AND conclusion = \
                    CASE attempt WHEN 1 THEN 'failure' ELSE 'success' END";
    assert_eq!(hub.number(attempts).await, 2, "an attempt is a row of its own");
    let jobs = "SELECT COUNT(*) FROM ci_job WHERE phase = 3 AND conclusion = \
                CASE WHEN attempt = 1 AND name = 'job-2' THEN 'failure' ELSE 'success' END";
    assert_eq!(hub.number(jobs).await, 3);
    let verdicts = "SELECT COUNT(*) FROM ci_fact WHERE fact_key LIKE 'run:%'";
    assert_eq!(hub.number(verdicts).await, 2, "a green re-run does not take the red one away");
    assert_eq!(hub.number("SELECT COUNT(*) FROM commit_ci WHERE outcome = 'success'").await, 1);
}
