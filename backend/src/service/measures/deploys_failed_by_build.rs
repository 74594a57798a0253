//! Deployments that failed because something had to be built.

use super::cells::{is_trial, row};
use super::stats::share;
use super::{Counted, Window};
use crate::store::MeasuredDeployment;
use evidence::{FailureClass, Outcome};

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    let inside =
        |deployment: &&MeasuredDeployment| !is_trial(deployment) && window.has(deployment.started_at);
    let ended: Vec<_> =
        deployments.iter().filter(inside).filter(|deployment| deployment.outcome.is_some()).collect();
    // Of what nobody knows, and of a failure without a reason, it is not known whether it was the build.
    let known = |deployment: &MeasuredDeployment| match deployment.outcome {
        Some(Outcome::Failure) => deployment.failure.is_some(),
        Some(Outcome::Unknown) | None => false,
        Some(Outcome::Success | Outcome::Cancelled | Outcome::Skipped) => true,
    };
    let known: Vec<_> = ended.iter().copied().filter(|deployment| known(deployment)).collect();
    let by_build = |deployment: &MeasuredDeployment| deployment.failure == Some(FailureClass::Build);
    let failures = ended.iter().filter(|deployment| deployment.outcome != Some(Outcome::Success));
    let row = |deployment: &&MeasuredDeployment| match deployment.failure {
        Some(FailureClass::Build) => row(deployment, Some(1.0), "It failed by a build."),
        Some(_) => row(deployment, Some(0.0), "It failed by something else."),
        None => row(deployment, None, "What it failed by is not known."),
    };
    Counted {
        value: (!known.is_empty())
            .then(|| known.iter().filter(|deployment| by_build(deployment)).count() as f64),
        n: known.len(),
        coverage: share(known.len(), ended.len()),
        rows: failures.map(row).collect(),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, deployment};
    use super::*;
    use evidence::DeploymentMode::Deploy;

    #[test]
    fn a_failure_without_a_reason_is_not_known_to_be_none() {
        let failed = |minute: i64, failure: Option<FailureClass>| {
            let mut failed = deployment(minute, Deploy, Some(Outcome::Failure), 1);
            failed.failure = failure;
            failed
        };
        let deployments = [
            deployment(1, Deploy, Some(Outcome::Success), 1),
            failed(2, Some(FailureClass::Build)),
            failed(3, Some(FailureClass::Health)),
            failed(4, None),
            deployment(5, Deploy, None, 1),
        ];
        let counted = measure(&deployments, ALWAYS);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(1.0), 3, Some(0.75)));
        assert_eq!(counted.rows.len(), 3);
        assert_eq!(measure(&[], ALWAYS), Counted::default());
        assert_eq!(measure(&deployments[3..4], ALWAYS).value, None);
    }
}
