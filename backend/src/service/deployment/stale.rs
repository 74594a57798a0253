//! Deployments whose reporter fell silent.

use super::state;
use crate::service::log::{self, Provenance, Trust};
use crate::store::{Lock, Store, StoreError};
use evidence::{Claim, DeploymentId, DeploymentPhase, DeploymentState, Evidence, Name, Timestamp};
use std::time::Duration;

/// How many one step looks at.
const BATCH: i64 = 100;

/// Notes of deployments that went on silently for longer than `timeout` that nobody knows their end: never that
/// they succeeded. Answers how many.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn give_up_stale(store: &Store, timeout: Duration, now: i64) -> Result<usize, StoreError> {
    let timeout = i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX);
    let before = now.saturating_sub(timeout);
    let stale = store.read().await?.silent_deployments(before, BATCH).await?;
    if stale.is_empty() {
        return Ok(0);
    }
    // The projection may lag behind the log, and another worker may have been quicker: the log itself decides.
    let mut session = store.write(Lock::Ledger).await?;
    let mut documents = Vec::new();
    for (project, id) in stale {
        let started = session.deployment_started(project.as_str(), id.as_str()).await?;
        let states = session.deployment_states(project.as_str(), id.as_str()).await?;
        // By our own clock: what a reporter kept and told late is not silence.
        let heard = started.iter().chain(&states).map(|document| document.recorded_at).max();
        let told: Vec<_> = states.iter().filter_map(|document| state(&document.evidence)).collect();
        if heard.is_some_and(|heard| heard > before) || told.iter().any(|told| told.state.is_final()) {
            continue;
        }
        let last = told.iter().map(|told| told.sequence).max().unwrap_or_default();
        if let Some(document) = unknown(project, id, last, timeout, now) {
            let source = format!("silent for more than {} s", timeout / 1_000_000);
            let provenance = Provenance { trust: Trust::Poll, token_id: None, source: Some(source) };
            documents.push((document, provenance));
        }
    }
    let appended = log::append(&mut session, &documents).await?;
    session.commit().await?;
    Ok(appended.iter().filter(|appended| appended.new).count())
}

fn unknown(project: Name, id: DeploymentId, last: u32, timeout: i64, now: i64) -> Option<Evidence> {
    let claim = Claim::DeploymentState(DeploymentState {
        id,
        sequence: last.checked_add(1)?,
        state: DeploymentPhase::Unknown,
        failure: None,
        detail: Some(format!("nothing was heard of it for more than {} minutes", timeout / 60_000_000)),
    });
    Some(Evidence::new(project, Timestamp::from_micros(now)?.instant(), claim))
}
