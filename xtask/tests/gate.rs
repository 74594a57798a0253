//! Whether a commit is published: every verdict by name, and the story of a branch over ten commits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use evidence::{CommitSha, Digest};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use support::{Fixture, Ran};
use time::OffsetDateTime;
use xtask::context::Env;
use xtask::policy::checks::{Check, read_checks};
use xtask::policy::event::Event;
use xtask::policy::floating::{Candidate, Move, Named, Relation, may_move};
use xtask::policy::gate::{GatePolicy, Verdict, judge};
use xtask::policy::tags::{Facts, Rules, resolve};

const SHA: &str = "860c1904a1ce19322e91ac35af1ab07466440c37";
/// Under `workflow_run` GitHub sets `GITHUB_SHA` to the tip of the default branch.
const TIP: &str = "ffffffffffffffffffffffffffffffffffffffff";

/// What GitHub sends when a run of CI is completed, as far as anything here looks at it.
fn completed(sha: &str) -> Value {
    json!({
        "action": "completed",
        "workflow": { "name": "CI", "path": ".github/workflows/ci.yml" },
        "workflow_run": {
            "id": 30_433_642, "name": "CI", "path": ".github/workflows/ci.yml", "event": "push",
            "head_branch": "main", "head_sha": sha, "run_attempt": 1, "run_number": 562,
            "status": "completed", "conclusion": "success", "pull_requests": [],
            "head_commit": { "id": sha, "timestamp": "2026-01-02T03:04:05Z" },
            "repository": { "full_name": "Octo/Portbook", "fork": false },
            "head_repository": { "full_name": "Octo/Portbook", "fork": false }
        },
        "repository": { "full_name": "Octo/Portbook", "name": "Portbook", "default_branch": "main" }
    })
}

fn pushed(reference: &str, sha: &str) -> Value {
    json!({
        "ref": reference, "before": "0".repeat(40), "after": sha, "created": true, "deleted": false, "forced": false,
        "head_commit": { "id": sha, "timestamp": "2026-01-02T03:04:05Z" },
        "repository": { "full_name": "Octo/Portbook", "name": "Portbook", "default_branch": "main" }
    })
}

fn policy() -> GatePolicy {
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    GatePolicy {
        refs: own(&["default", "refs/heads/release", "refs/tags/**"]),
        required: own(&["test", "image"]),
        ..GatePolicy::default()
    }
}

fn event(name: &str, payload: Value) -> Event {
    let env = Env::from([("GITHUB_EVENT_NAME", name), ("GITHUB_REPOSITORY", "octo/portbook")]);
    let mut event = Event::of_github(&env, payload).unwrap();
    event.settle(true, false);
    event
}

fn check(name: &str, conclusion: Option<&str>) -> Check {
    Check {
        name: name.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        head_sha: Some(SHA.to_owned()),
        ..Check::default()
    }
}

fn green() -> [Check; 2] {
    ["test", "image"].map(|name| check(name, Some("success")))
}

/// The names of the reasons.
fn names(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.split(':').next().unwrap()).collect()
}

#[track_caller]
fn refused(payload: Value, name: &str) {
    for checks in [None, Some(&green()[..])] {
        let verdict = judge(&event("workflow_run", payload.clone()), checks, &policy());
        assert!(!verdict.publish && names(&verdict).contains(&name), "{name}: {verdict:#?}");
    }
}

#[test]
fn a_green_push_is_published() {
    let verdict = judge(&event("workflow_run", completed(SHA)), Some(&green()), &policy());
    assert!(verdict.publish, "{verdict:#?}");
    assert_eq!((verdict.sha.as_str(), verdict.reference.as_str()), (SHA, "refs/heads/main"));
    assert_eq!(names(&verdict), ["green"]);
    let verdict = judge(&event("workflow_run", completed(SHA)), None, &policy());
    assert!(verdict.publish && names(&verdict) == ["checks-not-asked"], "{verdict:#?}");
    let verdict = judge(&event("push", pushed("refs/tags/v1.2.3", SHA)), Some(&green()), &policy());
    assert!(verdict.publish && verdict.reference == "refs/tags/v1.2.3", "{verdict:#?}");
}

#[test]
fn every_other_run_has_its_own_verdict() {
    for (pointer, value, name) in [
        ("/workflow_run/conclusion", json!("failure"), "conclusion-failure"),
        ("/workflow_run/conclusion", json!("cancelled"), "conclusion-cancelled"),
        ("/workflow_run/conclusion", json!("skipped"), "conclusion-skipped"),
        ("/workflow_run/conclusion", json!("timed_out"), "conclusion-timed_out"),
        ("/workflow_run/conclusion", json!("neutral"), "conclusion-neutral"),
        ("/workflow_run/conclusion", json!("Success"), "conclusion-unknown"),
        ("/workflow_run/conclusion", json!(null), "not-finished"),
        ("/workflow_run/conclusion", json!(1), "malformed-payload"),
        ("/action", json!("requested"), "not-finished"),
        ("/workflow_run/event", json!("pull_request"), "not-a-push"),
        ("/workflow_run/event", json!("workflow_dispatch"), "not-a-push"),
        ("/workflow_run/event", json!(null), "malformed-payload"),
        ("/workflow_run/head_repository", json!({ "full_name": "mallory/portbook", "fork": true }), "fork"),
        ("/workflow_run/head_repository", json!(null), "malformed-payload"),
        ("/repository/full_name", json!("mallory/portbook"), "wrong-repository"),
        ("/workflow_run/head_branch", json!("topic"), "unpublishable-ref"),
        ("/workflow_run/head_branch", json!(null), "unpublishable-ref"),
    ] {
        let mut payload = completed(SHA);
        *payload.pointer_mut(pointer).unwrap() = value;
        refused(payload, name);
    }
}

#[test]
fn a_policy_may_name_the_workflow_and_further_triggers() {
    let named = GatePolicy { workflow: Some(".github/workflows/ci.yml".to_owned()), ..policy() };
    let mut payload = completed(SHA);
    assert!(judge(&event("workflow_run", payload.clone()), None, &named).publish);
    payload["workflow_run"]["path"] = json!(".github/workflows/ci.yml@main");
    assert!(judge(&event("workflow_run", payload.clone()), None, &named).publish);
    payload["workflow_run"]["path"] = json!(".github/workflows/other.yml");
    assert_eq!(
        names(&judge(&event("workflow_run", payload.clone()), Some(&green()), &named))[0],
        "wrong-workflow"
    );
    payload["workflow_run"]["event"] = json!("workflow_dispatch");
    let by_hand = GatePolicy { events: vec!["workflow_dispatch".to_owned()], ..policy() };
    assert!(judge(&event("workflow_run", payload), Some(&green()), &by_hand).publish);
}

#[test]
fn required_checks_are_those_of_that_very_commit() {
    let verdict = |checks: &[Check]| judge(&event("workflow_run", completed(SHA)), Some(checks), &policy());
    let [test, image] = green();
    for (checks, name) in [
        (vec![], "check-missing"),
        (vec![test.clone()], "check-missing"),
        (vec![test.clone(), Check { head_sha: Some(TIP.to_owned()), ..image.clone() }], "check-missing"),
        (vec![test.clone(), check("image", None)], "check-pending"),
        (vec![test.clone(), check("image", Some("failure"))], "check-red"),
        (vec![test.clone(), check("image", Some("skipped"))], "check-red"),
        // Another app's check of the same name does not hide a red one.
        (
            vec![
                test.clone(),
                check("image", Some("failure")),
                Check { app: "other".to_owned(), id: 9, ..image.clone() },
            ],
            "check-red",
        ),
    ] {
        let verdict = verdict(&checks);
        assert!(
            !verdict.publish && names(&verdict).iter().all(|given| *given == name),
            "{name}: {verdict:#?}"
        );
    }
    // The last run of a check counts, in whatever order they come.
    let at = |id, conclusion| Check { id, ..check("image", Some(conclusion)) };
    assert!(verdict(&[test.clone(), at(2, "success"), at(1, "failure")]).publish);
    assert!(!verdict(&[test.clone(), at(1, "success"), at(2, "failure")]).publish);
    assert!(verdict(&[test, image, check("docs", Some("failure"))]).publish, "not a required one");
}

#[test]
fn a_rerun_is_published_and_says_what_it_cannot_do() {
    let mut payload = completed(SHA);
    payload["workflow_run"]["run_attempt"] = json!(2);
    let verdict = judge(&event("workflow_run", payload), Some(&green()), &policy());
    assert!(verdict.publish && names(&verdict) == ["green", "re-run"], "{verdict:#?}");
    assert!(verdict.reasons[1].contains("sha-") && verdict.reasons[1].contains("floating"));
}

#[test]
fn a_push_needs_checks_and_a_commit_that_still_is() {
    let judged = |payload| judge(&event("push", payload), Some(&green()), &policy());
    let verdict = judge(&event("push", pushed("refs/heads/main", SHA)), None, &policy());
    assert!(!verdict.publish && names(&verdict) == ["no-verdict"], "{verdict:#?}");
    let mut deleted = pushed("refs/heads/main", &"0".repeat(40));
    deleted["deleted"] = json!(true);
    let verdict = judged(deleted);
    assert!(names(&verdict).contains(&"malformed-payload") && names(&verdict).contains(&"unpublishable-ref"));
    assert!(!judged(pushed("refs/heads/topic", SHA)).publish);
    assert!(!judged(pushed("refs/heads/", SHA)).publish && !judged(pushed("main", SHA)).publish);
    let none = GatePolicy { required: Vec::new(), ..policy() };
    let verdict = judge(&event("push", pushed("refs/heads/main", SHA)), Some(&[]), &none);
    assert!(!verdict.publish && names(&verdict) == ["no-verdict"], "{verdict:#?}");
    let by_hand = json!({ "inputs": null, "ref": "refs/heads/main", "after": SHA });
    assert!(
        names(&judge(&event("workflow_dispatch", by_hand), Some(&green()), &policy()))
            .contains(&"not-a-push")
    );
}

#[test]
fn a_name_that_is_a_branch_and_a_tag_is_refused() {
    let env = Env::from([("GITHUB_EVENT_NAME", "workflow_run")]);
    let mut payload = completed(SHA);
    payload["workflow_run"]["head_branch"] = json!("v1.2.3");
    let settled = |branch, tag| {
        let mut event = Event::of_github(&env, payload.clone()).unwrap();
        event.settle(branch, tag);
        judge(&event, Some(&green()), &policy())
    };
    assert!(settled(false, true).publish);
    assert_eq!(settled(false, true).reference, "refs/tags/v1.2.3");
    assert_eq!(names(&settled(true, false)), ["unpublishable-ref", "green"]);
    assert!(names(&settled(true, true)).contains(&"ambiguous-ref"));
}

#[test]
fn checks_come_as_pages_or_as_one() {
    let run = json!({ "id": 4, "name": "test", "status": "completed", "conclusion": "success", "head_sha": SHA,
        "started_at": "2026-01-02T03:04:05Z", "app": { "slug": "github-actions" } });
    let running = json!({ "name": "image", "status": "in_progress", "conclusion": null });
    let one = json!({ "total_count": 2, "check_runs": [run, running] });
    let checks = read_checks(&one).unwrap();
    assert_eq!((checks[0].conclusion.as_deref(), checks[1].conclusion.as_deref()), (Some("success"), None));
    assert_eq!(read_checks(&json!([one, one])).unwrap().len(), 4);
    assert_eq!(read_checks(&json!([run])).unwrap(), checks[..1]);
    for bad in [json!({}), json!(null), json!([{}]), json!({ "check_runs": {} })] {
        assert!(read_checks(&bad).is_err(), "{bad}");
    }
}

/// Ten commits to `main`: red ones, a cancelled one, a fork's branch of that name, a slow old run that ends last, and
/// a re-run of a commit that had failed for no fault of its own.
#[test]
fn the_story_of_main() {
    struct Run(usize, &'static str, &'static str, u64);
    let commits: Vec<CommitSha> =
        (1..=10).map(|n| format!("{n:040x}").chars().rev().collect::<String>().parse().unwrap()).collect();
    const OWN: &str = "Octo/Portbook";
    // In the order in which the runs end.
    let runs = [
        Run(1, "success", OWN, 1),
        Run(2, "failure", OWN, 1),
        Run(4, "success", OWN, 1),
        Run(5, "cancelled", OWN, 1),
        Run(6, "success", "mallory/portbook", 1),
        Run(7, "success", OWN, 1),
        Run(8, "timed_out", OWN, 1),
        Run(9, "success", OWN, 1),
        Run(8, "success", OWN, 2),
        Run(10, "failure", OWN, 1),
        Run(3, "success", OWN, 1),
    ];
    let lines = ["type=sha,priority=300", "type=raw,value=latest,on=default"].map(str::to_owned);
    let rules = Rules::new(&[], &lines, &["latest=false".to_owned()], &[]).unwrap();
    let mut registry: BTreeMap<String, usize> = BTreeMap::new();
    let mut latest = Vec::new();
    let mut published = Vec::new();
    for Run(number, conclusion, from, attempt) in runs {
        let commit = &commits[number - 1];
        let mut payload = completed(commit.as_str());
        payload["workflow_run"]["conclusion"] = json!(conclusion);
        payload["workflow_run"]["head_repository"]["full_name"] = json!(from);
        payload["workflow_run"]["run_attempt"] = json!(attempt);
        let env = Env::from([
            ("GITHUB_EVENT_NAME", "workflow_run"),
            ("GITHUB_SHA", TIP),
            ("GITHUB_REF", "refs/heads/main"),
        ]);
        let mut event = Event::of_github(&env, payload).unwrap();
        event.settle(true, false);
        let own = if conclusion == "success" { "success" } else { "failure" };
        let checks = ["test", "image"]
            .map(|name| Check { head_sha: Some(commit.to_string()), ..check(name, Some(own)) });
        let verdict = judge(&event, Some(&checks), &policy());
        assert_eq!(verdict.sha, commit.as_str(), "never GITHUB_SHA");
        if !verdict.publish {
            continue;
        }
        published.push((number, conclusion, from));
        let set = resolve(&rules, &event, &Facts::at(OffsetDateTime::UNIX_EPOCH)).unwrap();
        for choice in set.tags {
            let tag = choice.tag.to_string();
            if !choice.floating {
                assert!(registry.insert(tag, number).is_none(), "an immutable tag was put twice");
                continue;
            }
            let named = registry.get(&tag).copied();
            let relation = match named {
                None => Relation::Unknown,
                Some(named) if named == number => Relation::Same,
                Some(named) if named < number => Relation::Descends,
                Some(_) => Relation::Behind,
            };
            let named = named.map(|named| Named {
                digest: Digest::of(&[]),
                commit: Some(commits[named - 1].clone()),
                version: None,
            });
            let candidate =
                Candidate { commit, version: None, from_default_branch: event.on_default_branch() };
            let (verdict, why) = may_move(&choice.tag, &candidate, named.as_ref(), relation);
            if matches!(verdict, Move::Create | Move::Move) {
                registry.insert(tag, number);
                latest.push(number);
            } else {
                assert!(why.contains("newer"), "{why}");
            }
        }
    }
    assert!(published.iter().all(|(_, conclusion, from)| *conclusion == "success" && *from == OWN));
    for number in 1..=10 {
        let green = [1, 3, 4, 7, 8, 9].contains(&number);
        let tag = commits[number - 1].tag().to_string();
        assert_eq!(registry.get(&tag), green.then_some(&number), "{tag}");
    }
    assert_eq!(latest, [1, 4, 7, 9], "latest never goes back");
    assert_eq!(registry["latest"], 9);
}

/// The command itself: exit codes, JSON, and what it says of bad files.
#[test]
fn the_command_answers_with_its_exit_code() {
    let fixture = Fixture::new();
    let write = |name: &str, value: &Value| std::fs::write(fixture.path(name), value.to_string()).unwrap();
    write("event.json", &completed(SHA));
    let run = |args: &[&str]| fixture.run(&[&["gate", "--event-path"], args].concat());
    let ran = run(&["event.json", "--json"]).expect(0, &[]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&answer["publish"], &answer["sha"], &answer["ref"]),
        (&json!(true), &json!(SHA), &json!("refs/heads/main"))
    );
    assert!(answer["reasons"][0].as_str().unwrap().starts_with("checks-not-asked"));

    let checks: Vec<_> = ["backend-quality", "frontend-quality", "image", "smoke-e2e", "policy"]
        .map(|name| json!({ "name": name, "status": "completed", "conclusion": "success", "head_sha": SHA }))
        .to_vec();
    write("checks.json", &json!({ "total_count": 5, "check_runs": checks }));
    assert_eq!(run(&["event.json", "--checks", "checks.json"]).expect(0, &["green"]).stdout, "publish\n");
    write("checks.json", &json!({ "total_count": 4, "check_runs": checks[1..] }));
    let ran = run(&["event.json", "--checks", "checks.json"]).expect(3, &["check-missing: backend-quality"]);
    assert_eq!(ran.stdout, "do not publish\n");

    std::fs::write(fixture.path("event.json"), "{\"workflow_run\": ").unwrap();
    let ran = run(&["event.json", "--json"]).expect(3, &[]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(answer["reasons"][0].as_str().unwrap().starts_with("malformed-payload"), "{answer}");
    run(&["nowhere.json"]).expect(2, &["nowhere.json"]);
    write("event.json", &completed(SHA));
    run(&["event.json", "--checks", "nowhere.json"]).expect(2, &["nowhere.json"]);
    write("checks.json", &json!({}));
    run(&["event.json", "--checks", "checks.json"]).expect(2, &["check_runs"]);
}

/// A server that answers as GitHub's interface does: one answer for each path that begins so, in turn.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: Vec<(&'static str, u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        std::thread::spawn(move || {
            let mut answers = answers;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                    .lines()
                    .map(Result::unwrap)
                    .take_while(|line| !line.is_empty())
                    .collect();
                let path = lines[0].split(' ').nth(1).unwrap().to_owned();
                assert!(
                    lines.iter().any(|line| line.eq_ignore_ascii_case("authorization: Bearer t0psecret"))
                );
                let at = answers.iter().position(|(begins, ..)| path.starts_with(begins));
                let (status, body) = at.map_or((404, json!({ "message": "Not Found" })), |at| {
                    let (_, status, body) = answers.remove(at);
                    (status, body)
                });
                seen.lock().unwrap().push(path);
                let body = body.to_string();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { url, asked }
    }

    fn gate(&self, payload: &Value) -> Ran {
        let fixture = Fixture::new();
        std::fs::write(fixture.path("event.json"), payload.to_string()).unwrap();
        let mut call = fixture.xtask(&["gate", "--event-path", "event.json"]);
        call.env("GITHUB_TOKEN", "t0psecret").env("GITHUB_API_URL", &self.url);
        let ran = Ran::of(call.output().unwrap());
        assert!(!ran.stdout.contains("t0psecret") && !ran.stderr.contains("t0psecret"), "{ran:?}");
        ran
    }
}

const CHECKS: &str = "/api/repos/Octo/Portbook/commits/860c1904a1ce19322e91ac35af1ab07466440c37/check-runs";
const BRANCH: &str = "/api/repos/Octo/Portbook/git/ref/heads/main";

fn pages() -> Vec<(&'static str, u16, Value)> {
    let run =
        |name: &str| json!({ "name": name, "status": "completed", "conclusion": "success", "head_sha": SHA });
    let jobs = ["backend-quality", "frontend-quality", "image", "smoke-e2e", "policy"].map(run);
    vec![
        (BRANCH, 200, json!({ "ref": "refs/heads/main" })),
        (CHECKS, 200, json!({ "total_count": 5, "check_runs": jobs[..3] })),
        (CHECKS, 200, json!({ "total_count": 5, "check_runs": jobs[3..] })),
    ]
}

#[test]
fn github_is_asked_page_by_page() {
    let server = Server::new(pages());
    server.gate(&completed(SHA)).expect(0, &["green"]);
    let asked = server.asked.lock().unwrap();
    assert_eq!(asked.len(), 4, "branch, tag, two pages: {asked:?}");
    assert!(asked[3].ends_with("page=2"), "{asked:?}");
}

#[test]
fn github_is_asked_again_where_the_fault_may_pass() {
    let mut answers = pages();
    answers.insert(1, (CHECKS, 502, json!({})));
    Server::new(answers).gate(&completed(SHA)).expect(0, &["green"]);
}

#[test]
fn nothing_is_published_on_an_answer_that_did_not_come() {
    for (status, body, says) in [
        (401, json!({ "message": "Bad credentials t0psecret" }), "not valid"),
        (403, json!({ "message": "Resource not accessible by integration" }), "checks: read"),
        (200, json!({ "message": "no checks" }), "check_runs"),
    ] {
        let server = Server::new(vec![(BRANCH, 200, json!({})), (CHECKS, status, body)]);
        server.gate(&completed(SHA)).expect(4, &[says]);
    }
    let nobody = Server { url: "http://127.0.0.1:1".to_owned(), asked: Arc::default() };
    nobody.gate(&completed(SHA)).expect(4, &["gave no answer"]);
}

#[test]
fn a_refused_event_asks_for_no_checks() {
    let server = Server::new(vec![(BRANCH, 200, json!({}))]);
    let mut payload = completed(SHA);
    payload["workflow_run"]["conclusion"] = json!("failure");
    server.gate(&payload).expect(3, &["conclusion-failure"]);
    assert!(server.asked.lock().unwrap().iter().all(|path| !path.contains("check-runs")));
}

/// Any JSON in any place of a payload, and checks of any kind.
fn noise() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        Just(json!("success")),
        Just(json!("push")),
        Just(json!(SHA)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,12}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_payload_that_differs_is_published_only_where_it_does_not_matter(
        at in prop::sample::select(vec![
            "/action", "/workflow_run", "/workflow_run/event", "/workflow_run/head_branch", "/workflow_run/head_sha",
            "/workflow_run/conclusion", "/workflow_run/head_repository", "/workflow_run/head_repository/full_name",
            "/workflow_run/run_attempt", "/repository", "/repository/full_name", "/repository/default_branch", "",
        ]),
        value in noise(),
        checks in prop::option::of(noise()),
    ) {
        let mut payload = completed(SHA);
        *payload.pointer_mut(at).unwrap() = value;
        let checks = checks.and_then(|checks| read_checks(&checks).ok());
        let env = Env::from([("GITHUB_EVENT_NAME", "workflow_run"), ("GITHUB_SHA", TIP)]);
        if let Ok(mut event) = Event::of_github(&env, payload) {
            event.settle(true, false);
            let verdict = judge(&event, checks.as_deref(), &policy());
            prop_assert!(!verdict.reasons.is_empty());
            if verdict.publish {
                prop_assert_eq!(verdict.sha, SHA);
                prop_assert_eq!(event.trigger(), "push");
                prop_assert!(checks.is_none(), "noise has no green checks");
            }
        }
    }
}
