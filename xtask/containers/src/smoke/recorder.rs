//! A named line with its time per check.

use anyhow::Result;
use std::time::{Duration, Instant};
use xtask::context::Context;
use xtask::plan::{Counts, Outcome, StepReport, summary};

/// Runs checks and remembers how they ended.
pub struct Recorder<'a> {
    ctx: &'a Context,
    checks: Vec<StepReport>,
}

impl<'a> Recorder<'a> {
    /// A recorder without checks.
    pub fn new(ctx: &'a Context) -> Self {
        Self { ctx, checks: Vec::new() }
    }

    /// Runs one check; whether it passed. Its text, if any, is shown beside its name.
    ///
    /// # Errors
    /// Only when the user asked to stop.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<String>) -> Result<bool> {
        self.ctx.stop.check()?;
        let began = Instant::now();
        let result = check();
        self.ctx.stop.check()?;
        let (outcome, text) = match &result {
            Ok(text) => (Outcome::Passed, text.clone()),
            Err(error) => (Outcome::Failed(None), format!("{error:#}")),
        };
        self.record(name, outcome, began.elapsed(), text);
        Ok(result.is_ok())
    }

    /// Records a failure outside a check.
    pub fn fail(&mut self, name: &str, error: &anyhow::Error) {
        self.record(name, Outcome::Failed(None), Duration::ZERO, format!("{error:#}"));
    }

    /// Records that a check was not run, and why.
    pub fn skip(&mut self, name: &str, why: &str) {
        self.record(name, Outcome::NotRun { because: why.to_owned() }, Duration::ZERO, why.to_owned());
    }

    /// Whether any check has failed.
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// The checks in the order in which they ran.
    pub fn into_checks(self) -> Vec<StepReport> {
        self.checks
    }

    fn record(&mut self, name: &str, outcome: Outcome, time: Duration, text: String) {
        let out = self.ctx.out;
        let (mut counts, failed) = (Counts::default(), matches!(outcome, Outcome::Failed(_)));
        match &outcome {
            Outcome::Passed => counts.passed = 1,
            Outcome::Failed(_) => counts.failed = 1,
            _ => counts.skipped = 1,
        }
        let shown =
            if text.is_empty() { String::new() } else { format!("  {}", summary::paint(out, "2", &text)) };
        eprintln!("  {} {name:40} {:>9}{shown}", summary::mark(&outcome, out), summary::duration(time));
        if failed && out.github {
            eprintln!("::error title=smoke::{name}");
        }
        self.checks.push(StepReport {
            id: name.to_owned(),
            line: "cargo xtask smoke".to_owned(),
            outcome,
            time,
            counts,
            tail: text,
            hint: String::new(),
        });
    }
}
