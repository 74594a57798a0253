//! The measures that there are.

use super::{Counted, Window, change_fail_rate, deployment_frequency, recovery_time, rework_rate};
use crate::store::MeasuredDeployment;
use serde::Serialize;
use utoipa::ToSchema;

/// What a measure is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What its value counts.
    pub unit: Unit,
    /// What it should be; null if there is no goal.
    #[schema(required)]
    pub goal: Option<Goal>,
    /// The formula in words.
    pub explanation: &'static str,
    /// The formula.
    #[serde(skip)]
    pub(super) formula: Formula,
}

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// A part of a whole, from 0 to 1.
    Ratio,
    /// Things in a day.
    PerDay,
}

/// What a measure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Goal {
    /// How it should stand to the value.
    pub relation: Relation,
    /// The value.
    pub value: f64,
    /// Whether each part has to meet it, too.
    #[serde(skip)]
    pub(super) each_part: bool,
}

/// How a measure should stand to its goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// It should not exceed it.
    AtMost,
    /// It should be less.
    Below,
}

/// How a measure is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Formula {
    PublishedOnRed,
    PrCiDuration,
    SmokeFlake,
    BuildDuration,
    DeployDuration,
    DeploysFailedByBuild,
    ChangeLeadTime,
    /// From the deployments to production alone.
    Deployments(fn(&[MeasuredDeployment], Window) -> Counted),
}

impl Goal {
    const fn at_most(value: f64) -> Self {
        Self { relation: Relation::AtMost, value, each_part: false }
    }

    const fn below(value: f64) -> Self {
        Self { relation: Relation::Below, value, each_part: false }
    }

    pub(super) fn met(self, value: f64) -> bool {
        match self.relation {
            Relation::AtMost => value <= self.value,
            Relation::Below => value < self.value,
        }
    }
}

const MINUTE: f64 = 60_000.0;

/// The measures that there are.
pub static CATALOGUE: [Definition; 11] = [
    Definition {
        name: "published-on-red",
        title: "Published on red",
        unit: Unit::Count,
        goal: Some(Goal::at_most(0.0)),
        explanation: "Of the last 20 merges to the default branch, those that were published while CI's verdict about \
            the commit, at that time, was not success or not there. Merges are the merged pull requests into the \
            default branch; of a project without any, the commits of its first-parent chain. Coverage is the share of \
            the merges about which CI came to a verdict.",
        formula: Formula::PublishedOnRed,
    },
    Definition {
        name: "pr-ci-duration",
        title: "Pull request CI",
        unit: Unit::Milliseconds,
        goal: Some(Goal::at_most(15.0 * MINUTE)),
        explanation: "The median, by nearest rank, of the time from start to end of each attempt of CI for a pull \
            request that ended in the window with success or failure. Coverage is the share of these among all that \
            ended: cancelled, skipped and stale ones say nothing.",
        formula: Formula::PrCiDuration,
    },
    Definition {
        name: "smoke-flake",
        title: "Smoke flakes",
        unit: Unit::Ratio,
        goal: Some(Goal::below(0.02)),
        explanation: "For each ISO week (UTC), of the images whose smoke test failed or succeeded in it, the share of \
            which it did both; where no image was smoked, of the commits. The value is that of the newest such week; \
            the interval is Wilson's at 95 %. Coverage is the share of smoke tests that failed or succeeded.",
        formula: Formula::SmokeFlake,
    },
    Definition {
        name: "build-duration",
        title: "Image build",
        unit: Unit::Milliseconds,
        goal: Some(Goal { relation: Relation::Below, value: 5.0 * MINUTE, each_part: true }),
        explanation: "The 95th percentile, by nearest rank, of the time that builds of images took in the window, those \
            with a cold and those with a warm cache apart. The value is the greater of the two. Coverage is the share \
            of the builds that told both their time and their cache.",
        formula: Formula::BuildDuration,
    },
    Definition {
        name: "deploy-duration",
        title: "Deployment",
        unit: Unit::Milliseconds,
        goal: Some(Goal::below(2.0 * MINUTE)),
        explanation: "The 95th percentile, by nearest rank, of the time from the command to the observed new digest, of \
            the successful deployments that began in the window, to all environments but local and ci: as who deployed \
            told it, or from the announcement to the end. Coverage is the share of these whose time is known.",
        formula: Formula::DeployDuration,
    },
    Definition {
        name: "deploys-failed-by-build",
        title: "Deployments failed by a build",
        unit: Unit::Count,
        goal: Some(Goal::at_most(0.0)),
        explanation: "The deployments that began in the window, to all environments but local and ci, and failed because \
            something had to be built. Coverage is the share of the ended ones of which it is known whether they did: \
            those that succeeded, were cancelled or skipped, or named what failed.",
        formula: Formula::DeploysFailedByBuild,
    },
    Definition {
        name: "deployment-frequency",
        title: "Deployment frequency",
        unit: Unit::PerDay,
        goal: None,
        explanation: "The successful deployments to production that began in the window, rollbacks not counted, divided \
            by its length in days. The window begins no earlier than the first deployment to production that is known, \
            and is at least a day long. Coverage is the share of the deployments whose end is known.",
        formula: Formula::Deployments(deployment_frequency::measure),
    },
    Definition {
        name: "change-lead-time",
        title: "Change lead time",
        unit: Unit::Milliseconds,
        goal: None,
        explanation: "The median, by nearest rank, over the commits that came to production in the window, of the time \
            from the commit to the end of the deployment that brought it: the commits on the first-parent chain from \
            the commit of one successful deployment down to that of the one before, in the same service and \
            environment, each once. Coverage is the share of the successful deployments whose chain is known.",
        formula: Formula::ChangeLeadTime,
    },
    Definition {
        name: "change-fail-rate",
        title: "Change fail rate",
        unit: Unit::Ratio,
        goal: None,
        explanation: "Of the deployments to production that began in the window, rollbacks not counted, and succeeded or \
            failed, the share that failed, that a rollback names, or that was directly followed by a successful rollback or \
            hotfix of that service there. Coverage is the share of the deployments that succeeded or failed.",
        formula: Formula::Deployments(change_fail_rate::measure),
    },
    Definition {
        name: "recovery-time",
        title: "Failed deployment recovery time",
        unit: Unit::Milliseconds,
        goal: None,
        explanation: "The median, by nearest rank, over the deployments that the change fail rate counts as failed, of the \
            time from their end to the end of the next successful deployment of that service there. Coverage is the \
            share of them that were recovered from.",
        formula: Formula::Deployments(recovery_time::measure),
    },
    Definition {
        name: "rework-rate",
        title: "Rework rate",
        unit: Unit::Ratio,
        goal: None,
        explanation: "Of the successful deployments to production that began in the window, the share that were rollbacks \
            or hotfixes. Coverage is the share of the deployments whose end is known.",
        formula: Formula::Deployments(rework_rate::measure),
    },
];
