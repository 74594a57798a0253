//! Deployments as they are shown.

use super::clock;
use super::reading::{Paged, Snapshot, one_more};
use crate::store::{DeploymentEventRow, DeploymentRow, DeploymentsOf, StoreError};
use evidence::{
    CommitSha, DeploymentId, DeploymentMode, DeploymentPhase, Digest, FailureClass, ImageRef, Name, Outcome,
};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A page of deployments.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deployments {
    /// The deployments, newest first.
    pub deployments: Vec<Deployment>,
}

/// A deployment and what it has come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deployment {
    /// Its identity.
    pub id: DeploymentId,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The digest; null when it is a process and not an image.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// The reference that was asked for; null if only the digest was.
    #[schema(required)]
    pub reference: Option<String>,
    /// Whether what was asked for can only ever mean this digest; null when it is a process.
    #[schema(required)]
    pub pinned: Option<bool>,
    /// Why it was done.
    pub mode: DeploymentMode,
    /// The deployment that a rollback undid; null if nobody said so.
    #[schema(required)]
    pub rollback_of: Option<DeploymentId>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it.
    pub actor: String,
    /// When it began, or when its end was told if it was not announced; RFC 3339.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it ended, RFC 3339; null while it goes on.
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    /// How it ended; null while it goes on.
    #[schema(required)]
    pub outcome: Option<Outcome>,
    /// What it failed at; null if it did not, or nobody said.
    #[schema(required)]
    pub failure_class: Option<FailureClass>,
    /// More for people; null if there is none.
    #[schema(required)]
    pub detail: Option<String>,
    /// From the command to the observed new digest, in milliseconds; null if nobody said.
    #[schema(required)]
    pub milliseconds: Option<u64>,
    /// Whether it was announced before it ended.
    pub announced: bool,
    /// Whether its clock and the ledger's were more than five minutes apart.
    pub clock_skew: bool,
    /// The evidence that it comes from.
    pub evidence: Source,
    /// The evidence that says what it has come to; null if there is none, or it is the same.
    #[schema(required)]
    pub outcome_evidence: Option<Source>,
    /// The states that it passed, in order.
    pub events: Vec<DeploymentEvent>,
}

/// A document that something comes from.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Source {
    /// Its SHA-256.
    #[schema(pattern = "^[a-f0-9]{64}$")]
    pub sha256: String,
    /// Who vouches for it: `oidc`, `token`, `webhook` or `poll`; null if it cannot be found.
    #[schema(required)]
    pub trust: Option<String>,
}

/// One state that a deployment passed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentEvent {
    /// Its place among the deployment's states.
    pub sequence: i64,
    /// The state.
    pub state: DeploymentPhase,
    /// What failed; null if nothing did.
    #[schema(required)]
    pub failure: Option<FailureClass>,
    /// More for people; null if there is none.
    #[schema(required)]
    pub detail: Option<String>,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The SHA-256 of the evidence that says so.
    pub evidence: String,
}

/// The key of a page's last deployment: when it began, and its id.
pub type DeploymentKey = (i64, String);

/// At most `limit` deployments after the key, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(
    snapshot: &mut Snapshot,
    of: DeploymentsOf<'_>,
    after: Option<&DeploymentKey>,
    limit: usize,
) -> Result<Paged<Deployment, DeploymentKey>, StoreError> {
    let before = after.map_or((i64::MAX, ""), |(at, id)| (*at, id.as_str()));
    let Snapshot { session, project, .. } = snapshot;
    let rows = session.deployment_page(project, of, before, one_more(limit)).await?;
    let page = Paged::of(rows, limit, |row| (row.started_at, row.id.to_string()));
    let ids = page.items.iter().map(|row| row.id.as_str());
    let mut events: HashMap<DeploymentId, Vec<DeploymentEventRow>> = HashMap::new();
    for event in session.deployment_events(project, ids).await? {
        events.entry(event.deployment.clone()).or_default().push(event);
    }
    page.try_map(|row| {
        let events = events.remove(&row.id).unwrap_or_default();
        Deployment::of(row, events)
    })
}

impl Deployment {
    fn of(row: DeploymentRow, events: Vec<DeploymentEventRow>) -> Result<Self, StoreError> {
        let pinned = row.digest.is_some().then(|| is_pinned(row.reference.as_deref()));
        let state = row.state.as_ref();
        let ended = state.filter(|state| state.outcome.is_some());
        let milliseconds = state.and_then(|state| state.milliseconds).map(u64::try_from);
        let evidence = Source { sha256: row.evidence, trust: row.trust };
        let outcome_evidence = state
            .map(|state| Source { sha256: state.evidence.clone(), trust: state.trust.clone() })
            .filter(|source| *source != evidence);
        let events = events.into_iter().map(|event| {
            Ok::<_, StoreError>(DeploymentEvent {
                sequence: event.sequence,
                state: event.state,
                failure: event.failure,
                detail: event.detail,
                at: clock::stored(event.at)?,
                evidence: event.evidence,
            })
        });
        Ok(Self {
            id: row.id,
            service: row.service,
            environment: row.environment,
            commit: row.commit,
            digest: row.digest,
            reference: row.reference,
            pinned,
            mode: row.mode,
            rollback_of: row.rollback_of,
            version: row.version,
            actor: row.actor,
            started_at: clock::stored(row.started_at)?,
            finished_at: ended.map(|state| clock::stored(state.at)).transpose()?,
            outcome: state.and_then(|state| state.outcome),
            failure_class: state.and_then(|state| state.failure),
            detail: state.and_then(|state| state.detail.clone()),
            milliseconds: milliseconds.transpose().map_err(StoreError::corrupt)?,
            announced: row.announced,
            clock_skew: row.flagged,
            evidence,
            outcome_evidence,
            events: events.collect::<Result<_, _>>()?,
        })
    }
}

/// Whether a reference names its digest; where only the digest was asked for, it does.
fn is_pinned(reference: Option<&str>) -> bool {
    let Some(reference) = reference else {
        return true;
    };
    reference.parse::<ImageRef>().is_ok_and(|reference| reference.digest.is_some())
}
