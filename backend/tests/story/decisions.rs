//! May this digest go there?

use crate::support::*;
use evidence::Evidence;
use portbook::service::log::Trust;
use portbook::service::project::verify_projections;
use serde_json::{Value, json};

fn smoked(at: u32, number: u32, outcome: &str) -> Value {
    let mut smoke = smoke(at, number, outcome);
    smoke["claim"]["digest"] = digest(number).into();
    smoke
}

/// All that is needed for production, at 1 to 5.
fn ready(number: u32) -> Vec<Value> {
    vec![
        ci(1, number, "success"),
        image(2, number),
        smoked(3, number, "success"),
        published(4, number, &["v1.2.3"]),
        deployed(5, "web", "staging", number, "success"),
    ]
}

/// A ledger in which these documents were recorded and projected.
async fn ledger(documents: &[Value]) -> Ledger {
    let ledger = Ledger::new().await;
    ledger.record(documents).await;
    ledger.project().await;
    ledger
}

/// Writes down what the ledger itself saw.
async fn observe(ledger: &Ledger, at: u32, claim: Value) {
    ledger.append(Trust::Poll, None, &[document(at, claim)]).await;
}

async fn ask(ledger: &Ledger, number: u32, environment: &str, more: &str) -> Value {
    let path = format!("/v1/decisions?digest={}&env={environment}{more}", digest(number));
    let answer = ledger.get(&path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// The codes of the reasons that block, or of those that do not.
fn codes(decision: &Value, blocks: bool) -> Vec<&str> {
    let reasons = decision["reasons"].as_array().unwrap().iter();
    reasons
        .filter(|reason| reason["blocks"] == blocks)
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

/// Asserts that just these codes deny it, or that it is allowed if there are none.
async fn expect(ledger: &Ledger, number: u32, environment: &str, more: &str, against: &[&str]) {
    let decision = ask(ledger, number, environment, more).await;
    assert_eq!(codes(&decision, true), against, "{decision:#}");
    let verdict = if against.is_empty() { "allow" } else { "deny" };
    assert_eq!(decision["verdict"], verdict, "{decision:#}");
}

#[tokio::test]
async fn what_was_tested_published_and_staged_may_go_to_production() {
    let ledger = ledger(&ready(1)).await;
    let decision = ask(&ledger, 1, "prod", "&service=web&ref=registry.example/shop:v1.2.3").await;
    assert_eq!(decision["verdict"], "allow");
    for (field, expected) in [
        ("project", json!("shop")),
        ("digest", json!(digest(1))),
        ("commit", json!(sha(1))),
        ("environment", json!("prod")),
        ("service", json!("web")),
        ("reference", json!("registry.example/shop:v1.2.3")),
        ("pending", json!(0)),
    ] {
        assert_eq!(decision[field], expected, "{field}");
    }
    let speaks = [
        "digest-known",
        "ci-green",
        "tested",
        "passed-staging",
        "pinned-reference",
        "tags-unmoved",
        "schema-unknown",
    ];
    assert_eq!((codes(&decision, true), codes(&decision, false)), (vec![], speaks.to_vec()));
    // What it names as evidence is in the log.
    let tested =
        decision["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == "tested").unwrap();
    let document: Evidence = serde_json::from_value(smoked(3, 1, "success")).unwrap();
    assert_eq!((&tested["rule"], &tested["evidence"]), (&json!("R4"), &json!([document.sha256()])));
}

#[tokio::test]
async fn an_unknown_digest_is_denied_and_not_missing() {
    let ledger = ledger(&ready(1)).await;
    let against = ["digest-unknown", "ci-unknown", "untested-digest", "skipped-staging"];
    expect(&ledger, 2, "prod", "", &against).await;
    expect(&ledger, 2, "ci", "", &[]).await;
}

#[tokio::test]
async fn each_missing_thing_is_a_reason() {
    let without = |kind: &str| {
        let mut documents = ready(1);
        documents.retain(|document| document["claim"]["kind"] != kind);
        documents
    };
    for (missing, against) in [
        ("ci_verdict", "published-without-verdict"),
        ("smoke", "untested-digest"),
        ("deployed", "skipped-staging"),
    ] {
        expect(&ledger(&without(missing)).await, 1, "prod", "", &[against]).await;
    }
    // It need not be built here, nor published, to be known and judged.
    for missing in ["image_built", "published"] {
        expect(&ledger(&without(missing)).await, 1, "prod", "", &[]).await;
    }
}

#[tokio::test]
async fn a_green_re_run_does_not_mend_a_red_publication() {
    let mut documents = ready(1);
    documents[0] = ci(1, 1, "failure");
    let ledger = ledger(&documents).await;
    expect(&ledger, 1, "prod", "", &["published-on-red"]).await;
    ledger.record(&[ci(10, 1, "success")]).await;
    ledger.project().await;
    expect(&ledger, 1, "prod", "", &["published-on-red"]).await;
    // Publishing it again does.
    ledger.record(&[published(11, 1, &["v1.2.3"])]).await;
    ledger.project().await;
    expect(&ledger, 1, "prod", "", &[]).await;
}

#[tokio::test]
async fn production_is_deployed_by_what_never_moves() {
    let ledger = ledger(&ready(1)).await;
    let by = |reference: &str| format!("&ref={reference}");
    expect(&ledger, 1, "prod", &by("registry.example/shop:latest"), &["floating-reference"]).await;
    expect(&ledger, 1, "dev", &by("registry.example/shop:latest"), &[]).await;
    expect(&ledger, 1, "prod", &by(&format!("registry.example/shop:latest@{}", digest(1))), &[]).await;
    expect(&ledger, 1, "dev", &by(&format!("registry.example/shop@{}", digest(2))), &["other-digest"]).await;
}

#[tokio::test]
async fn a_tag_that_was_moved_blocks_what_took_it() {
    let mut documents = ready(1);
    documents.extend(ready(2));
    // Only the first was published as that version.
    documents.retain(|document| *document != published(4, 2, &["v1.2.3"]));
    let ledger = ledger(&documents).await;
    let named = |number: u32| json!({"kind": "tag_observed", "repository": "registry.example/shop", "tag": "v1.2.3", "digest": digest(number)});
    observe(&ledger, 10, named(1)).await;
    expect(&ledger, 2, "prod", "", &[]).await;
    observe(&ledger, 20, named(2)).await;
    let by_tag = "&ref=registry.example/shop:v1.2.3";
    expect(&ledger, 2, "prod", "", &["immutable-tag-moved"]).await;
    expect(&ledger, 1, "prod", by_tag, &["immutable-tag-moved"]).await;
    // By its digest the rightful one may go on, and it is said what happened.
    let rightful = ask(&ledger, 1, "prod", "").await;
    assert_eq!(rightful["verdict"], "allow");
    assert!(codes(&rightful, false).contains(&"immutable-tag-moved"), "{rightful:#}");
    observe(&ledger, 30, named(1)).await;
    expect(&ledger, 1, "prod", by_tag, &[]).await;
    expect(&ledger, 2, "prod", "", &[]).await;
}

#[tokio::test]
async fn an_image_goes_only_to_a_schema_that_it_can_run_on() {
    let mut documents = ready(1);
    documents[1]["claim"]["schema_range"] = json!({"min": 3, "max": 7});
    let ledger = ledger(&documents).await;
    let at = |service: &str, schema: u64, floor: Option<u64>| {
        let mut seen = json!({"kind": "runtime_observed", "service": service, "environment": "prod", "reachable": true,
                              "digest": digest(9), "schema_version": schema});
        if let Some(floor) = floor {
            seen["schema_floor"] = json!(floor);
        }
        seen
    };
    let seen = |service: &str, schema: u64| at(service, schema, None);
    let unknown = ask(&ledger, 1, "prod", "&service=web").await;
    assert!(codes(&unknown, false).contains(&"schema-unknown"), "{unknown:#}");
    observe(&ledger, 10, seen("web", 7)).await;
    for service in ["", "&service=web"] {
        let fits = ask(&ledger, 1, "prod", service).await;
        assert!(codes(&fits, false).contains(&"schema-in-range"), "{fits:#}");
    }
    for (minute, schema, floor, expected) in
        [(11, 2, Some(0), "schema-migrates"), (12, 9, Some(7), "schema-ahead")]
    {
        observe(&ledger, minute, at("web", schema, floor)).await;
        let fits = ask(&ledger, 1, "prod", "").await;
        assert_eq!(fits["verdict"], "allow");
        assert!(codes(&fits, false).contains(&expected), "{fits:#}");
    }
    observe(&ledger, 13, at("web", 9, Some(8))).await;
    expect(&ledger, 1, "prod", "", &["schema-out-of-range"]).await;
    observe(&ledger, 20, seen("web", 8)).await;
    expect(&ledger, 1, "prod", "", &["schema-out-of-range"]).await;
    expect(&ledger, 1, "staging", "", &[]).await;
    // With two services it has to be said which, for each may have a database of its own.
    observe(&ledger, 21, seen("api", 5)).await;
    expect(&ledger, 1, "prod", "", &[]).await;
    expect(&ledger, 1, "prod", "&service=web", &["schema-out-of-range"]).await;
    expect(&ledger, 1, "prod", "&service=api", &[]).await;
    assert_eq!(verify_projections(&ledger.store).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_recorded_and_not_looked_at_yet_is_told() {
    let ledger = ledger(&[commit(0, 7, &[])]).await;
    ledger.record(&ready(1)).await;
    let early = ask(&ledger, 1, "prod", "").await;
    assert_eq!((&early["verdict"], &early["pending"]), (&json!("deny"), &json!(5)));
    ledger.project().await;
    let then = ask(&ledger, 1, "prod", "").await;
    assert_eq!((&then["verdict"], &then["pending"]), (&json!("allow"), &json!(0)));
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let ledger = ledger(&ready(1)).await;
    let good = digest(1);
    for (query, wrong) in [
        ("", vec!["digest", "env"]),
        (&format!("digest={good}"), vec!["env"]),
        ("env=prod", vec!["digest"]),
        (
            "digest=sha256:12&env=Prod&service=&project=a_b&ref=a:b:c",
            vec!["ref", "digest", "env", "service", "project"],
        ),
        (&format!("digest={}&env=prod", good.to_uppercase()), vec!["digest"]),
        (&format!("digest={good}&env=prod&ref={}", "a".repeat(401)), vec!["ref"]),
    ] {
        let problem = ledger.get(&format!("/v1/decisions?{query}")).await.problem(422, "wrong-parameter");
        let named: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["pointer"].as_str().unwrap()[1..].to_owned())
            .collect();
        assert_eq!(json!(named), json!(wrong), "{query}: {problem:#}");
    }
    for query in [
        format!("digest={good}&env=prod&environment=prod"),
        format!("digest={good}&digest={good}&env=prod"),
        format!("digest={good}&env=%ff"),
        format!("digest={good}&env=prod&ref=%00"),
    ] {
        ledger.get(&format!("/v1/decisions?{query}")).await.problem(422, "wrong-parameter");
    }
}

#[tokio::test]
async fn it_is_read_by_whom_may_read_the_board() {
    let ledger = Ledger::with(false, None).await;
    ledger.record(&ready(1)).await;
    ledger.project().await;
    let path = format!("/v1/decisions?digest={}&env=prod", digest(1));
    ledger.get(&path).await.problem(401, "missing-token");
    let bearer =
        async |project: &str, scope: &str| format!("Bearer {}", ledger.token(project, &[scope]).await);
    let (writer, own, other) = (
        bearer("shop", "evidence:write").await,
        bearer("shop", "read").await,
        bearer("bakery", "read").await,
    );
    let get = async |path: &str, token: &str| ledger.get_with(path, &[("authorization", token)]).await;
    get(&path, &writer).await.problem(403, "missing-scope");
    assert_eq!(get(&path, &own).await.json()["verdict"], "allow");
    assert_eq!(get(&format!("{path}&project=shop"), &own).await.json()["verdict"], "allow");
    get(&format!("{path}&project=shop"), &other).await.problem(403, "other-project");
    // Another project knows nothing of it.
    assert_eq!(get(&path, &other).await.json()["verdict"], "deny");
}

#[tokio::test]
async fn where_it_is_not_clear_which_project_is_meant_it_has_to_be_said() {
    let ledger = Ledger::new().await;
    let path = format!("/v1/decisions?digest={}&env=prod", digest(1));
    ledger.get(&path).await.problem(422, "which-project");
    ledger.record(&ready(1)).await;
    ledger.project().await;
    assert_eq!(ledger.get(&path).await.json()["project"], "shop");
    let mut foreign = commit(1, 1, &[]);
    foreign["project"] = "bakery".into();
    let token = ledger.token("bakery", &["evidence:write"]).await;
    assert_eq!(statuses(&ledger.post(&token, &[foreign]).await), ["recorded"]);
    let problem = ledger.get(&path).await.problem(422, "which-project");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("bakery") && detail.contains("shop"), "{detail}");
    assert_eq!(ledger.get(&format!("{path}&project=shop")).await.json()["verdict"], "allow");
}
