//! A job of GitHub's that has no token, and gets one for GitHub's word.

use crate::server::{Act, Seen};
use crate::support::Ran;
use crate::world::{World, problem};

/// Without a token, in a job with `id-token: write`.
fn push(world: &World) -> Ran {
    let mut push = world.xtask(&["evidence", "push"]);
    push.env_remove("PORTBOOK_TOKEN")
        .env("GITHUB_ACTIONS", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/vouch?api-version=2.0", world.server.url()))
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-t0psecret");
    let ran = Ran::of(push.output().unwrap());
    world.nothing_leaks(&ran);
    ran
}

/// What GitHub and the ledger do when all is well. `number` tells one word from another.
fn well(number: usize, seen: &Seen) -> Act {
    match seen.target.split('?').next().unwrap_or_default() {
        "/vouch" => Act::Answer("200 OK", format!(r#"{{"count":1,"value":"word-t0psecret-{number}"}}"#)),
        "/v1/oidc/exchange" => {
            assert!(seen.body.starts_with(r#"{"token":"word-t0psecret-"#), "{}", seen.body);
            let token = format!("pb_{number}_t0psecret");
            let answer = serde_json::json!({ "token": token, "expires_at": "2026-01-02T03:14:05Z",
                "project": "portbook", "scopes": ["evidence:write"] });
            Act::Answer("200 OK", answer.to_string())
        }
        "/v1/evidence" => Act::Record,
        other => panic!("{other} was asked"),
    }
}

#[test]
fn it_gets_a_token_for_this_ledger_and_uses_it() {
    let world = World::with(1);
    world.server.rule(well);
    push(&world).expect(0, &["2 recorded"]);
    let seen = world.server.seen();
    let audience = format!("http%3A%2F%2F127.0.0.1%3A{}", world.server.address.port());
    assert_eq!(seen[0].target, format!("/vouch?api-version=2.0&audience={audience}"));
    assert_eq!(seen[0].authorization, "Bearer request-t0psecret");
    assert_eq!(seen[1].authorization, "", "nothing of GitHub's is shown to the ledger but its word");
    assert_eq!(seen[2].authorization, "Bearer pb_1_t0psecret");
}

#[test]
fn a_lost_exchange_asks_for_another_word_because_each_is_good_once() {
    let world = World::with(1);
    world.server.rule(|number, seen| if number == 1 { Act::Reset } else { well(number, seen) });
    push(&world).expect(0, &["2 recorded"]);
    let targets: Vec<_> = world.server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets.iter().filter(|target| target.starts_with("/vouch")).count(), 2, "{targets:?}");
}

#[test]
fn a_token_that_expires_on_the_way_is_replaced() {
    let world = World::with(1);
    world.server.rule(|number, seen| match number {
        2 => Act::Answer("401 Unauthorized", problem("expired-token", "The token is not accepted", "")),
        _ => well(number, seen),
    });
    push(&world).expect(0, &["2 recorded"]);
    assert_eq!(world.server.seen().last().unwrap().authorization, "Bearer pb_4_t0psecret");
}

#[test]
fn refusals_say_whose_they_are_and_what_is_missing() {
    let world = World::with(1);
    world.server.rule(|_, _| Act::Answer("403 Forbidden", "no word-t0psecret".replace("word", "request")));
    push(&world).expect(4, &["GitHub does not vouch for this job", "id-token: write"]);
    world.server.rule(|number, seen| match number {
        1 => Act::Answer("403 Forbidden", problem("untrusted", "This workflow is not trusted", "")),
        _ => well(number, seen),
    });
    push(&world).expect(4, &["gives this job no token", "This workflow is not trusted", "docs/evidence.md"]);
    let mut none = world.xtask(&["evidence", "push"]);
    none.env_remove("PORTBOOK_TOKEN").env("GITHUB_ACTIONS", "true");
    Ran::of(none.output().unwrap()).expect(4, &["no credential", "id-token: write"]);
}
