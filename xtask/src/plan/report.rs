//! What a run came to: for people, for GitHub's summary page, as JSON and as JUnit XML.

mod github;
pub mod json;
pub mod junit;
pub mod summary;

use super::Counts;
use crate::context::Context;
use anyhow::{Context as _, Result};
pub use github::{append_output, append_summary};
use std::time::Duration;

/// How a step or a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran and exited with 0.
    Passed,
    /// It passed before on the very same inputs and was not run again.
    Unchanged,
    /// It ran and failed; the exit code, if there was one.
    Failed(Option<i32>),
    /// Not run: the machine lacks something.
    Missing {
        /// What is missing and how to get it.
        what: String,
    },
    /// Not run: a service outside this machine does not answer.
    Skipped {
        /// Which.
        why: String,
    },
    /// Not run: a step that it needs did not pass.
    NotRun {
        /// The step that did not pass.
        because: String,
    },
    /// Stopped by the user.
    Cancelled,
}

impl Outcome {
    /// One word, as it stands in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unchanged => "unchanged",
            Self::Failed(_) => "failed",
            Self::Missing { .. } => "missing",
            Self::Skipped { .. } => "skipped",
            Self::NotRun { .. } => "not-run",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether what depends on it may run.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Passed | Self::Unchanged)
    }

    /// Why it was not run, where it was not.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Missing { what } => Some(what),
            Self::Skipped { why } => Some(why),
            Self::NotRun { because } => Some(because),
            _ => None,
        }
    }
}

/// One step's result.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// The step's id, `job/step`.
    pub id: String,
    /// The line that was run.
    pub line: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it ran.
    pub time: Duration,
    /// The tests that it counted.
    pub counts: Counts,
    /// The end of its output, when it failed.
    pub tail: String,
    /// What to do about a failure.
    pub hint: String,
}

/// One job's result.
#[derive(Clone, Debug)]
pub struct JobReport {
    /// The job's name.
    pub name: String,
    /// Its steps.
    pub steps: Vec<StepReport>,
}

impl JobReport {
    /// The worst of its steps: failed before cancelled before missing before not run.
    pub fn outcome(&self) -> Outcome {
        let rank = |outcome: &Outcome| match outcome {
            Outcome::Failed(_) => 6,
            Outcome::Cancelled => 5,
            Outcome::Missing { .. } => 4,
            Outcome::NotRun { .. } => 3,
            Outcome::Passed => 2,
            Outcome::Skipped { .. } => 1,
            Outcome::Unchanged => 0,
        };
        let worst = self.steps.iter().map(|step| &step.outcome).max_by_key(|outcome| rank(outcome));
        worst.cloned().unwrap_or(Outcome::Passed)
    }

    /// The sum of its steps' times: what it cost, which is more than it took where steps ran side by side.
    pub fn time(&self) -> Duration {
        self.steps.iter().map(|step| step.time).sum()
    }
}

/// A whole run's result.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The jobs, in the plan's order.
    pub jobs: Vec<JobReport>,
    /// How long the run took.
    pub time: Duration,
}

impl RunReport {
    /// All steps.
    pub fn steps(&self) -> impl Iterator<Item = &StepReport> {
        self.jobs.iter().flat_map(|job| &job.steps)
    }

    /// The tests that all steps counted together.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for step in self.steps() {
            sum += step.counts;
        }
        sum
    }
}

/// Writes `<name>.json` and `<name>.junit.xml` under `target/xtask/reports`, and GitHub's summary page.
pub fn write_reports(ctx: &Context, name: &str, report: &RunReport) -> Result<()> {
    let dir = ctx.work_dir("reports")?;
    let write = |file: String, text: String| {
        let path = dir.join(file);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    write(format!("{name}.json"), json::text(report))?;
    write(format!("{name}.junit.xml"), junit::text(name, report))?;
    github::append_table(ctx, name, report)
}
