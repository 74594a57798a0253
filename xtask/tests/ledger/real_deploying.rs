//! A decision of the ledger itself, and a deployment told to it.

use crate::announce::{started, state};
use crate::deploying::{Deploying, blocking, reason};
use crate::real::Ledger;
use evidence::{Claim, DeploymentPhase, Digest, Outcome};
use serde_json::Value;
use std::time::{Duration, Instant};
use xtask::deploy::announce::Announcer;
use xtask::deploy::verdict::Source;
use xtask::error::exit_code;
use xtask::ledger::record;

fn get(ledger: &Ledger, token: &str, path: &str) -> Value {
    let answer =
        ureq::get(format!("{}{path}", ledger.url)).header("authorization", format!("Bearer {token}"));
    serde_json::from_str(&answer.call().unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn the_real_ledger_decides_by_what_it_was_told() {
    let mut deploying = Deploying::new();
    let mut ledger = Ledger::start();
    ledger.work();
    let token = ledger.token(&["read", "evidence:write"]);
    let ctx = deploying.context(&ledger.url, &token);
    for claim in deploying.good() {
        record(&ctx, &deploying.pipeline(), claim).unwrap();
    }
    let verdict = deploying.verdict(&ctx, "dev").unwrap();
    assert_eq!(verdict.source, Source::Ledger(ledger.url.clone()));
    assert!(verdict.allow, "{verdict:#?}");
    let verdict = deploying.verdict(&ctx, "prod").unwrap();
    assert_eq!(blocking(&verdict), ["skipped-staging"], "{verdict:#?}");
    assert!(reason(&verdict, "pinned-reference").message.contains("v1.2.3"));
    let digest = std::mem::replace(&mut deploying.digest, Digest::of(b"never seen"));
    let verdict = deploying.verdict(&ctx, "dev").unwrap();
    assert_eq!(blocking(&verdict), ["digest-unknown", "ci-unknown", "untested-digest"]);
    deploying.digest = digest;

    let narrow = deploying.context(&ledger.url, &ledger.token(&["evidence:write"]));
    let error = deploying.verdict(&narrow, "dev").unwrap_err();
    assert_eq!(exit_code(&error), 4);
    assert!(error.to_string().contains("has not the scope read for portbook"), "{error}");
    let error = deploying.verdict(&deploying.context(&ledger.url, ""), "dev").unwrap_err();
    assert!(error.to_string().contains("wants a token with the scope read"), "{error}");

    drop(ledger);
    // What was posted is in the spool as well.
    let verdict = deploying.verdict(&ctx, "dev").unwrap();
    assert!(verdict.allow && matches!(verdict.source, Source::Offline(_)), "{verdict:#?}");
    let verdict = deploying.verdict(&ctx, "prod").unwrap();
    assert_eq!(blocking(&verdict), ["ledger-unreachable", "skipped-staging"]);
}

#[test]
fn the_real_ledger_follows_a_deployment() {
    let deploying = Deploying::new();
    let mut ledger = Ledger::start();
    ledger.work();
    let token = ledger.token(&["read", "evidence:write", "deploy:write:dev"]);
    let (ctx, pipeline) = (deploying.context(&ledger.url, &token), deploying.pipeline());
    let start = started(&deploying, "dev");
    let mut announcer = Announcer::open(&ctx, &pipeline).unwrap();
    assert!(announcer.started(&start) && announcer.started(&start), "twice is once");
    announcer.state(&state(&start.id, 1, DeploymentPhase::Pulling));
    announcer.state(&state(&start.id, 1, DeploymentPhase::Pulling));
    announcer.state(&state(&start.id, 2, DeploymentPhase::Starting));
    assert_eq!(announcer.trouble(), None);
    let end = Claim::Deployed {
        service: start.service.clone(),
        environment: start.environment.clone(),
        commit: start.commit.clone(),
        digest: start.digest.clone(),
        version: start.version.clone(),
        outcome: Outcome::Success,
        actor: start.actor.clone(),
        deployment: Some(start.id.clone()),
        reference: None,
        failure: None,
        milliseconds: Some(1500),
        break_glass: None,
    };
    record(&ctx, &pipeline, end).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    let history = loop {
        let history = get(&ledger, &token, "/v1/environments/dev/services/portbook/history?project=portbook");
        if history["deployments"][0]["outcome"] == "success" {
            break history;
        }
        assert!(Instant::now() < deadline, "the deployment never ended: {history:#}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(history.to_string().matches(start.id.as_str()).count(), 1, "{history:#}");

    // Somebody else's announcement under the same identity is not ours.
    let mut other = Announcer::open(&ctx, &pipeline).unwrap();
    let otherwise = evidence::DeploymentStarted { version: "v9.9.9".to_owned(), ..start.clone() };
    assert!(!other.started(&otherwise));
    assert!(other.trouble().unwrap().contains("It was told otherwise before"), "{:?}", other.trouble());
    let mut prod = Announcer::open(&ctx, &pipeline).unwrap();
    assert!(!prod.started(&started(&deploying, "prod")));
    assert!(prod.trouble().unwrap().contains("has not the scope deploy:write:prod"), "{:?}", prod.trouble());
}
