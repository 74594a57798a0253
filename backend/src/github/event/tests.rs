use super::*;
use evidence::{Conclusion, Evidence, PullRequestState, RunPhase};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

#[path = "../../../tests/support/github/mod.rs"]
mod samples;

fn hook(event: &str, body: &Value) -> Hook {
    read(event, body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{event}: {error}"))
}

fn only(event: &str, body: &Value) -> (String, Claim) {
    let mut claims = hook(event, body).facts.claims;
    assert_eq!(claims.len(), 1, "{event}: {claims:?}");
    let (at, claim) = claims.remove(0);
    (at.to_string(), claim)
}

fn pointer(event: &str, body: &Value) -> String {
    match read(event, body.to_string().as_bytes()) {
        Err(HookError::Field(error)) => error.pointer,
        other => panic!("{event}: {other:?}"),
    }
}

/// Whether the log would take it.
fn valid(facts: &Facts) -> bool {
    facts.claims.iter().all(|(at, claim)| {
        let at = at.to_string().parse::<Timestamp>().unwrap();
        let at = time::OffsetDateTime::from_unix_timestamp(at.micros() / 1_000_000).unwrap();
        let evidence = Evidence::new("quay".parse().unwrap(), at, claim.clone());
        evidence.validate().is_ok()
    })
}

#[test]
fn every_event_is_read_and_the_log_would_take_it() {
    for (name, body) in samples::every_event() {
        let hook = hook(name, &body);
        assert_eq!(hook.repository_id, Some(samples::REPOSITORY_ID), "{name}");
        assert_eq!(hook.action.as_deref(), body["action"].as_str(), "{name}");
        assert!(valid(&hook.facts), "{name}");
        let says_something = !hook.facts.claims.is_empty() || !hook.facts.hints.is_empty();
        assert_eq!(says_something, name != "create", "{name}");
    }
}

#[test]
fn a_run_is_told_with_its_attempt_and_its_phase() {
    let (at, Claim::CiRun(run)) = only("workflow_run", &samples::workflow_run("completed", 2)) else {
        panic!("no run");
    };
    assert_eq!(at, "2026-02-03T11:20:00Z");
    assert_eq!((run.attempt, run.phase, run.conclusion), (2, RunPhase::Completed, Some(Conclusion::Success)));
    assert_eq!(run.workflow, ".github/workflows/ci.yml");
    assert!(!run.from_fork);
    let mut fork = samples::workflow_run("requested", 1);
    fork["workflow_run"]["head_repository"]["id"] = json!(5);
    fork["workflow_run"]["status"] = json!("completed");
    fork["workflow_run"]["conclusion"] = json!("action_required");
    fork["workflow_run"]["head_branch"] = Value::Null;
    fork["workflow_run"]["path"] = json!(".github/workflows/ci.yml@refs/pull/1/merge");
    let (_, Claim::CiRun(run)) = only("workflow_run", &fork) else { panic!("no run") };
    assert!(run.from_fork && run.branch.is_none());
    assert_eq!(run.workflow, ".github/workflows/ci.yml");
    assert_eq!((run.phase, run.conclusion), (RunPhase::Completed, Some(Conclusion::ActionRequired)));
    fork["workflow_run"]["head_repository"] = Value::Null;
    let (_, Claim::CiRun(run)) = only("workflow_run", &fork) else { panic!("no run") };
    assert!(run.from_fork, "a fork that is no more was a fork");
}

#[test]
fn a_job_occurs_when_it_reaches_its_phase() {
    for (action, at, started) in [
        ("queued", "2026-02-03T10:01:00Z", false),
        ("waiting", "2026-02-03T10:01:00Z", false),
        ("in_progress", "2026-02-03T10:03:00Z", true),
        ("completed", "2026-02-03T10:11:00Z", true),
    ] {
        let (told, Claim::CiRunJob(job)) = only("workflow_job", &samples::workflow_job(action, 1, 2)) else {
            panic!("no job");
        };
        assert_eq!((told.as_str(), job.started_at.is_some()), (at, started), "{action}");
        assert_eq!(job.completed_at.is_some(), action == "completed");
    }
}

#[test]
fn a_push_occurs_when_it_was_pushed_and_not_when_it_was_committed() {
    let mut body = samples::push("refs/heads/main");
    let (at, Claim::RefMoved(moved)) = only("push", &body) else { panic!("no move") };
    assert_eq!(at, "2026-02-03T10:00:00Z");
    assert!(moved.default_branch && !moved.forced);
    let subjects: Vec<_> = moved.commits.iter().map(|commit| commit.subject.as_str()).collect();
    assert_eq!(subjects, ["Lay the cable", "Light the beacon"]);
    assert_eq!(moved.commits[1].at.to_string(), "2026-02-03T09:58:12Z");
    body["repository"]["pushed_at"] = Value::Null;
    assert_eq!(only("push", &body).0, "2026-02-03T09:58:12Z");
    body["commits"][0]["timestamp"] = json!("0001-01-01T00:00:00Z");
    let (_, Claim::RefMoved(moved)) = only("push", &body) else { panic!("no move") };
    assert_eq!(moved.commits[0].at.to_string(), "2026-02-03T09:58:12Z", "git takes any date");
}

#[test]
fn no_commit_is_forty_noughts_and_a_tag_stands_for_a_commit() {
    let mut body = samples::push("refs/tags/v1.0.0");
    body["before"] = json!("0".repeat(40));
    body["after"] = json!(samples::sha(0x7a6));
    let (_, Claim::RefMoved(moved)) = only("push", &body) else { panic!("no move") };
    assert_eq!((moved.before, moved.after.unwrap().to_string()), (None, samples::sha(0xc0ffee)));
    assert!(!moved.default_branch);
    body["after"] = json!("0".repeat(40));
    body["head_commit"] = Value::Null;
    body["commits"] = json!([]);
    let (_, Claim::RefMoved(moved)) = only("push", &body) else { panic!("no move") };
    assert_eq!(moved.after, None);
    let (at, Claim::RefMoved(moved)) = only("delete", &samples::delete("branch", "main")) else {
        panic!("no move")
    };
    assert_eq!((at.as_str(), moved.reference.as_str()), ("2026-02-03T10:00:00Z", "refs/heads/main"));
    assert!(moved.default_branch && moved.after.is_none());
}

#[test]
fn a_pull_request_is_merged_only_when_it_was() {
    let (_, Claim::PullRequest(pull)) = only("pull_request", &samples::pull_request("opened")) else {
        panic!("no pull request");
    };
    assert_eq!((pull.state, pull.merge_commit), (PullRequestState::Open, None));
    let mut body = samples::pull_request("closed");
    let (at, Claim::PullRequest(pull)) = only("pull_request", &body) else { panic!("no pull request") };
    assert_eq!((at.as_str(), pull.state), ("2026-02-03T10:00:00Z", PullRequestState::Merged));
    assert_eq!(pull.merge_commit.unwrap().to_string(), samples::sha(0xc0ffee));
    body["pull_request"]["merged"] = json!(false);
    body["pull_request"]["user"] = Value::Null;
    body["pull_request"]["title"] = json!("ü".repeat(201));
    let (_, Claim::PullRequest(pull)) = only("pull_request", &body) else { panic!("no pull request") };
    assert_eq!((pull.state, pull.merge_commit), (PullRequestState::Closed, None));
    assert_eq!((pull.author.as_str(), pull.title.chars().count()), ("ghost", 200));
    assert!(hook("pull_request", &samples::pull_request("labeled")).facts.claims.is_empty());
}

#[test]
fn deployments_are_told_with_their_states() {
    let (_, Claim::GithubDeployment(made)) = only("deployment", &samples::deployment()) else {
        panic!("no deployment");
    };
    assert_eq!((made.status_id, made.state.as_str(), made.actor.as_str()), (0, "created", "pilot"));
    let mut body = samples::deployment_status("success");
    body["deployment_status"]["environment"] = json!("prod-eu");
    let (at, Claim::GithubDeployment(status)) = only("deployment_status", &body) else { panic!("no status") };
    assert_eq!((at.as_str(), status.state.as_str()), ("2026-02-03T12:04:00Z", "success"));
    assert_eq!(status.environment, "prod-eu");
    assert_eq!(status.deployment_id, made.deployment_id);
}

#[test]
fn packages_are_hints_and_no_evidence() {
    for (event, mut body) in
        [("package", samples::package()), ("registry_package", samples::registry_package())]
    {
        let facts = hook(event, &body).facts;
        assert!(facts.claims.is_empty());
        let hint = &facts.hints[0];
        assert_eq!(hint.repository, "ghcr.io/harbour/quay");
        assert_eq!(hint.tag.as_ref().unwrap().as_str(), "sha-0c0ffee");
        assert!(hint.digest.is_some());
        let version = &mut body[event]["package_version"];
        version["container_metadata"]["tag"]["name"] = json!("");
        version["package_url"] = json!("ghcr.io/Harbour/quay:");
        assert_eq!(hook(event, &body).facts.hints[0].tag, None);
        body[event]["package_version"]["package_url"] = Value::Null;
        assert_eq!(hook(event, &body).facts.hints[0].repository, "ghcr.io/harbour/quay");
        body[event]["package_version"]["container_metadata"] = Value::Null;
        assert!(hook(event, &body).facts.hints.is_empty(), "only images are looked for");
    }
}

#[test]
fn names_are_told_by_what_changes_them() {
    let (at, Claim::RepositoryNamed(named)) = only("repository", &samples::repository_event("renamed"))
    else {
        panic!("no name");
    };
    assert_eq!((at.as_str(), named.full_name.as_str()), ("2026-02-03T09:00:00Z", "harbour/quay"));
    assert_eq!((named.owner_id, named.default_branch.as_str()), (samples::OWNER_ID, "main"));
    assert!(hook("repository", &samples::repository_event("archived")).facts.claims.is_empty());
    let organisation = json!({"zen": "Moor it twice.", "hook_id": 1, "hook": {"type": "Organization"}});
    assert_eq!(hook("ping", &organisation).repository_id, None);
}

#[test]
fn what_is_not_known_tells_nothing_and_is_no_error() {
    let hook_of_star = hook("star", &json!({"action": "created", "repository": {"id": 7}}));
    assert_eq!((hook_of_star.action.as_deref(), hook_of_star.repository_id), (Some("created"), Some(7)));
    assert_eq!(hook("security_advisory", &json!({"action": "published"})).repository_id, None);
    let mut body = samples::workflow_run("completed", 1);
    body["action"] = json!("teleported");
    body["workflow_run"]["status"] = json!("teleporting");
    assert!(hook("workflow_run", &body).facts.claims.is_empty());
}

#[test]
fn a_mistake_is_named_by_its_place() {
    let run = samples::workflow_run("completed", 1);
    for (at, value) in [
        ("/workflow_run/id", json!("8800000001")),
        ("/workflow_run/id", json!(9_007_199_254_740_992_u64)),
        ("/workflow_run/run_attempt", json!(-1)),
        ("/workflow_run/run_attempt", json!(4_294_967_296_u64)),
        ("/workflow_run/head_sha", json!("c0ffee")),
        ("/workflow_run/conclusion", json!(1)),
        ("/workflow_run/updated_at", json!("yesterday")),
        ("/workflow_run/run_started_at", json!([])),
        ("/workflow_run/head_repository/id", json!(1.5)),
        ("/workflow_run", json!([1, 2, 3])),
        ("/repository", json!([700_100_200])),
        ("/repository/id", Value::Null),
        ("/action", json!({})),
    ] {
        let mut body = run.clone();
        *body.pointer_mut(at).unwrap() = value.clone();
        assert_eq!(pointer("workflow_run", &body), at, "{value}");
    }
    let mut body = samples::push("refs/heads/main");
    body["commits"][1]["id"] = json!(5);
    assert_eq!(pointer("push", &body), "/commits/1/id");
    body["commits"][1].as_object_mut().unwrap().remove("id");
    assert_eq!(pointer("push", &body), "/commits/1/id");
    assert_eq!(pointer("push", &json!({})), "/ref");
    assert_eq!(pointer("push", &json!([])), "");
    assert_eq!(pointer("star", &json!({"repository": {"id": "seven"}})), "/repository/id");
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    assert_eq!(read("push", b"{\"ref\": \"\xff\"}"), Err(HookError::NotUtf8(9)));
    assert!(matches!(read("star", b"{}x"), Err(HookError::NotJson(_))));
    for body in ["", "{", "payload=%7B%7D", r#"{"ref": "\ud800"}"#, r#"{"ref": 1e999}"#] {
        assert!(matches!(read("push", body.as_bytes()), Err(HookError::NotJson(_))), "{body}");
    }
    let twice = r#"{"action": "a", "action": "b"}"#;
    assert!(matches!(read("star", twice.as_bytes()), Err(HookError::Field(_))));
}

#[test]
fn depth_is_bounded_wherever_it_is() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let star = |depth: usize| format!(r#"{{"action":"created","x":{}}}"#, nested(depth - 1));
    assert!(read("star", star(DEEPEST).as_bytes()).is_ok());
    for body in [star(DEEPEST + 1), nested(1_000_000), "[".repeat(1_000_000), "{\"a\":".repeat(500_000)] {
        assert_eq!(read("star", body.as_bytes()), Err(HookError::TooDeep));
    }
    let quoted = json!({"action": "[".repeat(1000), "x": "\\\"[[".repeat(200)});
    assert!(hook("star", &quoted).action.is_some(), "brackets in a text nest nothing");
}

/// Making the samples takes longer than reading them.
static SAMPLES: LazyLock<Vec<(&str, Value)>> = LazyLock::new(samples::every_event);

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("2026-02-03T10:00:00+23:59")),
        Just(json!("9999-12-31T23:59:59-23:59")),
        Just(json!("0".repeat(40))),
        Just(json!([])),
        Just(json!({"id": 1})),
    ]
}

/// Every place in a value, as a pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                places(inner, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_it_panic(event in 0usize..18, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (name, _) = &SAMPLES[event];
        let _ = read(name, &bytes);
    }

    #[test]
    fn no_change_makes_it_panic_or_tell_what_the_log_refuses(
        event in 0usize..18,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), value()), 1..4),
    ) {
        let (name, mut body) = SAMPLES[event].clone();
        for (place, value) in changes {
            let mut found = Vec::new();
            places(&body, "", &mut found);
            // The shallow places are the ones that are read.
            found.sort_by_key(|place| place.matches('/').count());
            let near = &found[..found.len().min(120)];
            let place: &String = place.get(near);
            *body.pointer_mut(place).unwrap() = value;
        }
        if let Ok(hook) = read(name, body.to_string().as_bytes()) {
            prop_assert!(valid(&hook.facts), "{:?}", hook.facts);
            prop_assert_eq!(read(name, body.to_string().as_bytes()), Ok(hook));
        }
    }

    #[test]
    fn no_cut_makes_it_panic(event in 0usize..18, at in any::<prop::sample::Index>()) {
        let (name, body) = &SAMPLES[event];
        let text = body.to_string();
        let cut = at.index(text.len());
        prop_assert!(read(name, &text.as_bytes()[..cut]).is_err());
    }
}
