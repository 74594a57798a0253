//! Deployments that are announced, and told state by state.

use super::{Fold, effective, flagged, row, word};
use crate::store::StoredEvidence;
use crate::store::tables::{DEPLOYMENT, DEPLOYMENT_EVENT, DEPLOYMENT_OUTCOME};
use evidence::{DeploymentPhase, DeploymentStarted, DeploymentState, Name, Outcome};

impl Fold<'_> {
    pub(super) fn started(&mut self, row: &StoredEvidence, project: &Name, started: &DeploymentStarted) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        let cells = row![
            project,
            &started.id,
            1_i64,
            at,
            sha,
            &started.service,
            &started.environment,
            &started.commit,
            started.digest.as_ref(),
            started.reference.as_deref(),
            word(started.mode),
            started.rollback_of.as_ref(),
            started.version.as_str(),
            started.actor.as_str(),
            flagged(row),
        ];
        self.changes.put(&DEPLOYMENT, cells);
        let pending = row![
            project,
            &started.id,
            0_i64,
            0_i64,
            at,
            sha,
            row.seq,
            word(DeploymentPhase::Pending),
            None::<&str>,
            None::<&str>,
            None::<&str>,
            None::<u64>,
        ];
        self.changes.put(&DEPLOYMENT_OUTCOME, pending);
        self.deployed(project, &started.id);
    }

    pub(super) fn state(&mut self, row: &StoredEvidence, project: &Name, state: &DeploymentState) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        // What the ledger itself gave up may still be told otherwise by who deployed.
        let given_up = row.trust == crate::service::log::Trust::Poll.as_str();
        let rank: i64 = match (state.state.is_final(), given_up) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
        let outcome = match state.state {
            DeploymentPhase::Succeeded => Some(Outcome::Success),
            DeploymentPhase::Failed => Some(Outcome::Failure),
            DeploymentPhase::Cancelled => Some(Outcome::Cancelled),
            DeploymentPhase::Unknown => Some(Outcome::Unknown),
            _ => None,
        };
        let cells = row![
            project,
            &state.id,
            rank,
            state.sequence,
            at,
            sha,
            row.seq,
            word(state.state),
            outcome.map(Outcome::as_str),
            state.failure.map(word),
            state.detail.as_deref(),
            None::<u64>,
        ];
        self.changes.put(&DEPLOYMENT_OUTCOME, cells);
        let event = row![
            project,
            &state.id,
            state.sequence,
            sha,
            word(state.state),
            state.failure.map(word),
            state.detail.as_deref(),
            at,
        ];
        self.changes.put(&DEPLOYMENT_EVENT, event);
        self.deployed(project, &state.id);
    }
}
