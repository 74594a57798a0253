//! A run's events, and a branch's, in one order and in another, some of them twice: the rows that they make are the same.
#![no_main]

#[path = "../../backend/tests/support/github/mod.rs"]
mod samples;

use evidence::Evidence;
use libfuzzer_sys::fuzz_target;
use portbook::github::read;
use portbook::service::project::rows_of;
use portbook::store::tables::TABLES;
use portbook::store::{Cell, Changes, StoredEvidence};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// The bytes that are left; none left is 0.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn instant(&mut self) -> String {
        format!("2026-02-03T1{}:0{}:00Z", self.below(3), self.below(4))
    }
}

const CONCLUSIONS: [&str; 9] = [
    "success",
    "failure",
    "cancelled",
    "skipped",
    "neutral",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
];

fn event(bytes: &mut Bytes<'_>) -> (&'static str, Value) {
    match bytes.below(7) {
        0 => {
            let mut body = samples::workflow_run(
                bytes.of(&["requested", "in_progress", "completed"]),
                1 + bytes.below(3) as u64,
            );
            if body["action"] == "completed" {
                body["workflow_run"]["conclusion"] = json!(bytes.of(&CONCLUSIONS));
            }
            body["workflow_run"]["updated_at"] = json!(bytes.instant());
            ("workflow_run", body)
        }
        1 => {
            let action = bytes.of(&["queued", "waiting", "in_progress", "completed"]);
            let mut body =
                samples::workflow_job(action, 1 + bytes.below(3) as u64, 1 + bytes.below(2) as u64);
            if action == "completed" {
                body["workflow_job"]["conclusion"] = json!(bytes.of(&CONCLUSIONS));
                body["workflow_job"]["completed_at"] = json!(bytes.instant());
            }
            ("workflow_job", body)
        }
        2 => {
            let mut body = samples::push(bytes.of(&["refs/heads/main", "refs/heads/topic", "refs/tags/v1"]));
            let (before, after) = (bytes.below(8) as u64, bytes.below(8) as u64);
            let commit = samples::pushed_commit(after, &format!("Change {after}"));
            body["before"] = json!(samples::sha(before));
            body["after"] = json!(samples::sha(after));
            body["forced"] = json!(bytes.below(2) == 1);
            body["commits"] = json!([commit]);
            body["head_commit"] = commit;
            body["repository"]["pushed_at"] = json!(1_770_112_800 + bytes.below(4) * 60);
            ("push", body)
        }
        3 => {
            let mut body = samples::pull_request(bytes.of(&["opened", "synchronize", "closed"]));
            body["pull_request"]["updated_at"] = json!(bytes.instant());
            body["pull_request"]["title"] = json!(format!("Title {}", bytes.below(3)));
            ("pull_request", body)
        }
        4 => {
            let mut body =
                samples::deployment_status(bytes.of(&["in_progress", "success", "failure", "error"]));
            body["deployment_status"]["id"] = json!(5_600_000_000_u64 + bytes.below(4) as u64);
            body["deployment_status"]["created_at"] = json!(bytes.instant());
            body["deployment_status"]["updated_at"] = body["deployment_status"]["created_at"].clone();
            ("deployment_status", body)
        }
        5 => {
            let mut body = samples::repository_event("renamed");
            body["repository"]["updated_at"] = json!(bytes.instant());
            body["repository"]["full_name"] = json!(format!("harbour/name-{}", bytes.below(3)));
            ("repository", body)
        }
        _ => {
            static ALL: LazyLock<Vec<(&str, Value)>> = LazyLock::new(samples::every_event);
            ALL[bytes.below(ALL.len())].clone()
        }
    }
}

/// A document with its canonical text and its identity.
type Document = (Evidence, String, String);

/// The rows that the documents make in this order, as the log takes them: each once.
fn rows(order: &[&Document]) -> Changes {
    let mut seen = BTreeSet::new();
    let mut log = Vec::new();
    for (evidence, body, sha256) in order {
        if !seen.insert(sha256) {
            continue;
        }
        let row = StoredEvidence {
            seq: log.len() as i64 + 1,
            project: evidence.project.to_string(),
            kind: evidence.claim.kind().to_owned(),
            sha256: sha256.clone(),
            body: body.clone(),
            trust: "webhook".to_owned(),
            source: None,
            occurred_at: (evidence.occurred_at.unix_timestamp_nanos() / 1000) as i64,
            // All of it was told long after it happened, so nobody's clock is doubted.
            recorded_at: i64::MAX / 2,
            prev_hash: None,
        };
        log.push((row, evidence));
    }
    let workflows = HashMap::from([(samples::REPOSITORY_ID as i64, ".github/workflows/ci.yml".to_owned())]);
    rows_of(&workflows, log.iter().map(|(row, evidence)| (row, *evidence)))
}

/// The rows without their places in the log, which differ when the order does.
fn shown(changes: &Changes) -> Vec<(&'static str, Vec<Vec<Cell>>)> {
    let of = |table: &'static portbook::store::Table| {
        let places: Vec<_> = table.columns.iter().map(|(name, _)| *name != "seq").collect();
        let kept = |row: &Vec<Cell>| {
            row.iter()
                .zip(&places)
                .filter(|(_, kept)| **kept)
                .map(|(cell, _)| cell.clone())
                .collect::<Vec<_>>()
        };
        (table.name, changes.rows(table).map(kept).collect())
    };
    TABLES.iter().map(|table| of(table)).collect()
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let mut documents = Vec::new();
    for _ in 0..1 + bytes.below(12) {
        let (name, body) = event(&mut bytes);
        let hook = read(name, body.to_string().as_bytes()).expect("GitHub's own event is read");
        for (at, claim) in hook.facts.claims {
            let evidence = Evidence::new("shop".parse().expect("a name"), at.instant(), claim);
            let (body, sha256) = evidence.hashed();
            documents.push((evidence, body, sha256));
        }
    }
    let first: Vec<&Document> = documents.iter().collect();
    let mut second = Vec::new();
    let mut left = first.clone();
    while !left.is_empty() {
        let taken = left.swap_remove(bytes.below(left.len()));
        second.push(taken);
        // What comes twice counts once.
        if bytes.below(4) == 1 {
            second.push(taken);
        }
    }
    assert_eq!(shown(&rows(&first)), shown(&rows(&second)));
});
