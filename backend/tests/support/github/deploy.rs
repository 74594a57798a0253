//! `deployment` and `deployment_status`.

use super::parts::{REPOSITORY, event, sender, sha};
use serde_json::{Value, json};

const DEPLOYMENT: u64 = 1_900_000_007;

fn body() -> Value {
    let api = format!("https://api.github.com/repos/{REPOSITORY}");
    let deployment = format!("{api}/deployments/{DEPLOYMENT}");
    json!({
        "url": deployment, "id": DEPLOYMENT, "node_id": "DE_kwDO", "task": "deploy", "original_environment": "prod",
        "environment": "prod", "description": null, "created_at": "2026-02-03T12:00:00Z",
        "updated_at": "2026-02-03T12:04:00Z", "statuses_url": format!("{deployment}/statuses"),
        "repository_url": api, "creator": sender(), "sha": sha(0xc0ffee), "ref": "main",
        "payload": {"asked_by": "cargo xtask deploy", "nested": {"as": ["its", "maker", "likes"]}},
        "transient_environment": false, "production_environment": true, "performed_via_github_app": null
    })
}

/// `deployment`, just made.
pub fn deployment() -> Value {
    event(json!({"action": "created", "deployment": body(), "workflow": null, "workflow_run": null}))
}

/// `deployment_status` of a state.
pub fn deployment_status(state: &str) -> Value {
    let api = format!("https://api.github.com/repos/{REPOSITORY}");
    let deployment = format!("{api}/deployments/{DEPLOYMENT}");
    let (id, at) = match state {
        "success" => (5_600_000_002_u64, "2026-02-03T12:04:00Z"),
        _ => (5_600_000_001, "2026-02-03T12:01:00Z"),
    };
    event(json!({
        "action": "created",
        "deployment_status": {
            "url": format!("{deployment}/statuses/{id}"), "id": id, "node_id": "DES_kwDO", "state": state,
            "creator": sender(), "description": "", "environment": "prod", "target_url": "", "created_at": at,
            "updated_at": at, "deployment_url": deployment, "repository_url": api, "environment_url": "",
            "log_url": "", "performed_via_github_app": null
        },
        "deployment": body(), "check_run": null, "workflow": null, "workflow_run": null
    }))
}
