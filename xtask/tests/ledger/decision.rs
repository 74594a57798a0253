//! A decision is asked of a ledger, which may be away, refuse, or talk of something else.

use crate::deploying::{Deploying, blocking, context, reason};
use crate::server::Act;
use crate::world::{TOKEN, problem};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use xtask::deploy::verdict::Source;
use xtask::error::exit_code;

/// A decision as the ledger words it.
fn decision(deploying: &Deploying, verdict: &str, reasons: Value, pending: u64) -> String {
    let digest = &deploying.digest;
    json!({ "verdict": verdict, "project": "portbook", "digest": digest, "commit": null, "environment": "dev",
        "service": "portbook", "reference": null, "reasons": reasons, "pending": pending,
        "evaluated_at": "2026-01-02T03:04:05Z" })
    .to_string()
}

fn tested() -> Value {
    json!({ "rule": "R4", "code": "tested", "blocks": false, "message": "Its last smoke was a success.",
        "evidence": ["00"] })
}

fn untested() -> Value {
    json!({ "rule": "R4", "code": "untested-digest", "blocks": true, "message": format!("No\nsmoke, {TOKEN}."),
        "evidence": [] })
}

#[test]
fn the_ledgers_reasons_are_passed_on() {
    let deploying = Deploying::new();
    let body = decision(&deploying, "deny", json!([untested(), tested()]), 0);
    deploying.world.server.rule(move |_, _| Act::Answer("200 OK", body.clone()));
    let url = deploying.world.server.url();
    let verdict = deploying.verdict(&deploying.context(&url, TOKEN), "dev").unwrap();
    assert_eq!(verdict.source, Source::Ledger(url));
    assert!(!verdict.allow);
    assert_eq!(blocking(&verdict), ["untested-digest"]);
    assert_eq!(reason(&verdict, "tested").rule.as_deref(), Some("R4"));
    assert_eq!(reason(&verdict, "untested-digest").message, "No smoke, •••.");
    let seen = deploying.world.server.seen();
    assert_eq!((seen.len(), seen[0].method.as_str()), (1, "GET"));
    assert_eq!(seen[0].authorization, format!("Bearer {TOKEN}"));
    let port = deploying.registry.address.port();
    let digest = deploying.digest.as_str().replace(':', "%3A");
    assert_eq!(
        seen[0].target,
        format!(
            "/v1/decisions?project=portbook&digest={digest}&env=dev&service=portbook\
            &ref=127.0.0.1%3A{port}%2Fteam%2Fapp%3Av1.2.3"
        )
    );
    assert!(deploying.registry.seen().is_empty(), "the ledger knows, so nobody else is asked");
}

#[test]
fn what_it_has_not_looked_at_yet_is_waited_for() {
    let deploying = Deploying::new();
    let waiting = decision(&deploying, "deny", json!([untested()]), 3);
    let looked = decision(&deploying, "allow", json!([tested()]), 0);
    deploying.world.server.rule(move |number, _| {
        Act::Answer("200 OK", if number < 2 { waiting.clone() } else { looked.clone() })
    });
    let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
    assert!(deploying.verdict(&ctx, "dev").unwrap().allow);
    assert_eq!(deploying.world.server.seen().len(), 3);
}

#[test]
fn an_answer_about_something_else_or_against_itself_is_none() {
    let deploying = Deploying::new();
    let allow = decision(&deploying, "allow", json!([tested()]), 0);
    let other = evidence::Digest::of(b"another");
    for body in [
        allow.replace(deploying.digest.as_str(), other.as_str()),
        allow.replace("\"dev\"", "\"prod\""),
        decision(&deploying, "allow", json!([untested()]), 0),
        decision(&deploying, "deny", json!([tested()]), 0),
        "<html>a captive portal</html>".to_owned(),
    ] {
        deploying.world.server.rule(move |_, _| Act::Answer("200 OK", body.clone()));
        let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
        let verdict = deploying.verdict(&ctx, "dev").unwrap();
        let Source::Offline(why) = &verdict.source else { panic!("it was believed: {verdict:#?}") };
        assert!(why.contains("cannot be used at present, asked 4 times"), "{why}");
        assert!(!verdict.allow, "nothing is known here: {verdict:#?}");
    }
}

#[test]
fn a_ledger_that_is_away_stops_production_alone() {
    let deploying = Deploying::new();
    let documents = deploying.good().map(|claim| deploying.document("portbook", claim));
    deploying.attach(&documents);
    let faults: [fn() -> Act; 2] = [|| Act::Answer("503 Away", String::new()), || Act::Reset];
    for fault in faults {
        deploying.world.server.rule(move |_, _| fault());
        let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
        let dev = deploying.verdict(&ctx, "dev").unwrap();
        assert!(dev.allow, "{dev:#?}");
        assert!(matches!(&dev.source, Source::Offline(why) if why.contains("asked 4 times")), "{dev:#?}");
        let prod = deploying.verdict(&ctx, "prod").unwrap();
        assert_eq!(blocking(&prod), ["ledger-unreachable", "skipped-staging"]);
        let message = &reason(&prod, "ledger-unreachable").message;
        assert!(
            message.contains("--break-glass \"<reason>\"") && message.contains("asked 4 times"),
            "{message}"
        );
    }
}

#[test]
fn a_ledger_that_says_nothing_is_not_waited_for() {
    let deploying = Deploying::new();
    deploying.world.server.rule(|_, _| Act::Silence);
    let begun = Instant::now();
    let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
    let verdict = deploying.verdict(&ctx, "prod").unwrap();
    assert!(blocking(&verdict).contains(&"ledger-unreachable"), "{verdict:#?}");
    // Ten seconds, and what a busy machine adds.
    assert!(begun.elapsed() < Duration::from_secs(14), "{:?}", begun.elapsed());
}

#[test]
fn a_refusal_names_the_scope_and_who_gives_it() {
    let deploying = Deploying::new();
    let command = "portbook admin token create --project portbook --scope read --scope evidence:write \
                   --scope deploy:write:";
    for (status, says) in [
        ("401 Unauthorized", "does not accept the token from PORTBOOK_TOKEN"),
        ("403 Forbidden", "the token from PORTBOOK_TOKEN has not the scope read for portbook"),
    ] {
        let echo = problem("refused", "No", &format!("Got {TOKEN}."));
        deploying.world.server.rule(move |_, _| Act::Answer(status, echo.clone()));
        let ctx = deploying.context(&deploying.world.server.url(), TOKEN);
        let error = deploying.verdict(&ctx, "dev").unwrap_err();
        assert_eq!(exit_code(&error), 4);
        let text = error.to_string();
        assert!(text.contains(says) && text.contains(&format!("{command}dev")), "{text}");
        assert_eq!(deploying.world.server.seen().len(), 1, "asking again does not help");
        // In an emergency a token that has expired must not be what stops it.
        let prod = deploying.verdict(&ctx, "prod").unwrap();
        let message = &reason(&prod, "ledger-unreachable").message;
        for part in [says, &format!("{command}prod"), "--break-glass"] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
    }
}

#[test]
fn a_call_that_is_wrong_is_an_error_everywhere() {
    let deploying = Deploying::new();
    for (url, token, says) in [
        ("http://ledger.example", TOKEN, "by https alone"),
        ("https://user:t0psecret@ledger.example", TOKEN, "names a user"),
        ("https://ledger.example", "t0psecret and more", "PORTBOOK_TOKEN holds no token"),
    ] {
        for environment in ["dev", "prod"] {
            let error = deploying.verdict(&deploying.context(url, token), environment).unwrap_err();
            assert_eq!(exit_code(&error), 2);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

#[test]
fn a_job_says_who_it_is_only_where_it_must() {
    let deploying = Deploying::new();
    let server = &deploying.world.server;
    let request_url = format!("{}/vouch", server.url());
    let ctx = context(
        deploying.world.fixture.path(""),
        [
            ("PORTBOOK_URL", server.url().as_str()),
            ("PORTBOOK_LEDGER_PAUSE_MS", "1"),
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", &request_url),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-t0psecret"),
        ],
    );
    let body = decision(&deploying, "allow", json!([tested()]), 0);
    let public = body.clone();
    server.rule(move |_, _| Act::Answer("200 OK", public.clone()));
    assert!(deploying.verdict(&ctx, "dev").unwrap().allow);
    assert_eq!(server.seen().iter().map(|seen| seen.authorization.as_str()).collect::<Vec<_>>(), [""]);
    server.rule(move |_, seen| match seen.target.split('?').next().unwrap() {
        "/vouch" => Act::Answer("200 OK", r#"{"value":"word-t0psecret"}"#.to_owned()),
        "/v1/oidc/exchange" => Act::Answer("200 OK", r#"{"token":"pb_1_t0psecret"}"#.to_owned()),
        _ if seen.authorization == "Bearer pb_1_t0psecret" => Act::Answer("200 OK", body.clone()),
        _ => Act::Answer("401 Unauthorized", problem("missing-token", "A token is needed", "")),
    });
    assert!(deploying.verdict(&ctx, "dev").unwrap().allow);
    assert_eq!(server.seen().len(), 4);
}
