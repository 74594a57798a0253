//! The check runs of a commit.

use super::event;
use serde_json::Value;

/// A check run of a commit, as GitHub tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Its name: that of the job.
    pub name: String,
    /// `success`, `failure`, …; nothing while it is not finished.
    pub conclusion: Option<String>,
    /// The commit that it checked, where it says so.
    pub head_sha: Option<String>,
    /// The app that made it.
    pub app: String,
    /// When it began, as GitHub writes it.
    pub started_at: String,
    /// Its number; a later one is larger.
    pub id: u64,
}

/// The last run of a check by each app that made one of that name.
pub(crate) fn latest_of_each_app<'a>(checks: &[&'a Check], name: &str) -> Vec<&'a Check> {
    let mut latest: Vec<&Check> = Vec::new();
    for check in checks.iter().filter(|check| check.name == name) {
        let order = |check: &Check| (check.started_at.clone(), check.id);
        match latest.iter_mut().find(|known| known.app == check.app) {
            Some(known) if order(known) <= order(check) => *known = check,
            Some(_) => {}
            None => latest.push(check),
        }
    }
    latest
}

/// The check runs in a document of GitHub's check-runs API, or in a list of such documents (its pages).
///
/// # Errors
/// When it is neither.
pub fn read_checks(document: &Value) -> Result<Vec<Check>, String> {
    if let Value::Array(items) = document {
        let paged = items.iter().any(|item| item.get("check_runs").is_some());
        return match paged {
            true => Ok(items.iter().map(read_checks).collect::<Result<Vec<_>, _>>()?.concat()),
            false => items.iter().map(read_check).collect(),
        };
    }
    let runs = document.get("check_runs").and_then(Value::as_array);
    runs.ok_or("the checks have no list check_runs".to_owned())?.iter().map(read_check).collect()
}

fn read_check(run: &Value) -> Result<Check, String> {
    let text = |pointer: &str| event::text(run, pointer).map(str::to_owned);
    let unfinished = text("/status").is_some_and(|status| status != "completed");
    Ok(Check {
        name: text("/name").ok_or("a check run has no name")?,
        conclusion: text("/conclusion").filter(|_| !unfinished),
        head_sha: text("/head_sha"),
        app: text("/app/slug").unwrap_or_default(),
        started_at: text("/started_at").unwrap_or_default(),
        id: run.get("id").and_then(Value::as_u64).unwrap_or_default(),
    })
}
