//! R3: production on a floating or unpinned reference.

use crate::support::{check_form, deployments, name, told};
use evidence::rules::{Policy, production_reference};

#[test]
fn production_is_deployed_by_what_never_moves() {
    for (scenario, deployment, expected) in [
        ("by its digest alone", "10-20 A prod success", ""),
        ("pinned", "10-20 A prod success by=registry.example/shop@{A}", ""),
        (
            "pinned, and a floating tag for people",
            "10-20 A prod success by=registry.example/shop:latest@{A}",
            "",
        ),
        ("a digest as reference", "10-20 A prod success by={A}", ""),
        ("a version", "10-20 A prod success by=registry.example/shop:v1.2.3", ""),
        ("a commit", "10-20 A prod success by=registry.example/shop:sha-0123456", ""),
        (
            "by a floating tag",
            "10-20 A prod success by=registry.example/shop:latest",
            "floating-reference A 10..",
        ),
        ("by another one", "10-20 A prod success by=shop:staging-latest", "floating-reference A 10.."),
        ("by half a version", "10-20 A prod success by=shop:1.2", "floating-reference A 10.."),
        ("by no tag", "10-20 A prod success by=registry.example:5000/shop", "floating-reference A 10.."),
        ("by what is no reference", "10-20 A prod success by=Shop:latest:x", "unpinned-reference A 10.."),
        ("a process", "10-20 - prod success", "unpinned-reference - 10.."),
        ("still going on", "10- A prod by=shop:latest", "floating-reference A 10.."),
        ("nobody knows how it ended", "10-20 A prod unknown by=shop:latest", "floating-reference A 10.."),
        ("failed", "10-20 A prod failure by=shop:latest", ""),
        ("stopped", "10-20 A prod cancelled by=shop:latest", ""),
        ("not production", "10-20 A staging success by=shop:latest", ""),
    ] {
        let found = production_reference(&Policy::default(), &deployments(deployment)[0]);
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(told(&found), expected, "{scenario}");
        check_form(&found);
    }
}

#[test]
fn production_is_what_the_policy_says() {
    let policy = Policy { production: vec![name("eu"), name("us")], staging: None };
    for (environment, breach) in [("eu", true), ("us", true), ("prod", false)] {
        let deployment = &deployments(&format!("10-20 A {environment} success by=shop:latest"))[0];
        assert_eq!(production_reference(&policy, deployment).is_some(), breach, "{environment}");
    }
}

#[test]
fn it_says_by_what() {
    let deployment = &deployments("10-20 A prod success by=shop:latest")[0];
    let finding = production_reference(&Policy::default(), deployment).unwrap();
    assert_eq!(finding.message, "prod/web was deployed by shop:latest, and the tag latest can move.");
    assert_eq!(finding.key, deployment.id.as_str());
}
