//! What workflows run: one call of this program, which a developer would type too.

use super::model::{Document, xtask_words};
use super::{Finding, World};

/// Every `run:` of a workflow is one `cargo xtask` call that this program understands.
pub fn calls(workflow: &Document, world: &World, findings: &mut Vec<Finding>) {
    for step in workflow.steps() {
        let Some(run) = step.run() else { continue };
        let place = step.place.key("run");
        let fault = match xtask_words(run) {
            None => Some(format!("`{}` is no call of cargo xtask", run.trim())),
            Some(_) if run.trim().contains(['$', '|', ';', '&', '<', '>', '`', '\n', '"', '\'']) => {
                Some(format!("`{}` is more than one plain call", run.trim()))
            }
            Some(words) => fault(&words, world),
        };
        if let Some(fault) = fault {
            findings.push(workflow.finding(
                &place,
                "call",
                fault,
                "one call of cargo xtask, as a developer would type it",
                "cargo xtask --help lists the commands; what they do belongs into xtask, variables into `env:`",
            ));
        }
    }
}

fn fault(words: &[&str], world: &World) -> Option<String> {
    if let Some(fault) = (world.fault)(words) {
        return Some(fault);
    }
    if words.first() != Some(&"ci") {
        return None;
    }
    let mut jobs = words[1..].iter().filter(|word| !word.starts_with('-'));
    let unknown = jobs.find(|job| !world.jobs.iter().any(|known| known == *job))?;
    let known = world.jobs.iter().map(String::as_str);
    let meant = crate::error::nearest(unknown, known).map(|job| format!("; did you mean {job}?"));
    Some(format!("there is no job {unknown}{}", meant.unwrap_or_default()))
}

/// No expression is pasted into a script: what it holds could be shell.
pub fn no_expressions(document: &Document, findings: &mut Vec<Finding>) {
    for step in document.steps() {
        let pasted = [("run", step.run()), ("script", step.body["with"]["script"].as_str())];
        for (key, script) in pasted {
            if !script.is_some_and(|script| script.contains("${{")) {
                continue;
            }
            let place = if key == "run" { step.place.key(key) } else { step.place.key("with").key(key) };
            findings.push(document.finding(
                &place,
                "expression",
                format!("an expression is pasted into `{key}:`, where a branch's name can be shell text"),
                "scripts without ${{ }}",
                "name the value under `env:` and read the variable",
            ));
        }
    }
}
