//! Whether an event's commit may be published.

pub use super::checks::Check;
use super::checks::latest_of_each_app;
use super::event::{self, Event};
use super::refs;
use evidence::CommitSha;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// What may be published.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatePolicy {
    /// The repository, `owner/name`; where none is named, the one that the event is of.
    pub repository: Option<String>,
    /// The file of the workflow whose run counts, as `.github/workflows/ci.yml`; any, where none is named.
    pub workflow: Option<String>,
    /// Patterns of publishable references, as `on=` of a tag rule has them.
    pub refs: Vec<String>,
    /// Triggers that may publish beside `push`.
    pub events: Vec<String>,
    /// The names of the checks that must have passed.
    pub required: Vec<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be published.
    pub publish: bool,
    /// The commit that was judged; empty where there is none.
    pub sha: String,
    /// The reference it was pushed to.
    pub reference: String,
    /// Every reason, each beginning with its name.
    pub reasons: Vec<String>,
}

/// A reason's name. Those before `Green` forbid.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name<'a> {
    Malformed,
    Conclusion(&'a str),
    NotFinished,
    NotAPush,
    Fork,
    WrongRepository,
    WrongWorkflow,
    AmbiguousRef,
    UnpublishableRef,
    CheckMissing,
    CheckPending,
    CheckRed,
    NoVerdict,
    Green,
    ChecksNotAsked,
    ReRun,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed-payload",
            Self::Conclusion(conclusion) => return write!(f, "conclusion-{conclusion}"),
            Self::NotFinished => "not-finished",
            Self::NotAPush => "not-a-push",
            Self::Fork => "fork",
            Self::WrongRepository => "wrong-repository",
            Self::WrongWorkflow => "wrong-workflow",
            Self::AmbiguousRef => "ambiguous-ref",
            Self::UnpublishableRef => "unpublishable-ref",
            Self::CheckMissing => "check-missing",
            Self::CheckPending => "check-pending",
            Self::CheckRed => "check-red",
            Self::NoVerdict => "no-verdict",
            Self::Green => "green",
            Self::ChecksNotAsked => "checks-not-asked",
            Self::ReRun => "re-run",
        })
    }
}

/// The verdict on a payload that cannot be understood.
pub fn malformed(why: &str) -> Verdict {
    Verdict { reasons: vec![format!("{}: {why}", Name::Malformed)], ..Verdict::default() }
}

/// Judges an event. `checks` are the check runs of the event's commit; nothing where nobody could be asked.
pub fn judge(event: &Event, checks: Option<&[Check]>, policy: &GatePolicy) -> Verdict {
    let mut judge = Judge { event, policy, publish: true, reasons: Vec::new() };
    judge.commit();
    judge.run();
    judge.trigger();
    judge.repositories();
    judge.reference();
    match checks {
        Some(checks) if !policy.required.is_empty() => judge.checks(checks),
        _ => judge.without_checks(),
    }
    judge.attempt();
    Verdict {
        publish: judge.publish,
        sha: event.sha.clone(),
        reference: event.reference.clone(),
        reasons: judge.reasons,
    }
}

struct Judge<'a> {
    event: &'a Event,
    policy: &'a GatePolicy,
    publish: bool,
    reasons: Vec<String>,
}

impl Judge<'_> {
    fn no(&mut self, name: Name<'_>, why: impl fmt::Display) {
        self.publish = false;
        self.say(name, why);
    }

    fn say(&mut self, name: Name<'_>, why: impl fmt::Display) {
        self.reasons.push(format!("{name}: {why}"));
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        event::text(&self.event.payload, pointer)
    }

    fn under_workflow_run(&self) -> bool {
        self.event.name == "workflow_run"
    }

    fn commit(&mut self) {
        let event = self.event;
        if event.sha.parse::<CommitSha>().is_err() || event.sha.bytes().all(|byte| byte == b'0') {
            self.no(Name::Malformed, "the event has no commit");
        }
        let after = event::text(&event.payload, "/after");
        if event.name == "push" && after.is_some_and(|after| after != event.sha) {
            let after = event::shown(after.unwrap_or_default());
            self.no(Name::Malformed, format!("the payload is of {after}, and GITHUB_SHA is {}", event.sha));
        }
    }

    /// The completed run that a `workflow_run` tells of.
    fn run(&mut self) {
        if !self.under_workflow_run() {
            return;
        }
        match self.event.payload.pointer("/workflow_run/conclusion") {
            Some(Value::String(conclusion)) if conclusion == "success" => {}
            Some(Value::String(conclusion)) => {
                let known =
                    ["failure", "cancelled", "skipped", "timed_out", "neutral", "action_required", "stale"];
                match known.iter().find(|known| *known == conclusion) {
                    Some(known) => {
                        self.no(Name::Conclusion(known), format!("the run's conclusion is {known}"))
                    }
                    None => self.no(
                        Name::Conclusion("unknown"),
                        format!("the run's conclusion is {}", event::shown(conclusion)),
                    ),
                }
            }
            Some(Value::Null) => self.no(Name::NotFinished, "the run has no conclusion yet"),
            _ => self.no(Name::Malformed, "workflow_run has no conclusion"),
        }
        if let Some(action) = self.text("/action").filter(|action| *action != "completed") {
            let action = event::shown(action);
            self.no(Name::NotFinished, format!("the event is {action} and not \"completed\""));
        }
        let path = self.text("/workflow_run/path").map(|path| path.split('@').next().unwrap_or(path));
        if let (Some(expected), Some(path)) = (&self.policy.workflow, path)
            && path != expected
        {
            let why = format!("the run is of {}, and {expected} is what counts", event::shown(path));
            self.no(Name::WrongWorkflow, why);
        }
    }

    fn trigger(&mut self) {
        let trigger = self.event.trigger();
        if trigger == "push" || self.policy.events.iter().any(|allowed| allowed == trigger) {
            return;
        }
        let why = match trigger {
            "" => "nothing says what triggered it".to_owned(),
            trigger => format!("it was triggered by {} and not by a push", event::shown(trigger)),
        };
        self.no(if trigger.is_empty() { Name::Malformed } else { Name::NotAPush }, why);
    }

    fn repositories(&mut self) {
        let event = self.event;
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        if event.repository.is_empty() {
            return self.no(Name::Malformed, "the event has no repository");
        }
        let own = self.policy.repository.as_deref().unwrap_or(&event.repository);
        let said = [Some(event.repository.as_str()), event::text(&event.payload, "/repository/full_name")];
        if let Some(other) = said.into_iter().flatten().find(|said| !same(said, own)) {
            let why = format!("the event is of {}, and this is {}", event::shown(other), event::shown(own));
            self.no(Name::WrongRepository, why);
        }
        if !self.under_workflow_run() {
            return;
        }
        match event::text(&event.payload, "/workflow_run/head_repository/full_name") {
            Some(head) if same(head, own) => {}
            Some(head) => {
                let branch = event::shown(event.branch().unwrap_or_default());
                let why = format!(
                    "the commit is of {}, a fork: its branch {branch} is not this repository's",
                    event::shown(head)
                );
                self.no(Name::Fork, why);
            }
            None => self
                .no(Name::Malformed, "workflow_run has no head_repository: the fork may have been deleted"),
        }
    }

    fn reference(&mut self) {
        let event = self.event;
        let here = event::shown(&event.reference);
        if !event.settled {
            self.no(
                Name::AmbiguousRef,
                format!("{here} is a branch and a git tag, and the event does not say which"),
            );
        }
        let patterns = self.policy.refs.iter().map(String::as_str);
        let named = event.branch().or(event.tag()).is_some_and(|name| !name.is_empty());
        let publishable = named && refs::takes(patterns, &event.reference, &event.default_branch);
        if !publishable {
            let hint = if self.under_workflow_run() && event.branch().is_some() {
                " (were it a git tag, this clone or a GITHUB_TOKEN would have to tell)"
            } else {
                ""
            };
            self.no(
                Name::UnpublishableRef,
                format!("{here} is not among the references that are published{hint}"),
            );
        }
        if event.payload.get("deleted").and_then(Value::as_bool) == Some(true) {
            self.no(Name::UnpublishableRef, format!("{here} was deleted"));
        }
    }

    fn checks(&mut self, checks: &[Check]) {
        let (event, policy) = (self.event, self.policy);
        let own: Vec<_> = checks
            .iter()
            .filter(|check| check.head_sha.as_ref().is_none_or(|sha| *sha == event.sha))
            .collect();
        let before = self.reasons.len();
        for required in &policy.required {
            let latest = latest_of_each_app(&own, required);
            if latest.is_empty() {
                let elsewhere = checks.iter().any(|check| check.name == *required);
                let of = if elsewhere { " (there is one of another commit)" } else { "" };
                self.no(Name::CheckMissing, format!("{required} has no result on {}{of}", event.sha));
            }
            for check in latest {
                match check.conclusion.as_deref() {
                    Some("success") => {}
                    Some(other) => {
                        self.no(Name::CheckRed, format!("{required} ended with {}", event::shown(other)))
                    }
                    None => self.no(Name::CheckPending, format!("{required} is not finished")),
                }
            }
        }
        if self.reasons.len() == before {
            self.say(Name::Green, format!("{} passed on {}", policy.required.join(", "), event.sha));
        }
    }

    /// Where nobody could be asked for the checks, or none is required, the run's own conclusion stands.
    fn without_checks(&mut self) {
        if self.under_workflow_run() {
            self.say(
                Name::ChecksNotAsked,
                "no checks were given and there is no GITHUB_TOKEN to ask for them: the run's own conclusion stands",
            );
        } else {
            self.no(
                Name::NoVerdict,
                "nothing says that the required checks passed: give --checks, or a GITHUB_TOKEN to ask for them",
            );
        }
    }

    fn attempt(&mut self) {
        let attempt =
            self.event.payload.pointer("/workflow_run/run_attempt").and_then(Value::as_u64).unwrap_or(1);
        if attempt > 1 {
            let why = format!(
                "this is attempt {attempt}, and newer commits may be published by now: the commit gets its sha- tag, \
                 and floating tags move only if it is newer than what they name"
            );
            self.say(Name::ReRun, why);
        }
    }
}
