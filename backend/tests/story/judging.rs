//! From the log to incidents: every rule, in whatever order the facts arrive.

use crate::support::*;
use evidence::{Claim, Evidence, RuntimeObserved, TagObserved};
use portbook::service::log::{self, Provenance, Trust};
use portbook::service::project::{fingerprints, project_and_tell, verify_projections};
use portbook::store::Lock;
use serde_json::{Value, json};

fn seen(at: u32, claim: Claim) -> Evidence {
    let mut document: Evidence = serde_json::from_value(commit(at, 1, &[])).unwrap();
    document.claim = claim;
    document
}

fn tag_seen(at: u32, tag: &str, number: Option<u32>) -> Evidence {
    seen(
        at,
        Claim::TagObserved(TagObserved {
            repository: "registry.example/shop".to_owned(),
            tag: tag.parse().unwrap(),
            digest: number.map(|number| digest(number).parse().unwrap()),
        }),
    )
}

fn running(at: u32, environment: &str, number: u32) -> Evidence {
    seen(
        at,
        Claim::RuntimeObserved(RuntimeObserved {
            service: "web".parse().unwrap(),
            environment: environment.parse().unwrap(),
            reachable: true,
            digest: Some(digest(number).parse().unwrap()),
            commit: None,
            version: None,
            schema_version: None,
            schema_floor: None,
        }),
    )
}

fn by_reference(at: u32, environment: &str, number: u32, reference: &str) -> Value {
    let mut document = deployed(at, "web", environment, number, "success");
    document["claim"]["reference"] = json!(format!("registry.example/shop:{reference}"));
    document
}

/// A day on which everything goes wrong once: the documents, and who vouches for each.
fn bad_day() -> Vec<(Evidence, Provenance)> {
    let told = [
        commit(0, 1, &[]),
        commit(1, 2, &[1]),
        // Published on red; the green re-run afterwards does not help.
        ci(2, 1, "failure"),
        published(3, 1, &["v1.0.0", "latest"]),
        ci(4, 1, "success"),
        // All in order, but for a floating tag in production.
        ci(5, 2, "success"),
        smoke_of(6, 2, "success"),
        published(7, 2, &["v1.0.1", "latest"]),
        deployed(8, "web", "staging", 2, "success"),
        by_reference(9, "prod", 2, "latest"),
        // Never tested, and past staging.
        by_reference(20, "prod", 1, "v1.0.0"),
    ];
    let seen = [
        // Moved, and moved back.
        tag_seen(10, "v1.0.1", Some(3)),
        tag_seen(12, "v1.0.1", Some(2)),
        // Something else runs, seen twice.
        running(13, "prod", 9),
        running(14, "prod", 9),
        running(16, "prod", 2),
    ];
    let provenance = |trust| Provenance { trust, token_id: None, source: None };
    let told = told.into_iter().map(|document| serde_json::from_value(document).unwrap());
    told.map(|document| (document, provenance(Trust::Webhook)))
        .chain(seen.into_iter().map(|document| (document, provenance(Trust::Poll))))
        .collect()
}

fn smoke_of(at: u32, number: u32, outcome: &str) -> Value {
    let mut document = smoke(at, number, outcome);
    document["claim"]["digest"] = json!(digest(number));
    document
}

async fn append(ledger: &Ledger, documents: &[(Evidence, Provenance)]) {
    let mut session = ledger.store.write(Lock::Ledger).await.unwrap();
    log::append(&mut session, documents).await.unwrap();
    session.commit().await.unwrap();
}

/// The rules and codes of all incidents, and which are over.
async fn incidents(ledger: &Ledger) -> Vec<(String, String, bool)> {
    let mut session = ledger.store.read().await.unwrap();
    let mut found: Vec<_> = session.all_incidents().await.unwrap();
    found.sort_by_key(|row| (row.rule.clone(), row.code.clone()));
    found.into_iter().map(|row| (row.rule, row.code, row.resolved_at.is_some())).collect()
}

#[tokio::test]
async fn each_rule_finds_its_breach_and_nothing_else() {
    let ledger = Ledger::new().await;
    append(&ledger, &bad_day()).await;
    assert!(project_and_tell(&ledger.store, true).await.unwrap().changed);
    let found = incidents(&ledger).await;
    let found: Vec<_> =
        found.iter().map(|(rule, code, over)| (rule.as_str(), code.as_str(), *over)).collect();
    let expected = [
        ("R1", "published-on-red", false),
        ("R2", "immutable-tag-moved", true),
        ("R3", "floating-reference", false),
        ("R4", "skipped-staging", false),
        ("R4", "untested-digest", false),
        ("R5", "undeployed-image", true),
    ];
    assert_eq!(found, expected);
    let notices = ledger.store.read().await.unwrap().notices(None, 100).await.unwrap();
    assert_eq!(notices.len(), found.len());
    for notice in notices {
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        assert_eq!(body["type"], notice.event);
        assert!(body["data"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
}

#[tokio::test]
async fn facts_that_come_late_take_an_incident_back() {
    let ledger = Ledger::new().await;
    ledger.record(&[published(3, 1, &["v1.0.0"])]).await;
    ledger.project().await;
    assert_eq!(incidents(&ledger).await.len(), 1, "nobody had said that CI was green");
    ledger.record(&[ci(2, 1, "success")]).await;
    let projected = project_and_tell(&ledger.store, true).await.unwrap();
    assert_eq!(projected.incidents.len(), 1);
    assert_eq!(incidents(&ledger).await, []);
    let notices = ledger.store.read().await.unwrap().notices(None, 10).await.unwrap();
    assert_eq!(notices[0].event, "incident.withdrawn");
}

#[tokio::test]
async fn any_order_and_any_batches_of_arrival_make_the_same_incidents() {
    let day = bad_day();
    let mut expected = None;
    for round in 0..12_usize {
        let ledger = Ledger::new().await;
        let mut order: Vec<usize> = (0..day.len()).collect();
        // A different order each round, the same in every run.
        let mut state = round * 7919 + 1;
        for place in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(place, (state >> 33) % (place + 1));
        }
        for batch in order.chunks(1 + round % 5) {
            let batch: Vec<_> = batch.iter().map(|index| day[*index].clone()).collect();
            append(&ledger, &batch).await;
            append(&ledger, &batch[..1]).await;
            ledger.project().await;
        }
        assert_eq!(verify_projections(&ledger.store).await.unwrap(), Vec::<String>::new(), "round {round}");
        let hashes = fingerprints(&ledger.store).await.unwrap();
        let facts: Vec<_> =
            ["incident", "ci_fact", "commit_ci", "tag_observation", "deployment", "runtime_fact"]
                .map(|table| hashes[table].clone())
                .into();
        assert_eq!(expected.get_or_insert(facts.clone()), &facts, "round {round}");
    }
}

#[tokio::test]
async fn the_command_line_checks_and_makes_again() {
    let ledger = Ledger::new().await;
    append(&ledger, &bad_day()).await;
    let url = ledger.database.url();
    let admin = |arguments: &[&str]| {
        let arguments: Vec<_> = ["admin"].iter().chain(arguments).copied().collect();
        run(&arguments, &[("DATABASE_URL", url.as_str())])
    };
    let early = admin(&["rebuild", "--check"]);
    assert_eq!(early.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&early.stderr).contains("not projected everything"), "{early:?}");
    ledger.project().await;
    assert_eq!(admin(&["rebuild", "--check"]).status.code(), Some(0));
    ledger.database.execute("DELETE FROM incident").await.unwrap();
    let differs = admin(&["rebuild", "--check", "--json"]);
    assert_eq!(differs.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&differs.stdout).unwrap();
    assert_eq!(told, json!({ "differing": ["incident"] }));
    let rebuilt = admin(&["rebuild"]);
    assert_eq!(String::from_utf8_lossy(&rebuilt.stdout), "made again from 16 documents\n");
    assert_eq!(incidents(&ledger).await.len(), 6);
    let verified = admin(&["verify"]);
    assert_eq!(String::from_utf8_lossy(&verified.stdout), "16 rows, every chain is whole\n");
}
