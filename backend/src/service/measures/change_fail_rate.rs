//! How many deployments to production fail, or do not last.

use super::cells::{judge, row};
use super::stats::{share, wilson};
use super::{Counted, Window};
use crate::store::MeasuredDeployment;
use std::collections::HashSet;

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    let judged = judge(deployments, window);
    let failed: HashSet<_> = judged.failed.iter().map(|failed| &failed.deployment.id).collect();
    let row = |deployment: &&MeasuredDeployment| {
        if failed.contains(&deployment.id) {
            row(deployment, Some(1.0), "It failed, or did not last.")
        } else {
            row(deployment, Some(0.0), "It lasted.")
        }
    };
    Counted {
        value: share(judged.failed.len(), judged.ended.len()),
        interval: wilson(judged.failed.len(), judged.ended.len()),
        n: judged.ended.len(),
        coverage: share(judged.ended.len(), judged.all),
        rows: judged.ended.iter().map(row).collect(),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, deployment};
    use super::*;
    use evidence::DeploymentMode::{Deploy, Rollback};
    use evidence::Outcome;

    #[test]
    fn what_nobody_knows_is_neither_a_success_nor_a_failure() {
        let deployments = [
            deployment(1, Deploy, Some(Outcome::Success), 1),
            deployment(2, Deploy, Some(Outcome::Success), 2),
            deployment(3, Rollback, Some(Outcome::Success), 1),
            deployment(4, Deploy, Some(Outcome::Unknown), 3),
            deployment(5, Deploy, Some(Outcome::Failure), 3),
        ];
        let counted = measure(&deployments, ALWAYS);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(2.0 / 3.0), 3, Some(0.75)));
        assert_eq!(counted.interval, wilson(2, 3));
        assert_eq!(measure(&[], ALWAYS), Counted::default());
    }
}
