//! A run as JSON: `{"jobs":[{"name","outcome","seconds","steps":[…]}]}`.

use super::RunReport;
use serde_json::{Value, json};

/// The report as a JSON value. Times are in seconds.
pub fn value(report: &RunReport) -> Value {
    let jobs: Vec<Value> = report
        .jobs
        .iter()
        .map(|job| {
            let steps: Vec<Value> = job
                .steps
                .iter()
                .map(|step| {
                    json!({
                        "name": step.id,
                        "command": step.line,
                        "outcome": step.outcome.word(),
                        "reason": step.outcome.reason(),
                        "seconds": seconds(step.time),
                        "tests": step.counts,
                    })
                })
                .collect();
            json!({
                "name": job.name,
                "outcome": job.outcome().word(),
                "seconds": seconds(job.time()),
                "steps": steps,
            })
        })
        .collect();
    json!({ "jobs": jobs, "seconds": seconds(report.time), "tests": report.counts() })
}

/// The report as indented JSON text.
pub fn text(report: &RunReport) -> String {
    format!("{:#}\n", value(report))
}

/// Seconds to the millisecond.
fn seconds(time: std::time::Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}
