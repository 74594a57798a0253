//! What follows from all deployments and their ends: the cells of the board, first successes, and incidents.
//!
//! A deployment is judged by what became of its digest elsewhere. So it is done digest by digest, by a thread of its own that
//! asks the database nothing, while that takes what comes of it.

use super::super::{cells, incidents};
use super::gather::{Gathered, Group};
use crate::store::{Changes, IncidentRow, Joined, StoreError};
use evidence::rules::{DeploymentFact, Policy};
use std::collections::HashMap;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::{JoinHandle, spawn_blocking};

/// What comes of some deployments.
#[derive(Default)]
pub(super) struct Settled {
    /// Sorted.
    pub changes: Changes,
    pub incidents: Vec<IncidentRow>,
}

/// All deployments, while they are judged.
pub(super) struct Settling {
    settled: Receiver<Settled>,
    judging: JoinHandle<Result<(), StoreError>>,
}

impl Settling {
    /// Begins to judge.
    pub fn begin(gathered: Gathered) -> Self {
        let (sender, settled) = channel(1);
        let judging = spawn_blocking(move || {
            let policy = Policy::default();
            for groups in gathered.groups() {
                if sender.blocking_send(settle(&policy, &groups?)).is_err() {
                    // Whoever asked for it has failed.
                    break;
                }
            }
            Ok(())
        });
        Self { settled, judging }
    }

    /// What comes of the next deployments; none once that was all.
    ///
    /// # Errors
    /// When what was set aside cannot be read.
    pub async fn next(&mut self) -> Result<Option<Settled>, StoreError> {
        match self.settled.recv().await {
            Some(settled) => Ok(Some(settled)),
            None => (&mut self.judging).await.map_err(StoreError::lost)?.map(|()| None),
        }
    }
}

fn settle(policy: &Policy, groups: &[Group]) -> Settled {
    let mut settled = Settled::default();
    for Group { deployments, smokes } in groups {
        let ends = deployments.iter().filter_map(|joined| joined.finished.as_ref());
        ends.for_each(|end| cells::put(&mut settled.changes, end));
        let successes = first_successes(deployments);
        for Joined { project, fact, .. } in deployments {
            settled.incidents.extend(incidents::of_deployment(policy, project, fact, smokes, &successes));
        }
    }
    settled.changes.sort();
    settled
}

/// The first success in each environment. Later deployments are judged by the instant of its end alone.
fn first_successes(same: &[Joined]) -> Vec<DeploymentFact> {
    let mut first: HashMap<&evidence::Name, &DeploymentFact> = HashMap::new();
    for Joined { fact, .. } in same {
        if fact.outcome != Some(evidence::Outcome::Success) {
            continue;
        }
        let kept = first.entry(&fact.environment).or_insert(fact);
        if fact.finished_at < kept.finished_at {
            *kept = fact;
        }
    }
    first.into_values().cloned().collect()
}
