//! Deployments by service and environment, in their order, and which of them failed.

use super::{Row, Window, milliseconds};
use crate::store::MeasuredDeployment;
use evidence::{DeploymentMode, Name, Outcome};
use std::collections::{BTreeMap, HashSet};

/// The deployments of one service to one environment, oldest first.
pub(super) type Cell<'a> = Vec<&'a MeasuredDeployment>;

/// A deployment that failed, and the success that ended that, if there was one.
pub(super) struct Failed<'a> {
    pub deployment: &'a MeasuredDeployment,
    pub recovery: Option<&'a MeasuredDeployment>,
}

/// What the deployments of a window come to that could have failed.
#[derive(Default)]
pub(super) struct Judged<'a> {
    /// Those that began in the window, rollbacks not counted.
    pub all: usize,
    /// Those of them that succeeded or failed.
    pub ended: Vec<&'a MeasuredDeployment>,
    /// Those of them that failed, or did not last.
    pub failed: Vec<Failed<'a>>,
}

pub(super) fn cells(deployments: &[MeasuredDeployment]) -> Vec<Cell<'_>> {
    let mut cells: BTreeMap<(&Name, &Name), Cell<'_>> = BTreeMap::new();
    for deployment in deployments {
        cells.entry((&deployment.environment, &deployment.service)).or_default().push(deployment);
    }
    for cell in cells.values_mut() {
        cell.sort_by_key(|deployment| (deployment.started_at, deployment.id.clone()));
    }
    cells.into_values().collect()
}

pub(super) fn succeeded(deployment: &MeasuredDeployment) -> bool {
    deployment.outcome == Some(Outcome::Success)
}

/// Whether it succeeded or failed. One that was cancelled or of which nobody knows says nothing.
fn ended(deployment: &MeasuredDeployment) -> bool {
    matches!(deployment.outcome, Some(Outcome::Success | Outcome::Failure))
}

/// Which deployments failed: those that say so, those that a rollback names, and those that are directly followed by a
/// successful rollback or hotfix.
pub(super) fn judge(deployments: &[MeasuredDeployment], window: Window) -> Judged<'_> {
    let named: HashSet<_> =
        deployments.iter().filter_map(|deployment| deployment.rollback_of.as_ref()).collect();
    let mut judged = Judged::default();
    for cell in cells(deployments) {
        for (index, &deployment) in cell.iter().enumerate() {
            if deployment.mode == DeploymentMode::Rollback || !window.has(deployment.started_at) {
                continue;
            }
            judged.all += 1;
            if !ended(deployment) {
                continue;
            }
            judged.ended.push(deployment);
            let later = &cell[index + 1..];
            let next = later.iter().find(|later| ended(later));
            let undone = next.is_some_and(|next| {
                succeeded(next) && matches!(next.mode, DeploymentMode::Rollback | DeploymentMode::Hotfix)
            });
            if !succeeded(deployment) || undone || named.contains(&deployment.id) {
                let recovery = later.iter().find(|later| succeeded(later)).copied();
                judged.failed.push(Failed { deployment, recovery });
            }
        }
    }
    judged
}

/// A deployment as a row.
pub(super) fn row(deployment: &MeasuredDeployment, value: Option<f64>, note: &str) -> Row {
    let MeasuredDeployment { environment, service, .. } = deployment;
    Row {
        kind: "deployment",
        id: deployment.id.to_string(),
        at: deployment.started_at,
        value,
        note: note.to_owned(),
        href: Some(format!("/v1/environments/{environment}/services/{service}/history")),
    }
}

/// From the command to the observed new digest, in milliseconds, if it is known.
pub(super) fn duration(deployment: &MeasuredDeployment) -> Option<f64> {
    let told = deployment.milliseconds.map(|milliseconds| milliseconds as f64);
    let announced =
        deployment.ended_at.filter(|ended| deployment.announced && *ended >= deployment.started_at);
    told.or_else(|| announced.map(|ended| milliseconds(ended - deployment.started_at)))
}

/// Whether it is a trial, and not a deployment to anywhere that people rely on.
pub(super) fn is_trial(deployment: &MeasuredDeployment) -> bool {
    matches!(deployment.environment.as_str(), "local" | "ci")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const MINUTE: i64 = 60_000_000;

    pub const ALWAYS: Window = Window { from: 0, to: 1_000_000 * MINUTE };

    /// A deployment of `web` to `prod` that began at that minute and, if it ended, did so a minute later.
    pub fn deployment(
        minute: i64,
        mode: DeploymentMode,
        outcome: Option<Outcome>,
        commit: u32,
    ) -> MeasuredDeployment {
        MeasuredDeployment {
            id: format!("00000000-0000-4000-8000-{minute:012x}").parse().unwrap(),
            service: "web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            mode,
            rollback_of: None,
            commit: format!("{commit:040x}").parse().unwrap(),
            started_at: minute * MINUTE,
            announced: true,
            ended_at: outcome.map(|_| (minute + 1) * MINUTE),
            outcome,
            failure: None,
            milliseconds: None,
        }
    }

    #[test]
    fn a_deployment_fails_by_its_end_by_name_or_by_what_follows_it_directly() {
        use DeploymentMode::{Deploy, Hotfix, Promote, Rollback};
        let (good, bad) = (Some(Outcome::Success), Some(Outcome::Failure));
        let mut undo_the_first = deployment(8, Rollback, good, 1);
        undo_the_first.rollback_of = Some(deployment(1, Deploy, good, 1).id);
        let deployments = [
            deployment(1, Deploy, good, 1),
            deployment(2, Deploy, good, 2),
            deployment(3, Deploy, bad, 3),
            // Undoes what failed just before, and not what succeeded before that.
            deployment(4, Rollback, good, 2),
            deployment(5, Promote, good, 4),
            deployment(6, Deploy, Some(Outcome::Unknown), 5),
            deployment(7, Hotfix, good, 6),
            undo_the_first,
            deployment(9, Deploy, None, 7),
        ];
        let judged = judge(&deployments, ALWAYS);
        let failed: Vec<_> = judged
            .failed
            .iter()
            .map(|failed| {
                (failed.deployment.started_at / MINUTE, failed.recovery.map(|by| by.started_at / MINUTE))
            })
            .collect();
        assert_eq!(failed, [(1, Some(2)), (3, Some(4)), (5, Some(7)), (7, Some(8))]);
        assert_eq!((judged.all, judged.ended.len()), (7, 5));
        let later = Window { from: 4 * MINUTE, to: 6 * MINUTE };
        assert_eq!((judge(&deployments, later).all, judge(&deployments, later).failed.len()), (1, 1));
    }
}
