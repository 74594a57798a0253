//! Measures: how well delivery works, by exact formulas. What is not known never counts as a success.

mod build_duration;
mod catalogue;
mod cells;
mod change_fail_rate;
mod change_lead_time;
mod deploy_duration;
mod deployment_frequency;
mod deploys_failed_by_build;
mod pr_ci_duration;
mod published_on_red;
mod recovery_time;
mod rework_rate;
mod smoke_flake;
mod stats;

pub use catalogue::{CATALOGUE, Definition, Goal, Relation, Unit};
pub use stats::Interval;

use super::clock;
use super::reading::Snapshot;
use crate::store::{MEASURED, MeasuredDeployment, StoreError};
use catalogue::Formula;
use evidence::Name;
use serde::Serialize;
use utoipa::ToSchema;

/// How many rows a measure names; it is counted from all of them.
const ROWS: usize = 500;

/// A measure over a window of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Measure {
    /// Its name.
    #[schema(example = "deploy-duration")]
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What the value counts.
    pub unit: Unit,
    /// The value; null if nothing could be measured.
    #[schema(required)]
    pub value: Option<f64>,
    /// Where the true rate lies with a confidence of 95 % (Wilson); null if it is no rate.
    #[schema(required)]
    pub interval: Option<Interval>,
    /// What it should be; null if there is no goal.
    #[schema(required)]
    pub goal: Option<Goal>,
    /// Whether it is; null if that is not known.
    #[schema(required)]
    pub reached: Option<bool>,
    /// How many values it was made from.
    pub n: usize,
    /// The share of what should have been measured that could be; null of nothing.
    #[schema(required)]
    pub coverage: Option<f64>,
    /// Where the window begins, RFC 3339.
    #[schema(format = DateTime)]
    pub from: String,
    /// Where it ends, RFC 3339.
    #[schema(format = DateTime)]
    pub to: String,
    /// The same for parts, where it has parts.
    pub parts: Vec<Part>,
    /// What it was counted from, newest first, at most 500.
    pub rows: Vec<Row>,
    /// The formula in words.
    pub explanation: &'static str,
}

/// A part of a measure: one sort of builds, or one week.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Part {
    /// Its name, such as `cold` or `2026-W09`.
    pub name: String,
    /// The value; null if nothing could be measured.
    #[schema(required)]
    pub value: Option<f64>,
    /// Where the true rate lies with a confidence of 95 % (Wilson); null if it is no rate.
    #[schema(required)]
    pub interval: Option<Interval>,
    /// How many values it was made from.
    pub n: usize,
}

/// Something that a measure was counted from.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Row {
    /// What it is: `commit`, `deployment`, `image` or `run`.
    #[schema(example = "deployment")]
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// When, RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    #[serde(serialize_with = "instant")]
    pub at: i64,
    /// Its value, in the measure's unit; null if it has none.
    #[schema(required)]
    pub value: Option<f64>,
    /// What it counted as, or why it did not count.
    pub note: String,
    /// Where more is to be read about it; null if nowhere here.
    #[schema(required)]
    pub href: Option<String>,
}

/// A window of time: from the first instant up to, but without, the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first instant, in microseconds.
    pub from: i64,
    /// The first instant after it.
    pub to: i64,
}

/// What a formula comes to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counted {
    value: Option<f64>,
    interval: Option<Interval>,
    n: usize,
    coverage: Option<f64>,
    parts: Vec<Part>,
    rows: Vec<Row>,
    /// Where the window really begins, if it is not where it was asked to.
    from: Option<i64>,
}

impl Window {
    fn has(self, at: i64) -> bool {
        (self.from..self.to).contains(&at)
    }

    /// The part of it that all deployments of are there: only so many are read, the newest.
    fn within(self, deployments: &[MeasuredDeployment]) -> Self {
        let all = i64::try_from(deployments.len()).is_ok_and(|count| count < MEASURED);
        let oldest = deployments.iter().map(|deployment| deployment.started_at).min();
        match oldest {
            Some(oldest) if !all => Self { from: self.from.max(oldest), ..self },
            _ => self,
        }
    }
}

/// Measures. Without environments, each measure takes those that it is about by itself.
///
/// # Errors
/// When the database cannot be asked.
pub async fn measure(
    snapshot: &mut Snapshot,
    definition: &'static Definition,
    window: Window,
    environment: Option<Name>,
) -> Result<Measure, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let production = match &environment {
        Some(environment) => vec![environment.clone()],
        None => session.policy(project).await?.production,
    };
    let everywhere = environment.map(|environment| vec![environment]);
    let to = window.to;
    let deployments = match definition.formula {
        Formula::DeployDuration | Formula::DeploysFailedByBuild => {
            session.measured_deployments(project, everywhere.as_deref(), to).await?
        }
        Formula::ChangeLeadTime | Formula::Deployments(_) => {
            session.measured_deployments(project, Some(&production), to).await?
        }
        _ => Vec::new(),
    };
    let window = window.within(&deployments);
    let mut counted = match definition.formula {
        Formula::PublishedOnRed => published_on_red::read(session, project, window).await?,
        Formula::PrCiDuration => {
            pr_ci_duration::measure(&session.pull_request_runs(project, window.from, to).await?)
        }
        Formula::SmokeFlake => smoke_flake::measure(&session.smokes_between(project, window.from, to).await?),
        Formula::BuildDuration => {
            build_duration::measure(&session.builds_between(project, window.from, to).await?)
        }
        Formula::DeployDuration => deploy_duration::measure(&deployments, window),
        Formula::DeploysFailedByBuild => deploys_failed_by_build::measure(&deployments, window),
        Formula::ChangeLeadTime => {
            change_lead_time::measure(&deployments, &session.lineage(project, to).await?, window)
        }
        Formula::Deployments(formula) => formula(&deployments, window),
    };
    counted.rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    counted.rows.truncate(ROWS);
    Ok(Measure {
        name: definition.name,
        title: definition.title,
        unit: definition.unit,
        value: counted.value,
        interval: counted.interval,
        goal: definition.goal,
        reached: reached(definition.goal, &counted),
        n: counted.n,
        coverage: counted.coverage,
        from: clock::stored(counted.from.unwrap_or(window.from))?,
        to: clock::stored(to)?,
        parts: counted.parts,
        rows: counted.rows,
        explanation: definition.explanation,
    })
}

/// A goal is reached where the value and each part meet it.
fn reached(goal: Option<Goal>, counted: &Counted) -> Option<bool> {
    let (goal, value) = (goal?, counted.value?);
    let mut parts = counted.parts.iter().filter_map(|part| part.value);
    Some(goal.met(value) && (!goal.each_part || parts.all(|value| goal.met(value))))
}

fn instant<S: serde::Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    let text = clock::rfc3339(*at).ok_or_else(|| serde::ser::Error::custom("no such instant"))?;
    serializer.serialize_str(&text)
}

/// Microseconds as milliseconds.
fn milliseconds(micros: i64) -> f64 {
    micros as f64 / 1000.0
}
