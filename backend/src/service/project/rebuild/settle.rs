//! What follows from all deployments and their ends: the cells of the board, first successes, and incidents.
//!
//! A deployment is judged by what became of its digest elsewhere. So it is done digest by digest, by a thread of its own that
//! asks the database nothing, while that takes what comes of it.

use super::super::{cells, incidents};
use super::gather::{Gathered, Group};
use crate::store::tables::{ENV_STATE, FIRST_SUCCESS};
use crate::store::{Changes, Filled, IncidentRow, Joined, Policies, Prepared, StoreError, Table};
use evidence::rules::DeploymentFact;
use std::collections::HashMap;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::{JoinHandle, spawn_blocking};

/// The tables that are filled by this alone.
pub(super) static TABLES: &[&Table] = &[&ENV_STATE, &FIRST_SUCCESS];

/// What comes of some deployments.
pub(super) struct Settled {
    pub rows: Prepared,
    pub incidents: Vec<IncidentRow>,
}

/// All deployments, while they are judged.
pub(super) struct Settling {
    settled: Receiver<Settled>,
    judging: JoinHandle<Result<(), StoreError>>,
}

impl Settling {
    /// Begins to judge.
    pub fn begin(gathered: Gathered, mut filled: Filled, policies: Policies) -> Self {
        let (sender, settled) = channel(1);
        let judging = spawn_blocking(move || {
            for groups in gathered.groups()? {
                let (changes, incidents) = settle(&policies, &groups?);
                let settled = Settled { rows: filled.prepare(changes)?, incidents };
                if sender.blocking_send(settled).is_err() {
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

fn settle(policies: &Policies, groups: &[Group]) -> (Changes, Vec<IncidentRow>) {
    let (mut changes, mut found) = (Changes::default(), Vec::new());
    for Group { deployments, smokes } in groups {
        let ends = deployments.iter().filter_map(|joined| joined.finished.as_ref());
        ends.for_each(|end| cells::put(&mut changes, end));
        let successes = first_successes(deployments);
        for Joined { project, fact, .. } in deployments {
            found.extend(incidents::of_deployment(policies.of(project), project, fact, smokes, &successes));
        }
    }
    changes.sort();
    (changes, found)
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
