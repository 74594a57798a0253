//! `evidence list` and `evidence push`.

use crate::server::Act;
use crate::support::Ran;
use crate::world::{World, problem};
use evidence::Claim;
use serde_json::Value;

#[test]
fn what_is_here_is_listed_and_posted_once() {
    let world = World::with(2);
    let list = world.run(&["evidence", "list"]).expect(0, &["2 documents, 2 not sent"]).stdout;
    assert_eq!(list.matches("not sent").count(), 2, "{list}");
    let dry = world.run(&["evidence", "push", "--dry-run"]).expect(0, &["3 to post"]);
    assert_eq!(dry.stdout.matches("would post smoke").count(), 2, "{dry:#?}");
    assert!(world.server.seen().is_empty());
    // The commit that they speak of goes along, and before them.
    world.push().expect(0, &["3 recorded, 0 already there, 0 not posted"]);
    let batch: Value = serde_json::from_str(&world.server.seen()[0].body).unwrap();
    assert_eq!(batch["evidence"][0]["claim"]["kind"], "commit");
    assert_eq!(batch["evidence"][0]["claim"]["parents"], serde_json::json!([]));
    assert_eq!(world.unsent(), 0);
    world.push().expect(0, &["0 recorded, 0 already there"]);
    assert_eq!(world.server.seen().len(), 1, "there was nothing to ask");
    world.forget();
    let again = world.run(&["evidence", "push", "--json"]).expect(0, &[]);
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&again["recorded"], &again["duplicate"]), (&0.into(), &3.into()), "{again:#}");
    assert_eq!(world.server.recorded().len(), 3);
}

#[test]
fn what_one_ledger_has_another_may_lack() {
    let world = World::with(1);
    world.push().expect(0, &["2 recorded"]);
    let other = World::with(0).server;
    let mut push = world.xtask(&["evidence", "push"]);
    Ran::of(push.env("PORTBOOK_URL", other.url()).output().unwrap()).expect(0, &["2 recorded"]);
    assert_eq!(other.recorded(), world.server.recorded());
}

#[test]
fn the_rejected_is_told_and_the_rest_is_recorded() {
    let world = World::with(3);
    let bad = world.spool(9, "teapot");
    let is_bad = |document: &evidence::Evidence| matches!(&document.claim, Claim::Smoke { engine, .. } if engine.as_str() == "teapot");
    world.server.rule(move |_, _| Act::Reject(is_bad));
    let told = [bad.sha256(), "/claim/engine: expected another engine".to_owned()];
    world.push().expect(1, &["4 recorded, 0 already there, 1 not posted", &told[0], &told[1]]);
    assert_eq!(world.unsent(), 1);
    let json = world.run(&["evidence", "push", "--json"]).expect(1, &[]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rejected"][0]["errors"][0]["pointer"], "/claim/engine");
    assert_eq!(world.server.recorded().len(), 4);
}

#[test]
fn a_broken_file_is_named_and_the_rest_is_posted() {
    let world = World::with(1);
    world.write("half.json", "{\"schema\": \"portbook.evi");
    world.write("bytes.json.4711.part", "{");
    let foreign = world.spool(5, "docker");
    let text = serde_json::to_string(&foreign).unwrap().replace("\"portbook\"", "\"other\"");
    world.write(&format!("{}.json", foreign.sha256()), &text);
    let ran = world.push();
    let ran =
        ran.expect(1, &["evidence/half.json: is not an evidence document", "it is of other", "2 recorded"]);
    assert!(!ran.stderr.contains(".part"), "{ran:#?}");
    let list = world.run(&["evidence", "list", "--json"]).expect(1, &["half.json", "next: rm "]);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["broken"].as_array().unwrap().len(), 1, "{list:#}");
}

#[test]
fn many_go_in_batches_and_a_batch_that_is_too_large_is_halved() {
    let world = World::with(0);
    (0..501).for_each(|number| drop(world.spool(number, "docker")));
    world.push().expect(0, &["502 recorded"]);
    assert_eq!(world.server.seen().len(), 2);
    world.forget();
    // A proxy that takes no more than a hundred thousand bytes.
    world.server.rule(|_, seen| {
        if seen.body.len() > 100_000 { Act::Answer("413 Too Large", String::new()) } else { Act::Record }
    });
    world.push().expect(0, &["0 recorded, 502 already there, 0 not posted"]);
    world.forget();
    world.server.rule(|_, _| Act::Answer("413 Too Large", String::new()));
    world.push().expect(1, &["takes no document of this size", "502 not posted"]);
}

#[test]
fn the_call_is_judged_before_anything_is_sent() {
    let world = World::with(1);
    let with = |key: &str, value: &str| {
        Ran::of(world.xtask(&["evidence", "push"]).env(key, value).output().unwrap())
    };
    with("PORTBOOK_URL", "").expect(4, &["PORTBOOK_URL is not set", "next: PORTBOOK_URL=https://"]);
    for url in ["ledger.example", "http://ledger.example", "https://user:t0psecret@ledger.example"] {
        let ran = with("PORTBOOK_URL", url).expect(2, &["PORTBOOK_URL", "https://ledger.example.org"]);
        world.nothing_leaks(&ran);
    }
    with("PORTBOOK_TOKEN", "").expect(4, &["no credential", "portbook admin token create"]);
    with("PORTBOOK_TOKEN", "t0psecret and more").expect(2, &["PORTBOOK_TOKEN holds no token"]);
    world.run(&["evidence", "psuh"]).expect(2, &["push"]);
    for args in
        [&["evidence", "--help"][..], &["evidence", "list", "--help"], &["evidence", "push", "--help"]]
    {
        assert!(world.run(args).expect(0, &[]).stdout.contains("Examples:"), "{args:?}");
    }
    assert!(world.server.seen().is_empty());
}

#[test]
fn a_token_comes_from_a_file_too() {
    let world = World::with(1);
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("token");
    std::fs::write(&file, "pb_1_t0psecret\n").unwrap();
    let mut push = world.xtask(&["evidence", "push"]);
    push.env_remove("PORTBOOK_TOKEN").env("PORTBOOK_TOKEN_FILE", &file);
    let ran = Ran::of(push.output().unwrap()).expect(0, &["2 recorded"]);
    world.nothing_leaks(&ran);
    assert_eq!(world.server.seen()[0].authorization, "Bearer pb_1_t0psecret");
}

#[test]
fn a_wrong_token_is_told_with_the_scope_and_never_shown() {
    let world = World::with(1);
    let echo =
        || problem("unknown-token", "The token is not accepted", &format!("Got {}.", crate::world::TOKEN));
    let body = echo();
    world.server.rule(move |_, _| Act::Answer("401 Unauthorized", body.clone()));
    world.push().expect(
        4,
        &[
            "does not accept the token from PORTBOOK_TOKEN",
            "The token is not accepted",
            "--scope evidence:write",
        ],
    );
    let body = echo();
    world.server.rule(move |_, _| Act::Answer("403 Forbidden", body.clone()));
    world.push().expect(4, &["has not the scope evidence:write for portbook"]);
    assert_eq!(world.server.seen().len(), 1, "asking again does not help");
    assert_eq!(world.unsent(), 2);
}
