//! Evidence for tests, all of the project `shop`. Times are minutes after noon.

use serde_json::{Value, json};

/// The commit of that number.
pub fn sha(number: u32) -> String {
    format!("{number:040x}")
}

/// The digest of that number.
pub fn digest(number: u32) -> String {
    format!("sha256:{number:064x}")
}

/// The instant of that minute.
pub fn minute(minute: u32) -> String {
    format!("2026-03-01T{:02}:{:02}:00Z", 12 + minute / 60, minute % 60)
}

pub fn document(at: u32, claim: Value) -> Value {
    json!({
        "schema": "portbook.evidence/v1",
        "project": "shop",
        "occurred_at": minute(at),
        "claim": claim,
    })
}

pub fn commit(at: u32, number: u32, parents: &[u32]) -> Value {
    let parents: Vec<_> = parents.iter().map(|parent| sha(*parent)).collect();
    document(
        at,
        json!({"kind": "commit", "commit": sha(number), "subject": format!("Change {number}"),
               "author": "Ada", "parents": parents}),
    )
}

pub fn ci(at: u32, number: u32, outcome: &str) -> Value {
    let jobs = json!([{"name": "backend-quality", "outcome": outcome, "milliseconds": 1200}]);
    document(at, json!({"kind": "ci_verdict", "commit": sha(number), "outcome": outcome, "jobs": jobs}))
}

pub fn image(at: u32, number: u32) -> Value {
    document(
        at,
        json!({"kind": "image_built", "commit": sha(number), "digest": digest(number),
               "platforms": ["linux/amd64"], "size_bytes": 9_000_000}),
    )
}

pub fn smoke(at: u32, number: u32, outcome: &str) -> Value {
    document(at, json!({"kind": "smoke", "commit": sha(number), "outcome": outcome, "engine": "docker"}))
}

pub fn published(at: u32, number: u32, tags: &[&str]) -> Value {
    document(
        at,
        json!({"kind": "published", "commit": sha(number), "digest": digest(number),
               "repository": "registry.example/shop", "tags": tags}),
    )
}

pub fn deployed(at: u32, service: &str, environment: &str, number: u32, outcome: &str) -> Value {
    document(
        at,
        json!({"kind": "deployed", "service": service, "environment": environment,
               "commit": sha(number), "digest": digest(number), "version": format!("1.0.{number}"),
               "outcome": outcome, "actor": "ci"}),
    )
}

pub fn rolled_back(at: u32, service: &str, environment: &str, number: u32) -> Value {
    document(
        at,
        json!({"kind": "rolled_back", "service": service, "environment": environment,
               "commit": sha(number), "digest": digest(number), "version": format!("1.0.{number}"),
               "actor": "ada"}),
    )
}
