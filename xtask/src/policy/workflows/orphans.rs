//! Nothing is left over, and nothing is asked for that is not there.

use super::lines::Place;
use super::model::{Document, Job, Step, steps_of};
use super::{Finding, World};
use serde_yaml::Value;

/// Actions and workflows that nobody uses, jobs that nothing runs, artefacts that nobody fetches, and the reverse.
pub fn check(workflows: &[Document], actions: &[Document], world: &World, findings: &mut Vec<Finding>) {
    used(workflows, actions, findings);
    for workflow in workflows {
        callable(workflow, workflows, findings);
        followed(workflow, workflows, findings);
    }
    required(workflows, world, findings);
    artefacts(workflows, actions, findings);
}

/// The path that a local `uses:` means: an action's folder or a workflow's file.
fn local(uses: &str) -> Option<&str> {
    uses.strip_prefix("./").map(|path| path.trim_end_matches('/'))
}

fn folder(action: &Document) -> &str {
    action.path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Local actions: each is used, and what is used is there.
fn used(workflows: &[Document], actions: &[Document], findings: &mut Vec<Finding>) {
    let all = || workflows.iter().chain(actions);
    for document in all() {
        for (uses, place) in document.all_uses() {
            let Some(path) = local(&uses) else { continue };
            let known = actions.iter().any(|action| folder(action) == path)
                || workflows.iter().any(|workflow| workflow.path == path);
            if !known {
                findings.push(document.finding(
                    &place,
                    "orphan",
                    format!("{uses} is not in this repository"),
                    "a folder under .github/actions with an action.yml, or a file of .github/workflows",
                    "mend the path",
                ));
            }
        }
    }
    for action in actions {
        if !all()
            .any(|document| document.all_uses().iter().any(|(uses, _)| local(uses) == Some(folder(action))))
        {
            findings.push(action.finding(
                &Place::default(),
                "orphan",
                "no workflow uses this action",
                "a step that uses it",
                format!("git rm -r {}", folder(action)),
            ));
        }
    }
}

/// A workflow that can only be called is called.
fn callable(workflow: &Document, workflows: &[Document], findings: &mut Vec<Finding>) {
    let events = workflow.events();
    let only_called = !events.is_empty() && events.iter().all(|(event, _)| event == "workflow_call");
    let called = || {
        workflows.iter().flat_map(Document::all_uses).any(|(uses, _)| local(&uses) == Some(&workflow.path))
    };
    if only_called && !called() {
        findings.push(workflow.finding(
            &Place::default().key("on"),
            "orphan",
            "no workflow calls this one, and nothing else starts it",
            "a caller, or another trigger",
            format!("git rm {}", workflow.path),
        ));
    }
}

/// The workflows whose end starts this one are there.
fn followed(workflow: &Document, workflows: &[Document], findings: &mut Vec<Finding>) {
    for (event, filter) in workflow.events() {
        if event != "workflow_run" {
            continue;
        }
        for name in filter["workflows"].as_sequence().into_iter().flatten().filter_map(Value::as_str) {
            if !workflows.iter().any(|other| other.yaml["name"].as_str() == Some(name)) {
                findings.push(workflow.finding(
                    &Place::default().key("on").key("workflow_run").key("workflows"),
                    "orphan",
                    format!("no workflow has the name {name:?}, so its end never starts this one"),
                    "the `name:` of a workflow of this repository",
                    "mend the name",
                ));
            }
        }
    }
}

/// Every required check is run under its own name, for pushes and pull requests, and cannot be skipped.
fn required(workflows: &[Document], world: &World, findings: &mut Vec<Finding>) {
    for id in world.jobs {
        let call = format!("cargo xtask ci {id}");
        let runs = |job: &Job| {
            let steps = steps_of(job.body, &Place::default());
            steps.iter().any(|step| step.run().is_some_and(|run| run.trim() == call))
        };
        let found = workflows
            .iter()
            .filter(|workflow| workflow.is_on("push") && workflow.is_on("pull_request"))
            .flat_map(|workflow| workflow.jobs().into_iter().map(move |job| (workflow, job)))
            .find(|(_, job)| job.id == id && runs(job));
        let Some((workflow, job)) = found else {
            findings.push(Finding {
                file: "pipeline.yml".to_owned(),
                line: 1,
                rule: "orphan",
                what: format!("no workflow runs the job {id} for pushes and pull requests"),
                expected: format!("a workflow's job of the name {id} with the step `{call}`"),
                mend: "add it to .github/workflows/ci.yml".to_owned(),
            });
            continue;
        };
        can_be_skipped(workflow, &job, world, findings);
        can_be_absent(workflow, findings);
    }
}

/// A check that is skipped counts as passed: GitHub says so of jobs with a condition that is not met, and of jobs that
/// come after one that failed.
fn can_be_skipped(workflow: &Document, job: &Job, world: &World, findings: &mut Vec<Finding>) {
    let mut report = |key: &str, what: String, mend: &str| {
        findings.push(workflow.finding(
            &job.place.key(key),
            "skippable",
            format!("the required check {} {what}", job.id),
            "a required check that fails whenever it is not good",
            mend,
        ));
    };
    let condition = job.body["if"].as_str().unwrap_or_default();
    let condition = condition.trim().trim_start_matches("${{").trim_end_matches("}}").trim();
    let runs_anyway = condition == "!cancelled()" || condition == "always()";
    if !condition.is_empty() && !runs_anyway {
        let what = format!("is skipped, and counts as passed, unless {condition}");
        report("if", what, "take the condition out; cargo xtask finds out by itself what is to be done");
    }
    let needs: Vec<&str> = match &job.body["needs"] {
        Value::String(need) => vec![need],
        Value::Sequence(needs) => needs.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for need in needs.into_iter().filter(|need| !world.jobs.iter().any(|known| known == need)) {
        if !runs_anyway {
            let what =
                format!("is skipped, and counts as passed, when {need} fails, which is no required check");
            report("needs", what, "add `if: ${{ !cancelled() }}`");
        }
    }
    if !matches!(job.body["continue-on-error"], Value::Null | Value::Bool(false)) {
        report("continue-on-error", "counts as passed when it fails".to_owned(), "take it out");
    }
    if !job.body["name"].is_null() {
        let what = "has another name, which branch protection and the gate do not know".to_owned();
        report("name", what, "take `name:` out: the job's id is the check's name");
    }
    if !job.body["strategy"].is_null() {
        let what = "has a matrix, so its checks have other names".to_owned();
        report("strategy", what, "run it once, and let cargo xtask do the rest");
    }
}

/// A check that is required and never begun keeps a pull request waiting for ever.
fn can_be_absent(workflow: &Document, findings: &mut Vec<Finding>) {
    for (event, filter) in workflow.events().into_iter().filter(|(event, _)| event.starts_with("pu")) {
        for key in ["paths", "paths-ignore", "branches-ignore", "tags-ignore"] {
            if !filter[key].is_null() {
                findings.push(workflow.finding(
                    &Place::default().key("on").key(&event).key(key),
                    "skippable",
                    format!("`{key}` of {event} keeps required checks from being begun at all"),
                    "required checks for every push and pull request",
                    "take the filter out; which jobs a change concerns stands in pipeline.yml",
                ));
            }
        }
    }
}

/// A name with its expressions as stars, so that names and patterns can be compared.
fn pattern(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("${{") {
        out += before;
        out.push('*');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    out + rest
}

/// Whether two patterns can mean one name, as far as their fixed beginnings say.
fn can_meet(a: &str, b: &str) -> bool {
    let (head_a, head_b) = (a.split('*').next().unwrap_or(""), b.split('*').next().unwrap_or(""));
    match (a.contains('*'), b.contains('*')) {
        (false, false) => a == b,
        (true, false) => b.starts_with(head_a),
        (false, true) => a.starts_with(head_b),
        (true, true) => head_a.starts_with(head_b) || head_b.starts_with(head_a),
    }
}

/// What is uploaded is downloaded, or kept for people for a time that is said; what is downloaded is uploaded.
fn artefacts(workflows: &[Document], actions: &[Document], findings: &mut Vec<Finding>) {
    let steps = |action: &'static str| {
        let of_document = move |document: &'_ Document| -> Vec<(Place, String, bool)> {
            let mine = |step: &Step| step.uses().is_some_and(|uses| uses.starts_with(action));
            let describe = |step: Step| {
                let with = &step.body["with"];
                let name = with["name"].as_str().or_else(|| with["pattern"].as_str()).unwrap_or("*");
                (step.place, pattern(name), !with["retention-days"].is_null())
            };
            document.steps().into_iter().filter(mine).map(describe).collect()
        };
        workflows
            .iter()
            .chain(actions)
            .flat_map(move |document| of_document(document).into_iter().map(move |step| (document, step)))
            .collect::<Vec<_>>()
    };
    let uploads = steps("actions/upload-artifact@");
    let downloads = steps("actions/download-artifact@");
    for (document, (place, name, for_people)) in &uploads {
        let fetched = downloads.iter().any(|(_, (_, wanted, _))| can_meet(name, wanted));
        if !fetched && !for_people {
            findings.push(document.finding(
                &place.key("uses"),
                "orphan",
                format!("no job downloads the artefact {name:?}"),
                "a download, or `retention-days` where it is for people",
                "say how many days somebody may want to look at it, or leave it out",
            ));
        }
    }
    for (document, (place, wanted, _)) in &downloads {
        if !uploads.iter().any(|(_, (_, name, _))| can_meet(name, wanted)) {
            findings.push(document.finding(
                &place.key("uses"),
                "orphan",
                format!("no job uploads the artefact {wanted:?}"),
                "a step that uploads it",
                "mend the name",
            ));
        }
    }
}
