//! Rows of the projection, where a test is about reading alone.

use super::Ledger;
use serde_json::{Value, json};

impl Ledger {
    /// Puts rows into a table, past the application; each is an object with the columns' values.
    pub async fn insert(&self, table: &str, rows: &[Value]) {
        for row in rows {
            let row = row.as_object().unwrap();
            let columns: Vec<_> = row.keys().map(String::as_str).collect();
            let values: Vec<_> = row.values().map(literal).collect();
            let sql = format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "));
            self.database.execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }

    /// Says that the projection has changed, as whoever puts rows into it does.
    pub async fn changed(&self) {
        self.database.execute("UPDATE projection SET version = version + 1").await.unwrap();
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Array(_) | Value::Object(_) => format!("'{value}'"),
        other => other.to_string(),
    }
}

/// The instant of that minute, as it is stored.
pub fn micros(minute: u32) -> i64 {
    let instant = time::OffsetDateTime::parse(&super::minute(minute), evidence::RFC3339);
    portbook::service::clock::micros(instant.unwrap())
}

/// The identity of the deployment of that number.
pub fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The SHA-256 of the document of that number.
pub fn hash(number: u32) -> String {
    format!("{number:064x}")
}

/// A row for an open incident of the project `shop`, opened at that minute.
pub fn incident(number: u32, rule: &str, at: u32) -> Value {
    json!({
        "project": "shop", "id": format!("i{number}"), "rule": rule, "code": "some_code",
        "dedupe_key": format!("k{number}"), "scope": "s", "subject": format!("subject {number}"),
        "opened_at": micros(at), "message": "It's so.", "evidence": [hash(number)],
    })
}

/// A row for a deployment of the project `shop` that began at that minute.
pub fn deployment(number: u32, environment: &str, service: &str, digest_number: u32, at: u32) -> Value {
    json!({
        "project": "shop", "id": uuid(number), "service": service, "environment": environment,
        "commit_sha": super::sha(digest_number), "digest": super::digest(digest_number), "mode": "deploy",
        "version": format!("1.0.{digest_number}"), "actor": "ada", "started_at": micros(at), "announced": 1,
        "flagged": 0, "evidence": hash(number),
    })
}

/// A row for what a deployment has come to at that minute.
pub fn outcome(number: u32, outcome: &str, at: u32) -> Value {
    json!({
        "project": "shop", "id": uuid(number), "rank": 2, "sequence": 1, "at": micros(at), "seq": 1,
        "state": if outcome == "success" { "succeeded" } else { "failed" }, "outcome": outcome,
        "evidence": hash(1000 + number),
    })
}
