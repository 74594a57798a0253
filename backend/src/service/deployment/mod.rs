//! Deployments, as those tell them who deploy: announced once, and then state by state.
//!
//! What is new is judged against the log itself, within the transaction that appends to it and has it to itself:
//! so two processes never take two bodies under one identity or number.

mod body;
mod stale;

pub use body::{EventBody, StartBody};
pub use stale::give_up_stale;

use super::log::{self, Trust};
use super::token::{Access, Scope};
use crate::field::FieldError;
use crate::store::{DeploymentDocument, Lock, Store, StoreError};
use evidence::{Claim, DeploymentId, DeploymentState, Evidence};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What was recorded of a deployment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeploymentReceipt {
    /// The deployment.
    pub id: DeploymentId,
    /// The evidence's identity.
    #[schema(pattern = "^[a-f0-9]{64}$")]
    pub sha256: String,
    /// Whether it is new; the same sent twice is recorded once.
    pub new: bool,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The body is JSON, but says something else than it must.
    #[error("the body is not what was expected")]
    Invalid(Vec<FieldError>),
    /// The token has not this scope.
    #[error("the scope {0} is missing")]
    Scope(Scope),
    /// The project has no such deployment.
    #[error("there is no such deployment")]
    Unknown,
    /// It was told otherwise before.
    #[error("{detail}")]
    Conflict {
        /// What was told before.
        detail: String,
        /// The places where the two differ.
        errors: Vec<FieldError>,
    },
    /// The database could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Records that a deployment begins.
///
/// # Errors
/// When the body is wrong, the token may not deploy there, or the identity is taken by another body.
pub async fn start(
    store: &Store,
    access: &Access,
    id: DeploymentId,
    body: &[u8],
) -> Result<DeploymentReceipt, DeploymentError> {
    let body: StartBody = body::read(body)?;
    check_actor(access, &body.actor)?;
    let scope = Scope::DeployWrite(body.environment.clone());
    if !access.has(&scope) {
        return Err(DeploymentError::Scope(scope));
    }
    let document = body.document(access.project.clone(), id.clone())?;
    let mut session = store.write(Lock::Ledger).await?;
    if let Some(known) = session.deployment_started(access.project.as_str(), id.as_str()).await? {
        return same_or_conflict(id, &known, &document, "this deployment was announced otherwise");
    }
    let appended = log::append(&mut session, &[(document, access.provenance())]).await?;
    session.commit().await?;
    Ok(receipt(id, appended))
}

/// Records what a deployment has come to.
///
/// # Errors
/// When the body is wrong, the token may not deploy there, there is no such deployment, or another state stands
/// under that number or after the end.
pub async fn advance(
    store: &Store,
    access: &Access,
    id: DeploymentId,
    body: &[u8],
) -> Result<DeploymentReceipt, DeploymentError> {
    let body: EventBody = body::read(body)?;
    let project = access.project.as_str();
    let mut session = store.write(Lock::Ledger).await?;
    let started = session.deployment_started(project, id.as_str()).await?.ok_or(DeploymentError::Unknown)?;
    if let Claim::DeploymentStarted(started) = started.evidence.claim {
        let scope = Scope::DeployWrite(started.environment);
        if !access.has(&scope) {
            return Err(DeploymentError::Scope(scope));
        }
    }
    let document = body.document(access.project.clone(), id.clone())?;
    let states = session.deployment_states(project, id.as_str()).await?;
    if let Some(known) = fits(&states, &document)? {
        return same_or_conflict(id, known, &document, "this number stands for another state");
    }
    let appended = log::append(&mut session, &[(document, access.provenance())]).await?;
    session.commit().await?;
    Ok(receipt(id, appended))
}

/// The state that has the new one's number already, if there is one; else whether the new one can stand among
/// those that there are.
fn fits<'a>(
    states: &'a [DeploymentDocument],
    document: &Evidence,
) -> Result<Option<&'a DeploymentDocument>, DeploymentError> {
    let Some(new) = state(document) else {
        return Ok(None);
    };
    // That nobody knows the end is a guess of ours, which gives way to whoever does know it.
    let told: Vec<_> = states.iter().filter(|known| known.trust != Trust::Poll.as_str()).collect();
    let conflict = |detail: String| Err(DeploymentError::Conflict { detail, errors: Vec::new() });
    for known in &told {
        let Some(before) = state(&known.evidence) else { continue };
        if before.sequence == new.sequence {
            return Ok(Some(known));
        }
        if before.state.is_final() && before.sequence < new.sequence {
            let (state, sequence) = (word(before), before.sequence);
            return conflict(format!("the deployment ended as {state} with the number {sequence}"));
        }
        if new.state.is_final() && before.sequence > new.sequence {
            let (end, sequence) = (word(new), before.sequence);
            return conflict(format!(
                "{end} would be the end, but the number {sequence} was told already; use a higher number"
            ));
        }
    }
    Ok(None)
}

fn state(evidence: &Evidence) -> Option<&DeploymentState> {
    match &evidence.claim {
        Claim::DeploymentState(state) => Some(state),
        _ => None,
    }
}

/// The state as it stands in JSON.
fn word(state: &DeploymentState) -> String {
    match serde_json::to_value(state.state) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A workflow deploys in the name that GitHub vouches for, and no other.
fn check_actor(access: &Access, actor: &str) -> Result<(), DeploymentError> {
    let claims: Option<Value> = access.claims.as_deref().and_then(|claims| serde_json::from_str(claims).ok());
    let vouched = claims.as_ref().and_then(|claims| claims.get("actor")?.as_str());
    match vouched {
        Some(vouched) if vouched != actor => {
            let detail = format!("expected {vouched:?}, whom the workflow's own token names");
            Err(DeploymentError::Invalid(vec![FieldError { pointer: "/actor".to_owned(), detail }]))
        }
        _ => Ok(()),
    }
}

fn receipt(id: DeploymentId, appended: Vec<log::Appended>) -> DeploymentReceipt {
    let appended = appended.into_iter().next();
    let (sha256, new) = appended.map_or((String::new(), false), |done| (done.sha256, done.new));
    DeploymentReceipt { id, sha256, new }
}

fn same_or_conflict(
    id: DeploymentId,
    known: &DeploymentDocument,
    document: &Evidence,
    otherwise: &str,
) -> Result<DeploymentReceipt, DeploymentError> {
    if known.sha256 == document.sha256() {
        return Ok(DeploymentReceipt { id, sha256: known.sha256.clone(), new: false });
    }
    let (before, now) = (fields(&known.evidence), fields(document));
    let names: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != now.get(*name));
    let errors = differing.map(|name| {
        let detail = match before.get(name) {
            Some(value) => format!("was told as {value}"),
            None => "was not told".to_owned(),
        };
        FieldError { pointer: format!("/{name}"), detail }
    });
    Err(DeploymentError::Conflict { detail: otherwise.to_owned(), errors: errors.collect() })
}

/// The fields of a body that such a document is made of.
fn fields(evidence: &Evidence) -> serde_json::Map<String, Value> {
    let mut document = serde_json::to_value(evidence).unwrap_or_default();
    let mut fields = match document.get_mut("claim").map(Value::take) {
        Some(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    fields.insert("occurred_at".to_owned(), document["occurred_at"].take());
    fields
}
