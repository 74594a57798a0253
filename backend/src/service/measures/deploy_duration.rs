//! How long it takes until a new digest is observed.

use super::cells::{duration, is_trial, row, succeeded};
use super::stats::{percentile, share};
use super::{Counted, Window};
use crate::store::MeasuredDeployment;

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    let inside = |deployment: &&MeasuredDeployment| {
        succeeded(deployment) && !is_trial(deployment) && window.has(deployment.started_at)
    };
    let successes: Vec<_> = deployments.iter().filter(inside).collect();
    let known: Vec<i64> =
        successes.iter().filter_map(|success| duration(success)).map(|ms| ms as i64).collect();
    let row = |deployment: &&MeasuredDeployment| match duration(deployment) {
        Some(milliseconds) => row(deployment, Some(milliseconds), "It counts."),
        None => row(deployment, None, "Only its end was told, without the time that it took."),
    };
    Counted {
        value: percentile(&known, 0.95).map(|milliseconds| milliseconds as f64),
        n: known.len(),
        coverage: share(known.len(), successes.len()),
        rows: successes.iter().map(row).collect(),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, deployment};
    use super::*;
    use evidence::{DeploymentMode::Deploy, Outcome};

    #[test]
    fn what_is_told_goes_before_what_is_reckoned_and_what_is_neither_lowers_the_coverage() {
        let good = Some(Outcome::Success);
        let mut told = deployment(1, Deploy, good, 1);
        told.milliseconds = Some(30_000);
        let reckoned = deployment(2, Deploy, good, 1);
        let mut untold = deployment(3, Deploy, good, 1);
        untold.announced = false;
        let mut local = deployment(4, Deploy, good, 1);
        local.environment = "local".parse().unwrap();
        let failed = deployment(5, Deploy, Some(Outcome::Failure), 1);
        let counted = measure(&[told, reckoned, untold, local, failed], ALWAYS);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(60_000.0), 2, Some(2.0 / 3.0)));
        assert_eq!(measure(&[], ALWAYS), Counted::default());
    }
}
