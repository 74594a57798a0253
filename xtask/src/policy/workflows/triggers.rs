//! Under `workflow_run` the ordinary names of a commit mean another commit.

use super::Finding;
use super::model::Document;

/// The names that mean the default branch's tip there, and so never the commit that was judged.
const WRONG: &[&str] = &["GITHUB_SHA", "github.sha", "GITHUB_REF", "github.ref"];

/// A workflow that another one's end starts names commits by that other run.
pub fn head_sha(workflow: &Document, findings: &mut Vec<Finding>) {
    if !workflow.is_on("workflow_run") {
        return;
    }
    for (at, line) in workflow.text.lines().enumerate() {
        let code =
            if line.trim_start().starts_with('#') { "" } else { line.split(" #").next().unwrap_or("") };
        for wrong in WRONG.iter().filter(|wrong| code.contains(**wrong)) {
            findings.push(Finding {
                file: workflow.path.clone(),
                line: at + 1,
                rule: "head-sha",
                what: format!(
                    "under workflow_run {wrong} is the default branch's, and not the commit that CI judged"
                ),
                expected: "github.event.workflow_run.head_sha, or head_branch".to_owned(),
                mend: "name it so, or leave it to cargo xtask, which reads the event".to_owned(),
            });
        }
    }
}
