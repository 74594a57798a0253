//! A deployment is told to a ledger that may not listen.

use crate::deploying::{Deploying, context};
use crate::server::{Act, Seen};
use crate::world::{TOKEN, problem};
use evidence::{DeploymentId, DeploymentMode, DeploymentPhase, DeploymentStarted, DeploymentState};
use serde_json::Value;
use std::time::{Duration, Instant};
use xtask::deploy::announce::{Announcer, fresh_id};

pub fn started(deploying: &Deploying, environment: &str) -> DeploymentStarted {
    DeploymentStarted {
        id: fresh_id(),
        service: "portbook".parse().unwrap(),
        environment: environment.parse().unwrap(),
        commit: deploying.world.head(),
        digest: Some(deploying.digest.clone()),
        reference: None,
        mode: DeploymentMode::Deploy,
        rollback_of: None,
        version: "v1.2.3".to_owned(),
        actor: "somebody".to_owned(),
    }
}

pub fn state(id: &DeploymentId, sequence: u32, state: DeploymentPhase) -> DeploymentState {
    DeploymentState { id: id.clone(), sequence, state, failure: None, detail: None }
}

/// Takes all that it is told.
fn take(seen: &Seen) -> Act {
    let id = seen.target.split('/').nth(3).unwrap();
    Act::Answer("201 Created", format!(r#"{{"id":"{id}","sha256":"00","new":true}}"#))
}

fn announcer(deploying: &Deploying) -> Announcer {
    let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
    Announcer::open(&ctx, &deploying.pipeline()).unwrap()
}

#[test]
fn each_thing_is_told_at_its_address_and_again_the_same() {
    let deploying = Deploying::new();
    let server = &deploying.world.server;
    // The first answer is lost on its way.
    server.rule(|number, seen| if number == 0 { Act::Reset } else { take(seen) });
    let (mut announcer, start) = (announcer(&deploying), started(&deploying, "dev"));
    announcer.state(&state(&start.id, 1, DeploymentPhase::Pending));
    assert!(server.seen().is_empty(), "the ledger does not know of it yet");
    assert!(announcer.started(&start));
    announcer.state(&state(&start.id, 1, DeploymentPhase::Pulling));
    assert!(announcer.started(&start));
    let seen = server.seen();
    let lines: Vec<_> = seen.iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect();
    let put = format!("PUT /v1/deployments/{}", start.id);
    let post = format!("POST /v1/deployments/{}/events", start.id);
    assert_eq!(lines, [put.clone(), put.clone(), post, put]);
    assert_eq!((&seen[0].body, &seen[0].body), (&seen[1].body, &seen[3].body));
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!((&body["id"], &body["environment"]), (&Value::Null, &"dev".into()));
    assert!(body["occurred_at"].is_string());
    assert_eq!(announcer.trouble(), None);
}

#[test]
fn a_ledger_that_says_nothing_costs_three_seconds_once() {
    let deploying = Deploying::new();
    deploying.world.server.rule(|_, _| Act::Silence);
    let (mut announcer, start) = (announcer(&deploying), started(&deploying, "dev"));
    let begun = Instant::now();
    assert!(!announcer.started(&start));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let asked = deploying.world.server.seen().len();
    assert!(!announcer.started(&start));
    announcer.state(&state(&start.id, 1, DeploymentPhase::Pulling));
    assert_eq!(deploying.world.server.seen().len(), asked, "it is not told any more");
    assert!(announcer.trouble().unwrap().contains("does not follow this deployment"));
}

#[test]
fn a_refusal_names_the_scope_and_who_gives_it() {
    let deploying = Deploying::new();
    for (status, says) in [
        ("401 Unauthorized", "does not accept the token from PORTBOOK_TOKEN"),
        ("403 Forbidden", "has not the scope deploy:write:prod for portbook"),
    ] {
        let echo = problem("refused", "No", &format!("Got {TOKEN}."));
        deploying.world.server.rule(move |_, _| Act::Answer(status, echo.clone()));
        let mut announcer = announcer(&deploying);
        assert!(!announcer.started(&started(&deploying, "prod")));
        let told = announcer.trouble().unwrap();
        let command = "portbook admin token create --project portbook --scope read --scope evidence:write \
                       --scope deploy:write:prod";
        assert!(told.contains(says) && told.contains(command), "{told}");
        assert!(!told.contains("t0psecret"), "{told}");
        assert_eq!(deploying.world.server.seen().len(), 1);
    }
}

#[test]
fn without_a_ledger_or_a_credential_nobody_is_told() {
    let deploying = Deploying::new();
    let (root, pipeline) = (deploying.world.fixture.path(""), deploying.pipeline());
    assert!(Announcer::open(&context(root.clone(), []), &pipeline).is_none());
    for (url, token) in [("http://ledger.example", TOKEN), ("https://ledger.example", "t0psecret and more")] {
        assert!(Announcer::open(&deploying.context(url, token), &pipeline).is_none());
    }
    let ctx = context(root, [("PORTBOOK_URL", deploying.world.server.url().as_str())]);
    let mut announcer = Announcer::open(&ctx, &pipeline).unwrap();
    assert!(!announcer.started(&started(&deploying, "dev")));
    assert!(announcer.trouble().unwrap().contains("there is no credential for the ledger"));
    assert!(deploying.world.server.seen().is_empty());
}
