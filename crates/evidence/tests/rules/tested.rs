//! R4: deployed untested, or past staging.

use crate::support::{check_form, deployments, smokes, told};
use evidence::rules::{Policy, untested};

/// What is found about the first deployment, given the smokes and the other deployments of its digest.
fn found(policy: &Policy, deployment: &str, smoke: &str, others: &str) -> String {
    let (deployment, mut all) = (&deployments(deployment)[0], deployments(others));
    all.push(deployment.clone());
    let found = untested(policy, deployment, &smokes(smoke), &all);
    check_form(&found);
    told(&found)
}

#[test]
fn what_is_deployed_was_tested() {
    for (scenario, deployment, smoke, expected) in [
        ("tested", "30-40 A dev success", "20 success", ""),
        ("tested at the very instant", "30-40 A dev success", "30 success", ""),
        ("failed and mended", "30-40 A dev success", "10 failure; 20 success", ""),
        ("never tested", "30-40 A dev success", "", "untested-digest A 30.."),
        ("tested too late", "30-40 A dev success", "35 success", "untested-digest A 30.."),
        ("the last smoke decides", "30-40 A dev success", "10 success; 20 failure", "untested-digest A 30.."),
        ("a smoke that did not run is none", "30-40 A dev success", "10 skipped", "untested-digest A 30.."),
        ("two at one instant", "30-40 A dev success", "20 success; 20 failure", "untested-digest A 30.."),
        ("a later failure says nothing of then", "30-40 A dev success", "20 success; 50 failure", ""),
        ("still going on", "30- A dev", "", "untested-digest A 30.."),
        ("nobody knows how it ended", "30-40 A dev unknown", "", "untested-digest A 30.."),
        ("failed", "30-40 A dev failure", "", ""),
        ("stopped", "30-40 A dev cancelled", "", ""),
        ("tried out", "30-40 A local success", "", ""),
        ("tried out in CI", "30-40 A ci success", "", ""),
        ("a process", "30-40 - dev success", "", ""),
    ] {
        assert_eq!(found(&Policy::default(), deployment, smoke, ""), expected, "{scenario}");
    }
}

#[test]
fn production_comes_after_staging() {
    for (scenario, deployment, others, expected) in [
        ("staged", "30-40 A prod success", "10-20 A staging success", ""),
        ("staged until the very instant", "30-40 A prod success", "10-30 A staging success", ""),
        ("never staged", "30-40 A prod success", "", "skipped-staging A 30.."),
        ("staged too late", "30-40 A prod success", "25-31 A staging success", "skipped-staging A 30.."),
        ("staging failed", "30-40 A prod success", "10-20 A staging failure", "skipped-staging A 30.."),
        (
            "staging ended unknown",
            "30-40 A prod success",
            "10-20 A staging unknown",
            "skipped-staging A 30..",
        ),
        ("staging goes on", "30-40 A prod success", "10- A staging", "skipped-staging A 30.."),
        ("only dev", "30-40 A prod success", "10-20 A dev success", "skipped-staging A 30.."),
        ("rolled back to what ran", "30-40 A prod success mode=rollback", "10-20 A prod success", ""),
        (
            "rolled back to what failed",
            "30-40 A prod success mode=rollback",
            "10-20 A prod failure",
            "skipped-staging A 30..",
        ),
        ("a rollback that never ran", "30-40 A prod success mode=rollback", "", "skipped-staging A 30.."),
        ("no time at all does not excuse itself", "30-30 A prod success", "", "skipped-staging A 30.."),
        ("a hotfix is staged too", "30-40 A prod success mode=hotfix", "", "skipped-staging A 30.."),
        ("failed", "30-40 A prod failure", "", ""),
        ("not production", "30-40 A dev success", "", ""),
    ] {
        assert_eq!(found(&Policy::default(), deployment, "5 success", others), expected, "{scenario}");
    }
}

#[test]
fn both_may_be_missing_and_staging_need_not_be_asked() {
    let both = "untested-digest A 30..; skipped-staging A 30..";
    assert_eq!(found(&Policy::default(), "30-40 A prod success", "", ""), both);
    let policy = Policy { staging: None, ..Policy::default() };
    assert_eq!(found(&policy, "30-40 A prod success", "5 success", ""), "");
}
