//! Production by any other name.

use crate::support::*;
use evidence::rules::Policy;
use portbook::service::admin::Keeper;
use portbook::service::project::{rebuild, verify_projections};
use serde_json::{Value, json};
use sqlx::Connection as _;

fn keeper(ledger: &Ledger) -> Keeper {
    Keeper { store: ledger.store.clone(), name: "ada".to_owned() }
}

fn policy(production: &[&str], staging: Option<&str>) -> Policy {
    let name = |text: &&str| text.parse().unwrap();
    Policy { production: production.iter().map(name).collect(), staging: staging.as_ref().map(name) }
}

/// A digest that was tested, published and deployed to an environment by a tag that can move.
fn careless(at: u32, number: u32, environment: &str) -> Vec<Value> {
    let mut smoke = smoke(at, number, "success");
    smoke["claim"]["digest"] = digest(number).into();
    let mut deployed = deployed(at + 2, "web", environment, number, "success");
    deployed["claim"]["reference"] = json!("registry.example/shop:latest");
    vec![ci(at, number, "success"), smoke, published(at + 1, number, &["latest"]), deployed]
}

/// The codes of all incidents.
async fn incidents(ledger: &Ledger) -> Vec<String> {
    let rows = ledger.store.read().await.unwrap().all_incidents().await.unwrap();
    let mut found: Vec<_> = rows.into_iter().map(|row| row.code).collect();
    found.sort();
    found
}

/// The codes of what speaks against it.
async fn against(ledger: &Ledger, number: u32, environment: &str) -> Vec<String> {
    let path = format!("/v1/decisions?digest={}&env={environment}&project=shop", digest(number));
    let answer = ledger.get(&path).await.json();
    let reasons = answer["reasons"].as_array().unwrap().iter().filter(|reason| reason["blocks"] == true);
    reasons.map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_a_project_calls_production_is_judged_as_that_from_the_beginning() {
    let ledger = Ledger::new().await;
    let keeper = keeper(&ledger);
    ledger.record(&careless(1, 1, "live")).await;
    let mut other = careless(10, 2, "live");
    other.iter_mut().for_each(|document| document["project"] = "bakery".into());
    let token = ledger.token("bakery", &["evidence:write"]).await;
    assert_eq!(ledger.post(&token, &other).await.status, 200);
    ledger.project().await;
    assert_eq!(incidents(&ledger).await, Vec::<String>::new(), "nobody had said what live is");
    assert_eq!(against(&ledger, 1, "live").await, Vec::<String>::new());

    let own = policy(&["live", "live-us"], Some("preprod"));
    assert!(keeper.set_policy("shop".parse().unwrap(), own.clone()).await.unwrap().rebuild);
    // Asked for a verdict it goes by that at once; incidents follow when the worker has judged again.
    assert_eq!(against(&ledger, 1, "live-us").await, ["skipped-staging"]);
    ledger.project().await;
    assert_eq!(incidents(&ledger).await, ["floating-reference", "skipped-staging"], "of one project alone");
    assert!(!keeper.set_policy("shop".parse().unwrap(), own).await.unwrap().rebuild, "it is as it was");

    // What comes later, one by one.
    ledger.record(&careless(20, 3, "live-us")).await;
    ledger.project().await;
    let both = ["floating-reference", "floating-reference", "skipped-staging", "skipped-staging"];
    assert_eq!(incidents(&ledger).await, both);
    // That it was in the stage before, comes to light.
    ledger.record(&[deployed(21, "web", "preprod", 3, "success")]).await;
    ledger.project().await;
    assert_eq!(incidents(&ledger).await, both[..3]);
    assert_eq!(verify_projections(&ledger.store).await.unwrap(), Vec::<String>::new());

    let lead_time =
        "/v1/metrics/deployment-frequency?project=shop&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z";
    assert_eq!(ledger.get(lead_time).await.json()["n"], 2, "both came to production");

    assert!(keeper.unset_policy(&"shop".parse().unwrap()).await.unwrap().rebuild);
    ledger.project().await;
    assert_eq!(incidents(&ledger).await, Vec::<String>::new());
    assert_eq!(against(&ledger, 1, "live").await, Vec::<String>::new());
    assert_eq!(against(&ledger, 1, "prod").await, ["skipped-staging"]);
}

#[tokio::test]
async fn a_policy_that_is_set_during_a_rebuild_asks_for_another() {
    let ledger = Ledger::new().await;
    let keeper = keeper(&ledger);
    let set = || keeper.set_policy("shop".parse().unwrap(), policy(&["live"], None));
    ledger.record(&careless(1, 1, "live")).await;
    ledger.project().await;
    if ledger.database.file().is_some() {
        // Of SQLite's writers the second waits for the first.
        let (rebuilt, changed) = tokio::join!(rebuild(&ledger.store), set());
        assert!(rebuilt.is_ok() && changed.unwrap().rebuild);
    } else {
        let mut holder = sqlx::PgConnection::connect(&ledger.database.url()).await.unwrap();
        let lock = sqlx::raw_sql("BEGIN; LOCK TABLE incident IN SHARE MODE");
        lock.execute(&mut holder).await.unwrap();
        let store = ledger.store.clone();
        let rebuilding = tokio::spawn(async move { rebuild(&store).await });
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'incident'::regclass";
        eventually("the rebuild is under way", || async { ledger.database.number(waiting).await == 1 }).await;
        assert!(set().await.unwrap().rebuild);
        holder.close().await.unwrap();
        rebuilding.await.unwrap().unwrap();
        assert_eq!(incidents(&ledger).await, Vec::<String>::new(), "it had begun before");
    }
    ledger.project().await;
    assert_eq!(incidents(&ledger).await, ["floating-reference"]);
}

#[tokio::test]
async fn nobody_deploys_to_what_became_production_from_outside_an_environment() {
    let issuer = Issuer::start();
    let ledger = Ledger::with_issuer(&issuer).await;
    let keeper = keeper(&ledger);
    ledger.trust("ci.yml@refs/heads/main", None, "evidence:write deploy:write:live").await;
    let live = policy(&["live"], None);
    let refused = keeper.set_policy("shop".parse().unwrap(), live.clone()).await.unwrap_err().to_string();
    assert!(refused.contains("deploy:write:live") && refused.contains("github untrust"), "{refused}");
    assert_eq!(keeper.policies().await.unwrap(), []);

    for trust in keeper.trusts().await.unwrap() {
        keeper.untrust(&trust.id).await.unwrap();
    }
    keeper.set_policy("shop".parse().unwrap(), live).await.unwrap();
    // Nobody can make such a row by the command line any more; nothing is given for it all the same.
    ledger.trust("ci.yml@refs/heads/main", None, "evidence:write deploy:write:live deploy:write:prod").await;
    let token = KEYS[0].token(&issuer.claims("one"));
    let body = json!({ "token": token }).to_string();
    let request = axum::http::Request::post("/v1/oidc/exchange").header("content-type", "application/json");
    let answer = ledger.send(request.body(body.into()).unwrap()).await;
    assert_eq!(answer.json()["scopes"], json!(["evidence:write", "deploy:write:prod"]), "{answer:?}");
}
