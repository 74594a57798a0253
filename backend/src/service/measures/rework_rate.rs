//! How much of what comes to production mends what came before.

use super::cells::{row, succeeded};
use super::stats::{share, wilson};
use super::{Counted, Window};
use crate::store::MeasuredDeployment;
use evidence::{DeploymentMode, Outcome};

pub(super) fn measure(deployments: &[MeasuredDeployment], window: Window) -> Counted {
    let inside: Vec<_> = deployments.iter().filter(|deployment| window.has(deployment.started_at)).collect();
    let known =
        inside.iter().filter(|deployment| !matches!(deployment.outcome, None | Some(Outcome::Unknown)));
    let successes: Vec<_> = inside.iter().filter(|deployment| succeeded(deployment)).collect();
    let is_rework = |deployment: &MeasuredDeployment| {
        matches!(deployment.mode, DeploymentMode::Rollback | DeploymentMode::Hotfix)
    };
    let rework = successes.iter().filter(|deployment| is_rework(deployment)).count();
    let row = |deployment: &&&MeasuredDeployment| {
        if is_rework(deployment) {
            row(deployment, Some(1.0), "It mended what came before.")
        } else {
            row(deployment, Some(0.0), "It brought something new.")
        }
    };
    Counted {
        value: share(rework, successes.len()),
        interval: wilson(rework, successes.len()),
        n: successes.len(),
        coverage: share(known.count(), inside.len()),
        rows: successes.iter().map(row).collect(),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{ALWAYS, deployment};
    use super::*;
    use DeploymentMode::{Deploy, Hotfix, Promote, Rollback};

    #[test]
    fn rollbacks_and_hotfixes_are_rework() {
        let good = Some(Outcome::Success);
        let deployments = [
            deployment(1, Deploy, good, 1),
            deployment(2, Promote, good, 2),
            deployment(3, Rollback, good, 1),
            deployment(4, Hotfix, good, 3),
            deployment(5, Hotfix, Some(Outcome::Failure), 3),
            deployment(6, Deploy, Some(Outcome::Unknown), 3),
        ];
        let counted = measure(&deployments, ALWAYS);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(0.5), 4, Some(5.0 / 6.0)));
        assert_eq!(measure(&[], ALWAYS), Counted::default());
    }
}
