//! What came of a deployment: for people, for programs, for the job's summary.

use super::Request;
use super::steps::{Steps, shown};
use super::verdict::Said;
use crate::context::Context;
use crate::error::{Exit, Problem, Reported};
use crate::plan::append_summary;
use crate::target::Failure;
use crate::target::image::Pinned;
use crate::target::state::Document;
use anyhow::Result;
use evidence::{DeploymentMode, Digest, Name, Outcome};
use serde_json::{Value, json};
use std::time::Duration;

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// It runs, and was observed healthy.
    Deployed {
        /// From the command to the observed new version.
        to_observed: Option<Duration>,
    },
    /// There was nothing to do.
    RunningAlready,
    /// It would be done.
    WouldDeploy,
    /// A gate said no, and nothing was touched.
    Refused(Problem),
    /// It failed; what ran before runs.
    Failed {
        /// The step.
        step: &'static str,
        /// What was wrong.
        failure: Failure,
        /// The user stopped it.
        interrupted: bool,
        /// From the command to the observed new version, where it came so far.
        to_observed: Option<Duration>,
    },
}

/// What came of a deployment.
#[derive(Debug)]
pub struct Report {
    environment: Name,
    image: Pinned,
    mode: DeploymentMode,
    previous: Option<(Digest, String)>,
    ended: Ended,
    reasons: Vec<Said>,
    total: Duration,
}

impl Report {
    /// Of a request, and what the environment remembered before.
    pub(super) fn of(request: &Request<'_>, before: &Document, steps: &Steps, ended: Ended) -> Self {
        Self {
            environment: request.environment.name.clone(),
            image: request.image.clone(),
            mode: request.mode,
            previous: before.running.as_ref().map(|ran| (ran.digest.clone(), ran.version.clone())),
            ended,
            reasons: Vec::new(),
            total: steps.time(),
        }
    }

    /// The same with what the gates said.
    #[must_use]
    pub fn with_reasons(self, reasons: Vec<Said>) -> Self {
        Self { reasons, ..self }
    }

    /// The digest that was to run.
    pub fn digest(&self) -> &Digest {
        &self.image.digest
    }

    /// How it ended, in evidence's words.
    pub fn outcome(&self) -> Outcome {
        match &self.ended {
            Ended::Deployed { .. } | Ended::RunningAlready => Outcome::Success,
            Ended::WouldDeploy | Ended::Refused(_) => Outcome::Skipped,
            Ended::Failed { interrupted: true, .. } => Outcome::Cancelled,
            Ended::Failed { .. } => Outcome::Failure,
        }
    }

    /// The step that failed, and how.
    pub fn failure(&self) -> Option<(&'static str, &Failure)> {
        match &self.ended {
            Ended::Failed { step, failure, interrupted: false, .. } => Some((step, failure)),
            _ => None,
        }
    }

    /// From the command to the observed new version.
    pub fn to_observed(&self) -> Option<Duration> {
        match &self.ended {
            Ended::Deployed { to_observed } | Ended::Failed { to_observed, .. } => *to_observed,
            Ended::RunningAlready | Ended::WouldDeploy | Ended::Refused(_) => None,
        }
    }

    fn word(&self) -> &'static str {
        match (&self.ended, self.mode) {
            (Ended::Deployed { .. }, DeploymentMode::Rollback) => "rolled-back",
            (Ended::Deployed { .. }, _) => "deployed",
            (Ended::RunningAlready, _) => "running-already",
            (Ended::WouldDeploy, _) => "would-deploy",
            (Ended::Refused(_), _) => "refused",
            (Ended::Failed { interrupted: true, .. }, _) => "cancelled",
            (Ended::Failed { .. }, _) => "failed",
        }
    }

    fn json(&self) -> Value {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let failure = self.failure().map(|(step, failure)| {
            json!({ "class": failure.class, "step": step, "message": failure.message, "logs": failure.logs })
        });
        json!({
            "environment": self.environment,
            "outcome": self.word(),
            "digest": self.image.digest,
            "commit": self.image.commit,
            "version": self.image.version,
            "reference": self.image.by_digest(),
            "previous": self.previous.as_ref().map(|(digest, _)| digest),
            "failure": failure,
            "reasons": self.reasons,
            "milliseconds": { "to_observed": self.to_observed().map(millis), "total": millis(self.total) },
        })
    }

    fn sentence(&self) -> String {
        let Self { environment, image, .. } = self;
        let before =
            self.previous.as_ref().map(|(_, version)| format!(", before it {version}")).unwrap_or_default();
        match &self.ended {
            Ended::Deployed { to_observed } => {
                let observed = to_observed.map(|time| format!("observed healthy after {}, ", shown(time)));
                format!(
                    "{environment} runs {} ({}){before}; {}{} in all",
                    image.version,
                    image.digest.short(),
                    observed.unwrap_or_default(),
                    shown(self.total)
                )
            }
            Ended::RunningAlready => format!("{environment} runs {} already", image.version),
            Ended::WouldDeploy => format!("{} would be deployed to {environment}{before}", image.version),
            Ended::Refused(problem) => format!("{} is refused: {}", image.version, problem.message),
            Ended::Failed { step, failure, interrupted, .. } => {
                let serves = match &self.previous {
                    Some((_, version)) => format!("{version} serves, as before"),
                    None => "nothing ran before, and nothing does".to_owned(),
                };
                let how = if *interrupted { "was interrupted" } else { "failed" };
                format!("{} {how} in {environment} at {step}: {}; {serves}", image.version, failure.message)
            }
        }
    }

    /// Says it, and answers the exit code that it stands for.
    ///
    /// # Errors
    /// Exit 1 for a failure, exit 3 for a refusal, exit 130 for an interruption.
    pub fn conclude(self, ctx: &Context, as_json: bool) -> Result<()> {
        if let Some((_, failure)) = self.failure().filter(|(_, failure)| !failure.logs.is_empty()) {
            eprintln!("\n{}\n", failure.logs);
        }
        if !matches!(self.ended, Ended::Refused(_)) {
            eprintln!("{}", self.sentence());
        }
        append_summary(ctx, &format!("### {}\n\n`{}`\n", self.sentence(), self.image.by_digest()))?;
        if as_json {
            println!("{:#}", self.json());
        } else if matches!(self.ended, Ended::Deployed { .. } | Ended::RunningAlready) {
            println!("{} {}", self.environment, self.image.by_digest());
        }
        match self.ended {
            Ended::Refused(problem) => Err(problem.into()),
            Ended::Failed { interrupted: true, .. } => Err(Reported(Exit::Interrupted).into()),
            Ended::Failed { .. } => Err(Reported(Exit::Failed).into()),
            _ => Ok(()),
        }
    }
}
