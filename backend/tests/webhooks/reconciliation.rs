//! What GitHub could not tell of is found by asking.

use crate::api::ApiServer;
use crate::hub::Hub;
use crate::samples::{self, REPOSITORY, REPOSITORY_ID};
use crate::support::{Process, eventually};
use portbook::service::github_reconcile::reconcile;
use portbook::service::{clock, log};
use serde_json::{Value, json};

const RUNS: &str = "/repos/harbour/quay/actions/runs";

fn run(id: u64, action: &str, attempt: u64, conclusion: &str) -> Value {
    let mut run = samples::run(action, attempt);
    run["id"] = json!(id);
    if action == "completed" {
        run["conclusion"] = json!(conclusion);
    }
    run
}

fn job(run: u64, attempt: u64, number: u64) -> Value {
    let mut job = samples::job("completed", attempt, number);
    job["id"] = json!(run * 1000 + attempt * 100 + number);
    job["run_id"] = json!(run);
    job
}

/// A GitHub on which a run failed, its failed job was run again, and a second run goes on.
async fn server() -> ApiServer {
    let server = ApiServer::start().await;
    server.with(|api| {
        let runs = vec![run(2, "in_progress", 1, ""), run(1, "completed", 2, "success")];
        api.lists.insert(RUNS.to_owned(), runs);
        api.things.insert(format!("{RUNS}/1/attempts/1"), run(1, "completed", 1, "failure"));
        api.lists.insert(format!("{RUNS}/1/attempts/1/jobs"), vec![job(1, 1, 1), job(1, 1, 2), job(1, 1, 3)]);
        api.lists.insert(format!("{RUNS}/1/attempts/2/jobs"), vec![job(1, 2, 2)]);
        api.page_size = 2;
    });
    server
}

async fn ask(hub: &Hub, server: &ApiServer) -> usize {
    hub.ledger.database.execute("UPDATE poll_lease SET until = 0").await.unwrap();
    reconcile(&hub.ledger.store, &server.client(), "worker").await.unwrap()
}

/// How long until GitHub is asked again, in seconds.
async fn pause(hub: &Hub) -> i64 {
    (hub.number("SELECT until FROM poll_lease").await - clock::now()) / 1_000_000
}

#[tokio::test]
async fn what_was_missed_is_recorded_as_asked_for() {
    let hub = Hub::connected().await;
    let server = server().await;
    assert_eq!(ask(&hub, &server).await, 6, "two attempts and four jobs");
    let asked = "SELECT COUNT(*) FROM evidence WHERE trust = 'poll' AND source LIKE 'GET http://127.0.0.1:%/jobs?per_page=100'";
    assert_eq!(hub.number(asked).await, 6);
    assert_eq!(log::verify(&hub.ledger.store).await.unwrap().broken, []);
    hub.ledger.project().await;
    for (what, sql) in [
        (
            "the red attempt",
            "SELECT COUNT(*) FROM ci_fact WHERE outcome = 'failure' AND fact_key LIKE '%:1:1'",
        ),
        ("the green one", "SELECT COUNT(*) FROM ci_fact WHERE outcome = 'success' AND fact_key LIKE '%:1:2'"),
        ("nothing of what goes on", "SELECT 1 + COUNT(*) FROM ci_run WHERE run_id = 2"),
    ] {
        assert_eq!(hub.number(sql).await, 1, "{what}");
    }
    // A run ends with its last job, and not when GitHub touched it last.
    let ended = "SELECT COUNT(*) FROM ci_run AS r WHERE attempt = 1 AND updated_at = \
                 (SELECT MAX(completed_at) FROM ci_job AS j WHERE j.run_id = r.run_id AND j.attempt = r.attempt)";
    assert_eq!(hub.number(ended).await, 1);
}

#[tokio::test]
async fn what_events_told_is_not_recorded_again() {
    let hub = Hub::connected().await;
    let server = server().await;
    for (number, attempt) in [(0, 1), (1, 2)] {
        let conclusion = if attempt == 1 { "failure" } else { "success" };
        let mut body = samples::workflow_run("completed", attempt);
        body["workflow_run"] = run(1, "completed", attempt, conclusion);
        hub.deliver("workflow_run", &format!("run-{number}"), &body).await;
    }
    for told in [job(1, 1, 1), job(1, 1, 2), job(1, 2, 2)] {
        let mut body = samples::workflow_job("completed", 1, 1);
        let guid = format!("job-{}", told["id"]);
        body["workflow_job"] = told;
        hub.deliver("workflow_job", &guid, &body).await;
    }
    assert_eq!(hub.process().await.recorded, 5);
    hub.ledger.project().await;
    let concluded = "SELECT SUM(concluded_at / 1000000) FROM ci_fact";
    let before = hub.number(&format!("SELECT CAST(({concluded}) AS BIGINT)")).await;
    assert_eq!(ask(&hub, &server).await, 1, "the one job that no event told");
    hub.ledger.project().await;
    assert_eq!(hub.number(&format!("SELECT CAST(({concluded}) AS BIGINT)")).await, before);
    assert_eq!(
        hub.number("SELECT COUNT(*) FROM evidence WHERE trust = 'poll' AND kind = 'ci_run_job'").await,
        1
    );
}

#[tokio::test]
async fn what_has_not_changed_is_not_asked_for_again() {
    let hub = Hub::connected().await;
    let server = server().await;
    server.with(|api| {
        let more = (3..8).map(|id| run(id, "completed", 1, "success"));
        let runs = api.lists.get_mut(RUNS).unwrap();
        runs.remove(0);
        runs.extend(more);
        for id in 3..8 {
            api.lists.insert(format!("{RUNS}/{id}/attempts/1/jobs"), vec![job(id, 1, 1)]);
        }
    });
    assert_eq!(ask(&hub, &server).await, 16);
    let first = server.asked();
    assert!(first[0].0.contains("/actions/runs?per_page=100&created=%3E%3D20"), "{first:?}");
    assert_eq!(ask(&hub, &server).await, 0);
    let second = server.asked();
    assert_eq!(second.len(), 3, "{second:?}");
    assert!(second.iter().all(|(_, status)| *status == 304), "{second:?}");
    // A re-run changes its page, and only what is new on it is asked for.
    server.with(|api| {
        api.lists.get_mut(RUNS).unwrap()[3] = run(5, "completed", 2, "failure");
        api.lists.insert(format!("{RUNS}/5/attempts/2/jobs"), vec![job(5, 2, 1)]);
    });
    assert_eq!(ask(&hub, &server).await, 2);
    let third: Vec<_> = server.asked().into_iter().map(|(_, status)| status).collect();
    assert_eq!(third, [304, 200, 200, 304]);
}

#[tokio::test]
async fn a_run_that_goes_on_is_recorded_when_it_has_ended() {
    let hub = Hub::connected().await;
    let server = server().await;
    ask(&hub, &server).await;
    server.with(|api| {
        let mut fresh = run(2, "completed", 1, "failure");
        fresh["updated_at"] = json!(clock::rfc3339(clock::now()).unwrap());
        api.lists.get_mut(RUNS).unwrap()[0] = fresh;
        api.lists.insert(format!("{RUNS}/2/attempts/1/jobs"), vec![job(2, 1, 1)]);
    });
    assert_eq!(ask(&hub, &server).await, 0, "its event is under way");
    server.with(|api| api.lists.get_mut(RUNS).unwrap()[0] = run(2, "completed", 1, "failure"));
    assert_eq!(ask(&hub, &server).await, 2);
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_another_one_is_not_believed() {
    let hub = Hub::connected().await;
    let server = server().await;
    server.with(|api| {
        let renamed: Vec<_> = [RUNS.to_owned()]
            .into_iter()
            .chain([1, 2].map(|attempt| format!("{RUNS}/1/attempts/{attempt}/jobs")))
            .collect();
        for path in renamed {
            let to = path.replace(&format!("/repos/{REPOSITORY}"), &format!("/repositories/{REPOSITORY_ID}"));
            let list = api.lists.remove(&path).unwrap();
            api.lists.insert(to.clone(), list);
            api.moved.insert(path, to);
        }
    });
    assert_eq!(ask(&hub, &server).await, 6);
    server.with(|api| {
        let mut other = run(9, "completed", 1, "success");
        other["repository"]["id"] = json!(5);
        api.lists.insert(format!("/repositories/{REPOSITORY_ID}/actions/runs"), vec![other]);
    });
    assert_eq!(ask(&hub, &server).await, 0);
    assert_eq!(hub.number("SELECT COUNT(*) FROM evidence").await, 6);
}

#[tokio::test]
async fn github_is_left_alone_for_as_long_as_it_wants() {
    let hub = Hub::connected().await;
    let server = server().await;
    let reset = (clock::now() / 1_000_000 + 1800).to_string();
    for (status, headers, least) in [
        (403, vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)], 1700),
        (429, vec![("retry-after", "900".to_owned())], 890),
        (403, vec![("retry-after", "1200".to_owned()), ("x-ratelimit-remaining", "0".to_owned())], 1190),
        (429, vec![], 550),
        (403, vec![("x-ratelimit-remaining", "4999".to_owned())], 550),
        (401, vec![], 550),
        (404, vec![], 550),
    ] {
        server.with(|api| api.moods.push_back((status, headers.clone())));
        assert_eq!(ask(&hub, &server).await, 0);
        assert_eq!(server.asked().len(), 1, "{status}: it is not asked twice");
        let pause = pause(&hub).await;
        assert!(pause >= least && pause < least + 120, "{status} {headers:?}: {pause} s");
    }
    assert_eq!(ask(&hub, &server).await, 6);
    let pause = pause(&hub).await;
    assert!((3500..=3600).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_fault_of_github_s_is_outlasted_for_a_while() {
    let hub = Hub::connected().await;
    let server = server().await;
    server.with(|api| api.moods.extend([(502, vec![]), (503, vec![])]));
    assert_eq!(ask(&hub, &server).await, 6);
    server.asked();
    server.with(|api| api.moods.extend([(502, vec![]), (500, vec![]), (504, vec![])]));
    assert_eq!(ask(&hub, &server).await, 0);
    assert_eq!(server.asked().len(), 3, "three tries, and then later");
    assert!(pause(&hub).await <= 600);
}

#[tokio::test]
async fn what_was_done_before_a_limit_is_not_done_again() {
    let hub = Hub::connected().await;
    let server = server().await;
    // The list, and the first attempt with its jobs, on two pages; the second attempt is refused.
    server.with(|api| {
        let list = api.lists.remove(&format!("{RUNS}/1/attempts/2/jobs")).unwrap();
        api.lists.insert("kept".to_owned(), list);
    });
    assert_eq!(ask(&hub, &server).await, 0, "the round ends early");
    assert_eq!(hub.number("SELECT COUNT(*) FROM evidence").await, 4);
    server.with(|api| {
        let list = api.lists.remove("kept").unwrap();
        api.lists.insert(format!("{RUNS}/1/attempts/2/jobs"), list);
    });
    server.asked();
    assert_eq!(ask(&hub, &server).await, 2);
    assert!(server.asked().iter().all(|(what, _)| !what.contains("/attempts/1")));
}

#[tokio::test]
async fn the_token_goes_nowhere_else() {
    let hub = Hub::connected().await;
    let (server, other) = (server().await, ApiServer::start().await);
    server.with(|api| {
        api.elsewhere = Some(other.url.clone());
        api.page_size = 1;
    });
    assert_eq!(ask(&hub, &server).await, 0);
    assert_eq!(other.asked(), []);
    server.with(|api| {
        api.elsewhere = None;
        api.moved.insert(RUNS.to_owned(), format!("{}{RUNS}", other.url));
    });
    assert_eq!(ask(&hub, &server).await, 0);
    assert_eq!(other.asked(), [], "neither by a redirect");
}

#[tokio::test]
async fn a_worker_with_a_token_does_all_of_it_by_itself() {
    let hub = Hub::connected().await;
    let server = server().await;
    server.with(|api| api.lists.insert("/repos/harbour/quay/hooks".to_owned(), Vec::new()));
    hub.deliver("workflow_job", "told", &samples::workflow_job("completed", 1, 9)).await;
    let token = ApiServer::token_file();
    let environment = [
        ("DATABASE_URL", &*hub.ledger.database.url()),
        ("PORTBOOK_GITHUB_API", &server.url),
        ("PORTBOOK_GITHUB_TOKEN_FILE", token.path().to_str().unwrap()),
        ("PORTBOOK_LOG_FORMAT", "json"),
    ];
    let worker = Process::start(&["worker"], &environment, "working").await;
    let projected = "SELECT (SELECT COUNT(*) FROM ci_run) + (SELECT COUNT(*) FROM ci_job)";
    eventually("runs and jobs are told, asked for and projected", || async {
        hub.number(projected).await == 7
    })
    .await;
    eventually("the webhooks are asked about too", || async {
        server.with(|api| api.asked.iter().any(|(what, status)| what.contains("/hooks") && *status == 200))
    })
    .await;
    worker.signal("TERM");
    assert!(worker.exit().await.success());
}
