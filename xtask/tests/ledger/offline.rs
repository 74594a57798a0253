//! Judged without a ledger: by the spool, by what is attached to the image, and by what ran before.

use crate::deploying::{Deploying, blocking, context, reason};
use evidence::{Claim, Digest, Outcome};
use time::OffsetDateTime;
use xtask::context::Context;
use xtask::deploy::verdict::{Ran, Source};
use xtask::error::exit_code;

fn alone(deploying: &Deploying) -> Context {
    context(deploying.world.fixture.path(""), [("PORTBOOK_REGISTRY_PAUSE_MS", "1")])
}

#[test]
fn what_publish_attached_is_enough() {
    let deploying = Deploying::new();
    let ctx = alone(&deploying);
    let nothing = deploying.verdict(&ctx, "dev").unwrap();
    assert_eq!(blocking(&nothing), ["digest-unknown", "ci-unknown", "untested-digest"]);
    deploying.attach(&deploying.good().map(|claim| deploying.document("portbook", claim)));
    let verdict = deploying.verdict(&ctx, "dev").unwrap();
    assert!(verdict.allow, "{verdict:#?}");
    assert_eq!(verdict.source, Source::Offline("PORTBOOK_URL is not set".to_owned()));
    assert!(reason(&verdict, "ci-green").message.contains("is not published"), "{verdict:#?}");
    // Without a ledger there is nobody whose word production would wait for.
    assert_eq!(blocking(&deploying.verdict(&ctx, "prod").unwrap()), ["skipped-staging"]);
    let ran = Ran {
        digest: deploying.digest.clone(),
        commit: deploying.world.head(),
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let again = deploying.verdict_after(&ctx, "prod", &[ran]).unwrap();
    assert!(again.allow && !reason(&again, "ran-before").blocks, "{again:#?}");
}

#[test]
fn the_spool_counts_as_much() {
    let deploying = Deploying::new();
    let ctx = alone(&deploying);
    deploying
        .good()
        .into_iter()
        .zip(0..)
        .for_each(|(claim, number)| drop(deploying.world.say(number, claim)));
    assert!(deploying.verdict(&ctx, "dev").unwrap().allow);
    let red =
        Claim::CiVerdict { commit: deploying.world.head(), outcome: Outcome::Failure, jobs: Vec::new() };
    deploying.world.say(9, red);
    assert_eq!(blocking(&deploying.verdict(&ctx, "dev").unwrap()), ["ci-not-green"]);
    // Half a file may have been the one that speaks against it.
    deploying.world.write("half.json", "{\"schema\": \"portbook.evi");
    let error = deploying.verdict(&ctx, "dev").unwrap_err();
    assert!(format!("{error:#}").contains("half.json"), "{error:#}");
}

#[test]
fn what_is_attached_and_not_about_the_image_counts_for_nothing() {
    let deploying = Deploying::new();
    let [built, ci, smoke] = deploying.good();
    let foreign = deploying.document("other", smoke.clone());
    let own = deploying.document("portbook", smoke);
    let another = own.replace(deploying.digest.as_str(), Digest::of(b"another").as_str());
    let documents = [deploying.document("portbook", built), deploying.document("portbook", ci)];
    for bad in [foreign, another, own.replace("evidence/v1", "evidence/v0"), "<html>".to_owned()] {
        deploying.attach(&[&documents[..], &[bad]].concat());
        let verdict = deploying.verdict(&alone(&deploying), "dev").unwrap();
        assert_eq!(blocking(&verdict), ["untested-digest"]);
    }
    deploying.attach(&[&documents[..], &[own]].concat());
    assert!(deploying.verdict(&alone(&deploying), "dev").unwrap().allow);
}

#[test]
fn a_registry_that_lies_or_is_away_is_an_error() {
    let deploying = Deploying::new();
    let digest = deploying.digest.clone();
    let claimed = Digest::of(b"what is claimed");
    deploying.registry.rule(move |_, seen| {
        let list = serde_json::json!({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": claimed, "size": 1}]});
        let body = if seen.target.ends_with(&format!("referrers/{digest}")) {
            list.to_string()
        } else {
            "{}".into()
        };
        crate::server::Act::Answer("200 OK", body)
    });
    let error = deploying.verdict(&alone(&deploying), "dev").unwrap_err();
    assert!(error.to_string().contains("does not tell the truth"), "{error}");
    deploying.registry.rule(|_, _| crate::server::Act::Reset);
    let error = deploying.verdict(&alone(&deploying), "dev").unwrap_err();
    assert_eq!(exit_code(&error), 4, "{error}");
}
