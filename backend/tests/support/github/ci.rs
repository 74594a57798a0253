//! `workflow_run` and `workflow_job`.

use super::parts::{REPOSITORY, REPOSITORY_ID, event, repository, sender, sha, short_repository};
use serde_json::{Value, json};

/// The run of the samples.
const RUN: u64 = 8_800_000_001;

/// Instants go by the attempt's hour and the phase's minute, so that they are in order.
fn at(attempt: u64, minute: u64) -> String {
    format!("2026-02-03T{:02}:{minute:02}:00Z", 9 + attempt)
}

fn status(action: &str) -> &str {
    if action == "requested" { "queued" } else { action }
}

/// A run as it stands in an event and in an answer of the REST interface.
pub fn run(action: &str, attempt: u64) -> Value {
    let base = format!("https://api.github.com/repos/{REPOSITORY}");
    let run = format!("{base}/actions/runs/{RUN}");
    let minute = match action {
        "requested" => 0,
        "in_progress" => 1,
        _ => 20,
    };
    json!({
        "id": RUN, "name": "ci", "node_id": "WFR_kwLO", "head_branch": "main", "head_sha": sha(0xc0ffee),
        "path": ".github/workflows/ci.yml", "display_title": "Light the beacon", "run_number": 214, "event": "push",
        "status": status(action), "conclusion": if action == "completed" { json!("success") } else { Value::Null },
        "workflow_id": 5_500_001, "check_suite_id": 41_000_000_001_u64, "check_suite_node_id": "CS_kwDO",
        "url": run, "html_url": format!("https://github.com/{REPOSITORY}/actions/runs/{RUN}"),
        "pull_requests": [{
            "url": format!("{base}/pulls/12"), "id": 1_500_000_012, "number": 12,
            "head": {"ref": "feature/lights", "sha": sha(0xc0ffee),
                     "repo": {"id": REPOSITORY_ID, "url": base, "name": "quay"}},
            "base": {"ref": "main", "sha": sha(0xbeef),
                     "repo": {"id": REPOSITORY_ID, "url": base, "name": "quay"}}
        }],
        "created_at": "2026-02-03T10:00:00Z", "updated_at": at(attempt, minute), "actor": sender(),
        "run_attempt": attempt, "referenced_workflows": [], "run_started_at": at(attempt, 0),
        "triggering_actor": sender(), "jobs_url": format!("{run}/jobs"), "logs_url": format!("{run}/logs"),
        "check_suite_url": format!("{base}/check-suites/41000000001"), "artifacts_url": format!("{run}/artifacts"),
        "cancel_url": format!("{run}/cancel"), "rerun_url": format!("{run}/rerun"),
        "previous_attempt_url":
            if attempt > 1 { json!(format!("{run}/attempts/{}", attempt - 1)) } else { Value::Null },
        "workflow_url": format!("{base}/actions/workflows/5500001"),
        "head_commit": {
            "id": sha(0xc0ffee), "tree_id": sha(0x7ee), "message": "Light the beacon\n\nShips could not see it.",
            "timestamp": "2026-02-03T09:58:12Z", "author": {"name": "Ada Pilot", "email": "ada@harbour.example"},
            "committer": {"name": "GitHub", "email": "noreply@github.com"}
        },
        "repository": short_repository(REPOSITORY, REPOSITORY_ID),
        "head_repository": short_repository(REPOSITORY, REPOSITORY_ID)
    })
}

/// `workflow_run`: `requested`, `in_progress` or `completed`, of an attempt.
pub fn workflow_run(action: &str, attempt: u64) -> Value {
    let base = format!("https://api.github.com/repos/{REPOSITORY}");
    event(json!({
        "action": action,
        "workflow_run": run(action, attempt),
        "workflow": {
            "id": 5_500_001, "node_id": "W_kwDO", "name": "ci", "path": ".github/workflows/ci.yml",
            "state": "active", "created_at": "2025-03-01T08:10:00.000Z", "updated_at": "2025-09-01T08:10:00.000Z",
            "url": format!("{base}/actions/workflows/5500001"),
            "html_url": format!("https://github.com/{REPOSITORY}/blob/main/.github/workflows/ci.yml"),
            "badge_url": format!("https://github.com/{REPOSITORY}/workflows/ci/badge.svg")
        }
    }))
}

/// A job as it stands in an event and in an answer of the REST interface. Each attempt has jobs of its own.
pub fn job(action: &str, attempt: u64, number: u64) -> Value {
    let id = 23_400_000_000 + attempt * 100 + number;
    let base = format!("https://api.github.com/repos/{REPOSITORY}");
    let done = action == "completed";
    let step = |number: u64, name: &str, minute: u64| {
        json!({
            "name": name, "status": status(action), "number": number,
            "conclusion": if done { json!("success") } else { Value::Null },
            "started_at": at(attempt, minute), "completed_at": if done { json!(at(attempt, minute + 1)) } else { Value::Null }
        })
    };
    let waits = matches!(action, "queued" | "waiting");
    let runner = |value: Value| if waits { Value::Null } else { value };
    json!({
        "id": id, "run_id": RUN, "workflow_name": "ci", "head_branch": "main",
        "run_url": format!("{base}/actions/runs/{RUN}"), "run_attempt": attempt, "node_id": format!("CR_{id}"),
        "head_sha": sha(0xc0ffee), "url": format!("{base}/actions/jobs/{id}"),
        "html_url": format!("https://github.com/{REPOSITORY}/actions/runs/{RUN}/job/{id}"), "status": status(action),
        "conclusion": if done { json!("success") } else { Value::Null }, "created_at": at(attempt, 1),
        // While it waits GitHub writes here when it was made.
        "started_at": if waits { at(attempt, 1) } else { at(attempt, 1 + number) },
        "completed_at": if done { json!(at(attempt, 9 + number)) } else { Value::Null },
        "name": format!("job-{number}"),
        "steps": if waits { json!([]) } else { json!([
            step(1, "Set up job", 2), step(2, "Run actions/checkout@v4", 3), step(3, "cargo xtask test", 4),
            step(4, "Post Run actions/checkout@v4", 7), step(5, "Complete job", 8)
        ]) },
        "check_run_url": format!("{base}/check-runs/{id}"), "labels": ["ubuntu-latest"],
        "runner_id": runner(json!(5)), "runner_name": runner(json!("GitHub Actions 5")),
        "runner_group_id": runner(json!(2)), "runner_group_name": runner(json!("GitHub Actions"))
    })
}

/// `workflow_job`: `queued`, `waiting`, `in_progress` or `completed`, of a job of an attempt.
pub fn workflow_job(action: &str, attempt: u64, number: u64) -> Value {
    let mut event = event(json!({"action": action, "workflow_job": job(action, attempt, number)}));
    event["repository"] = repository();
    event
}
