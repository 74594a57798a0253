//! How long it takes from a deployment that failed to one that did not.

use super::cells::{Failed, judge, row};
use super::stats::{median, share};
use super::{Counted, Window, milliseconds};
use crate::store::MeasuredDeployment;

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    let failed = judge(deployments, window).failed;
    let times: Vec<i64> = failed.iter().filter_map(time).collect();
    let row = |failed: &Failed<'_>| match time(failed) {
        Some(time) => row(failed.deployment, Some(milliseconds(time)), "A later deployment succeeded."),
        None => row(failed.deployment, None, "No later deployment has succeeded."),
    };
    Counted {
        value: median(&times).map(milliseconds),
        n: times.len(),
        coverage: share(times.len(), failed.len()),
        rows: failed.iter().map(row).collect(),
        ..Counted::default()
    }
}

fn time(failed: &Failed<'_>) -> Option<i64> {
    let recovered = failed.recovery?.ended_at?;
    Some((recovered - failed.deployment.ended_at?).max(0))
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, deployment};
    use super::*;
    use evidence::DeploymentMode::{Deploy, Hotfix, Rollback};
    use evidence::Outcome;

    #[test]
    fn it_ends_with_the_next_success_and_what_never_recovered_has_no_time() {
        let (good, bad) = (Some(Outcome::Success), Some(Outcome::Failure));
        let deployments = [
            deployment(10, Deploy, good, 1),
            // 30 minutes after the one before ended.
            deployment(40, Rollback, good, 0),
            deployment(50, Deploy, bad, 2),
            deployment(52, Deploy, bad, 2),
            // 8 and 6 minutes.
            deployment(58, Hotfix, good, 3),
            deployment(70, Deploy, bad, 4),
        ];
        let counted = measure(&deployments, ALWAYS);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(480_000.0), 3, Some(0.75)));
        assert_eq!(measure(&[], ALWAYS), Counted::default());
    }
}
