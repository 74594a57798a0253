//! How often something new comes to production.

use super::cells::{row, succeeded};
use super::stats::share;
use super::{Counted, Window};
use crate::store::MeasuredDeployment;
use evidence::{DeploymentMode, Outcome};

const DAY: i64 = 24 * 3600 * 1_000_000;

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    // Before the first one nothing was counted, which is not the same as nothing happening.
    let Some(first) = deployments.iter().map(|deployment| deployment.started_at).min() else {
        return Counted::default();
    };
    let from = first.max(window.from).min(window.to);
    let inside: Vec<_> = deployments.iter().filter(|deployment| window.has(deployment.started_at)).collect();
    let known =
        inside.iter().filter(|deployment| !matches!(deployment.outcome, None | Some(Outcome::Unknown)));
    let brings = |deployment: &&&MeasuredDeployment| {
        succeeded(deployment) && deployment.mode != DeploymentMode::Rollback
    };
    let counted: Vec<_> = inside.iter().filter(brings).collect();
    let days = (window.to - from).max(DAY) as f64 / DAY as f64;
    Counted {
        value: Some(counted.len() as f64 / days),
        n: counted.len(),
        coverage: share(known.count(), inside.len()),
        rows: counted.iter().map(|deployment| row(deployment, None, "It counts.")).collect(),
        from: Some(from),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{MINUTE, deployment};
    use super::*;
    use DeploymentMode::{Deploy, Hotfix, Rollback};

    #[test]
    fn days_are_counted_from_the_first_deployment_that_is_known() {
        let good = Some(Outcome::Success);
        let deployments = [
            deployment(6 * 1440, Deploy, good, 1),
            deployment(7 * 1440, Hotfix, good, 2),
            deployment(8 * 1440, Rollback, good, 1),
            deployment(8 * 1440 + 1, Deploy, Some(Outcome::Failure), 3),
            deployment(9 * 1440, Deploy, None, 3),
        ];
        let window = Window { from: 0, to: 10 * 1440 * MINUTE };
        let counted = measure(&deployments, window);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(0.5), 2, Some(0.8)));
        assert_eq!(counted.from, Some(6 * 1440 * MINUTE));
        // Less than a day is no basis for a rate per day.
        let hour = Window { from: 7 * 1440 * MINUTE, to: (7 * 1440 + 60) * MINUTE };
        assert_eq!(measure(&deployments, hour).value, Some(1.0));
        let quiet = Window { from: 20 * 1440 * MINUTE, to: 30 * 1440 * MINUTE };
        assert_eq!(
            (measure(&deployments, quiet).value, measure(&deployments, quiet).coverage),
            (Some(0.0), None)
        );
        assert_eq!(measure(&[], window), Counted::default());
    }
}
