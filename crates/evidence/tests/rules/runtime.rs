//! R5: something else runs than was deployed.

use crate::support::{check_form, deployments, name, observations, told};
use evidence::rules::{RuntimeFact, drift};

const A: &str = "10-20 A prod success; ";

#[test]
fn what_runs_is_what_was_deployed() {
    for (scenario, more, seen, expected) in [
        ("as deployed", "", "30 A; 40 A", ""),
        ("seen once", "", "30 B", ""),
        ("an image seen running that nobody deployed", "", "30 B; 40 B", "undeployed-image B 40.."),
        ("and then what should", "", "30 B; 40 B; 50 B; 60 A", "undeployed-image B 40..60"),
        ("two that differ are no confirmation", "", "30 B; 40 C", ""),
        ("a flicker", "", "30 B; 40 A; 50 B", ""),
        ("no answer in between", "", "30 B; 35 down; 40 B", "undeployed-image B 40.."),
        ("no answer is not drift", "", "30 down; 40 down", ""),
        ("no answer mends nothing", "", "30 B; 40 B; 50 down; 60 down", "undeployed-image B 40.."),
        ("an answer that says nothing", "", "30 nothing; 40 nothing", ""),
        ("only the digest is said", "", "30 digest=B; 40 digest=B", "undeployed-image B 40.."),
        ("only the commit is said, and right", "", "30 commit=A; 40 commit=A", ""),
        ("only the commit is said, and wrong", "", "30 commit=B; 40 commit=B", "undeployed-image - 40.."),
        ("went back by hand", "22-25 B prod success", "30 A; 40 A", "drift A 40.."),
        ("told twice at one instant", "", "30 B; 30 digest=B", ""),
        (
            "put right, and wrong again once",
            "45-50 B prod success; 52-55 A prod success",
            "30 B; 40 B; 60 B",
            "undeployed-image B 40..50",
        ),
        (
            "put right, and wrong again",
            "45-50 B prod success; 52-55 A prod success",
            "30 B; 40 B; 60 B; 70 B",
            "undeployed-image B 40..50; drift B 70..",
        ),
        (
            "went back by hand, and then for good",
            "22-25 B prod success; 45-50 A prod success",
            "30 A; 40 A",
            "drift A 40..50",
        ),
        ("a failed deployment that runs", "25-28 B prod failure", "30 B; 40 B", "drift B 40.."),
        ("recorded late", "50-60 B prod success", "30 B; 40 B", "undeployed-image B 40..60"),
        (
            "another is deployed over it",
            "45-50 C prod success",
            "30 B; 40 B; 60 B; 70 C",
            "undeployed-image B 40..70",
        ),
        (
            "from one wrong to the next",
            "",
            "30 B; 40 B; 50 C; 60 C; 70 A",
            "undeployed-image B 40..70; undeployed-image C 60..70",
        ),
        ("twice", "", "30 B; 40 B; 50 A; 60 B; 70 B", "undeployed-image B 40..50; undeployed-image B 70.."),
        ("while it is deployed", "25-50 B prod success", "30 B; 40 B; 60 B", ""),
        ("while it is deployed, and it fails", "25-50 B prod failure", "30 B; 40 B; 60 A", ""),
        ("still there after it failed", "25-50 B prod failure", "30 B; 40 B; 60 B", "drift B 60.."),
        ("its reporter died", "25- B prod", "30 B; 40 B; 54 B; 55 B", "drift B 55.."),
        ("at the very end of a deployment", "25-40 B prod failure", "30 B; 40 B", "drift B 40.."),
        ("old, and once more after the new is recorded", "32-35 B prod success", "30 A; 40 A", ""),
        (
            "old, and twice after the new is recorded",
            "32-35 B prod success",
            "30 A; 40 A; 41 A",
            "drift A 41..",
        ),
        ("another cell's deployment", "25-28 B dev success", "30 B; 40 B", "undeployed-image B 40.."),
    ] {
        let found =
            drift(&name("web"), &name("prod"), &deployments(&format!("{A}{more}")), &observations(seen));
        assert_eq!(told(&found), expected, "{scenario}");
        check_form(&found);
    }
}

#[test]
fn where_nothing_is_recorded_whatever_runs_is_a_finding() {
    let (service, environment) = (name("web"), name("prod"));
    let found = |deployed: &str, seen: &str| {
        told(&drift(&service, &environment, &deployments(deployed), &observations(seen)))
    };
    assert_eq!(found("", "30 A; 40 A"), "undeployed-image A 40..");
    assert_eq!(found("10-20 A prod failure", "30 A; 40 A"), "drift A 40..");
    // A process has no digest: its commit is compared, and where none is said, nothing is.
    assert_eq!(found("10-20 - prod success", "30 digest=A; 40 digest=A"), "");
    assert_eq!(found("10-20 - prod success", "30 A; 40 A"), "undeployed-image A 40..");
    assert_eq!(found("10-20 - prod success", "30 commit=-; 40 commit=-"), "");
}

#[test]
fn other_services_and_those_that_do_not_answer_say_nothing() {
    let mut seen = observations("30 B; 40 B");
    let found = |deployed: &str, seen: &[RuntimeFact]| {
        told(&drift(&name("api"), &name("prod"), &deployments(deployed), seen))
    };
    assert_eq!(found("10-20 B prod success", &seen), "undeployed-image B 40..", "web is not api");
    seen.iter_mut().for_each(|fact| fact.reachable = false);
    assert_eq!(found("", &seen), "");
}

#[test]
fn it_says_what_runs_and_what_is_recorded() {
    let found = drift(&name("web"), &name("prod"), &deployments(A), &observations("30 B; 40 B"));
    assert_eq!(
        found[0].message,
        "prod/web says at 1970-01-01T00:40:00Z that it runs df7e70e50215, and 559aead08264 is recorded; \
         it was never deployed there."
    );
    assert_eq!(found[0].evidence.len(), 3);
}
