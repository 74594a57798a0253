//! What workflows may do, and what may be stopped half way.

use super::Finding;
use super::lines::Place;
use super::model::{Document, Job, steps_of, xtask_words};
use serde_yaml::Value;

/// The rights that some commands need. No other call is a reason to write anything.
const REASONS: &[(&str, &[&str])] = &[
    ("packages", &["publish", "images"]),
    ("id-token", &["deploy", "evidence", "infra", "promote", "publish", "rollback", "web"]),
];
/// Commands that must not be stopped half way.
const UNSTOPPABLE: &[&str] = &["publish", "promote", "deploy", "rollback", "web", "infra", "images"];
/// Commands that change an environment. They read images, and take turns.
const DEPLOYING: &[&str] = &["deploy", "promote", "rollback"];
/// What makes a group one commit's, or one run's, own.
const OWN: &[&str] = &["run_id", "run-id", "workflow_run.id", "head_sha", "github.sha"];

/// Permissions, concurrency, time limits, and tokens left behind.
pub fn check(workflow: &Document, all: &[Document], findings: &mut Vec<Finding>) {
    top_permissions(workflow, findings);
    concurrency(workflow, all, findings);
    for job in workflow.jobs() {
        job_permissions(workflow, &job, all, findings);
        turns(workflow, &job, findings);
        // A called workflow's jobs have limits of their own.
        if job.body["uses"].is_null() && !job.body["timeout-minutes"].is_number() {
            findings.push(workflow.finding(
                &job.place,
                "timeout",
                format!("job {} may hang for six hours", job.id),
                "timeout-minutes",
                "add twice what the job usually takes",
            ));
        }
    }
    for step in workflow.steps() {
        let checkout = step.uses().is_some_and(|uses| uses.starts_with("actions/checkout@"));
        let kept = &step.body["with"]["persist-credentials"];
        if checkout && kept.as_bool() != Some(false) && kept.as_str() != Some("false") {
            findings.push(workflow.finding(
                &step.place.key("uses"),
                "token",
                "the check-out leaves its token in .git/config, where every later step can read it",
                "persist-credentials: false",
                "add it under `with:`",
            ));
        }
    }
}

/// The commands that a job runs itself.
fn own_commands<'a>(job: &Job<'a>) -> Vec<&'a str> {
    let steps = steps_of(job.body, &Place::default());
    let runs = steps.into_iter().filter_map(|step| step.body["run"].as_str());
    runs.filter_map(|run| xtask_words(run)?.first().copied()).collect()
}

/// The commands that a job runs, itself or by a workflow of this repository that it calls.
fn commands<'a>(job: &Job<'a>, all: &'a [Document]) -> Vec<&'a str> {
    let mut commands = own_commands(job);
    let called = job.body["uses"].as_str().and_then(|uses| uses.strip_prefix("./"));
    let called = all.iter().filter(|workflow| Some(workflow.path.as_str()) == called);
    commands.extend(called.flat_map(Document::jobs).flat_map(|job| own_commands(&job)));
    commands
}

fn top_permissions(workflow: &Document, findings: &mut Vec<Finding>) {
    let place = Place::default().key("permissions");
    let permissions = &workflow.yaml["permissions"];
    let what = match permissions {
        Value::Null => "every job gets whatever the repository's settings give".to_owned(),
        Value::Mapping(map) => {
            let Some((name, _)) = map.iter().find(|(_, value)| value.as_str() == Some("write")) else {
                return;
            };
            format!("every job may write {}", name.as_str().unwrap_or("something"))
        }
        other => format!("`permissions: {}` is wide", other.as_str().unwrap_or("…")),
    };
    findings.push(workflow.finding(
        &place,
        "permissions",
        what,
        "`permissions: {}` at the top, or a list in which nothing is written",
        "list what each job needs under the job",
    ));
}

fn job_permissions(workflow: &Document, job: &Job, all: &[Document], findings: &mut Vec<Finding>) {
    let place = job.place.key("permissions");
    let permissions = &job.body["permissions"];
    let top_grants = workflow.yaml["permissions"].as_mapping().is_some_and(|map| !map.is_empty());
    let mut report = |place: &Place, what: String, mend: &str| {
        findings.push(workflow.finding(
            place,
            "permissions",
            what,
            "the list of what this job needs, and no right to write that no call needs",
            mend,
        ));
    };
    let map = match permissions {
        Value::Null if top_grants => return,
        Value::Null => {
            let what =
                format!("job {} has no permissions, so it cannot check out a private repository", job.id);
            return report(&place, what, "add `permissions:` with `contents: read`");
        }
        Value::Mapping(map) => map,
        other => {
            let what = format!("`permissions: {}` is wide", other.as_str().unwrap_or("…"));
            return report(&place, what, "list what the job needs");
        }
    };
    for (name, _) in map.iter().filter(|(_, value)| value.as_str() == Some("write")) {
        let name = name.as_str().unwrap_or_default();
        let reasons = REASONS.iter().find(|(right, _)| *right == name).map_or(&[][..], |(_, by)| by);
        let commands = commands(job, all);
        let deploys = commands.iter().find(|command| DEPLOYING.contains(command));
        if let Some(command) = deploys.filter(|_| name == "packages") {
            let what = format!("job {} runs cargo xtask {command} and may write packages", job.id);
            report(&place.key(name), what, "packages: read; what publishes is another job");
        } else if !commands.iter().any(|command| reasons.contains(command)) {
            let what = format!("job {} may write {name}, and no call of it needs that", job.id);
            let mend = match reasons {
                [] => "take it out: no command of this program writes there".to_owned(),
                some => {
                    format!("take it out, or move it to the job that runs cargo xtask {}", some.join("|"))
                }
            };
            report(&place.key(name), what, &mend);
        }
    }
}

fn concurrency(workflow: &Document, all: &[Document], findings: &mut Vec<Finding>) {
    let place = Place::default().key("concurrency");
    let top = &workflow.yaml["concurrency"];
    if group(top).is_none() {
        findings.push(workflow.finding(
            &place,
            "concurrency",
            "runs pile up, or meet each other",
            "`concurrency:` with a `group:`",
            "add it at the top; the group names what two runs must not do at once",
        ));
    }
    for job in workflow.jobs() {
        let commands = commands(&job, all);
        let unstoppable = commands.iter().copied().find(|command| UNSTOPPABLE.contains(command));
        let Some(command) = unstoppable else { continue };
        for (place, value) in [(&place, top), (&job.place.key("concurrency"), &job.body["concurrency"])] {
            let cancels = &value["cancel-in-progress"];
            if !matches!(cancels, Value::Null | Value::Bool(false)) {
                findings.push(workflow.finding(
                    &place.key("cancel-in-progress"),
                    "cancel",
                    format!("a newer run can stop cargo xtask {command} half way"),
                    "cancel-in-progress: false",
                    "set it; what is overtaken finds out by itself and changes nothing",
                ));
            }
            if let Some(group) = group(value).filter(|_| command == "publish")
                && !OWN.iter().any(|own| group.contains(own))
            {
                findings.push(workflow.finding(
                    &place.key("group"),
                    "cancel",
                    format!("the group {group:?} is shared, and a group keeps but one run that waits: the commits between are never published"),
                    format!("a group of the run's or the commit's own: one of {} in it", OWN.join(", ")),
                    "add ${{ github.event.workflow_run.id }} to the group",
                ));
            }
        }
    }
}

/// Deployments to one environment take turns, whichever workflow they are of.
fn turns(workflow: &Document, job: &Job, findings: &mut Vec<Finding>) {
    let Some(command) = own_commands(job).into_iter().find(|command| DEPLOYING.contains(command)) else {
        return;
    };
    let groups = [&workflow.yaml["concurrency"], &job.body["concurrency"]].map(group);
    if !groups.iter().flatten().any(|group| group.starts_with("environment-${{")) {
        findings.push(workflow.finding(
            &Place::default().key("concurrency").key("group"),
            "turns",
            format!("two runs of cargo xtask {command} can meet in one environment"),
            "a group that is the environment's in every workflow: environment-${{ … }}",
            "name the group environment-${{ inputs.environment }}",
        ));
    }
}

fn group(concurrency: &Value) -> Option<&str> {
    concurrency.as_str().or_else(|| concurrency["group"].as_str())
}
