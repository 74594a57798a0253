//! Makes the board's rows out of the evidence.

use super::clock;
use crate::store::{Head, Lock, RunChange, Session, Slot, Source, Store, StoreError, StoredEvidence};
use evidence::{Claim, Evidence, Outcome};

/// How many documents one transaction takes.
const BATCH: i64 = 500;

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Projected {
    /// How many documents it took.
    pub documents: usize,
    /// Whether anything on the board changed.
    pub changed: bool,
}

/// Projects the next documents, if there are any. Several may do this at once: the cursor moves in the
/// same transaction as the rows, and each document counts once.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn project_next(store: &Store) -> Result<Projected, StoreError> {
    // Looking first is cheap; the lock below keeps other writers out.
    let mut reader = store.read().await?;
    let head = reader.projection_head().await?;
    if reader.evidence_after(head.cursor, 1).await?.is_empty() {
        return Ok(Projected::default());
    }
    drop(reader);

    let mut session = store.write(Lock::Projection).await?;
    let head = session.projection_head().await?;
    let documents = session.evidence_after(head.cursor, BATCH).await?;
    let Some(last) = documents.last() else {
        return Ok(Projected::default());
    };
    let cursor = last.seq;
    let mut changed = false;
    for document in &documents {
        changed |= apply(&mut session, document).await?;
    }
    let version = head.version + i64::from(changed);
    session.set_projection_head(Head { cursor, version }).await?;
    session.commit().await?;
    Ok(Projected { documents: documents.len(), changed })
}

async fn apply(session: &mut Session, document: &StoredEvidence) -> Result<bool, StoreError> {
    let evidence: Evidence = serde_json::from_str(&document.body).map_err(|error| {
        let seq = document.seq;
        StoreError::corrupt(format!(
            "evidence {seq} is not of a form that this version knows ({error}); run a newer worker"
        ))
    })?;
    let source = Source {
        project: &evidence.project,
        occurred_at: clock::micros(evidence.occurred_at),
        seq: document.seq,
    };
    match &evidence.claim {
        Claim::Commit { commit, subject, author, parents } => {
            session.put_commit(source, commit, subject, author, parents.first()).await
        }
        Claim::CiVerdict { commit, outcome, .. } => {
            session.put_ci_verdict(source, commit, outcome.as_str()).await
        }
        Claim::Smoke { commit, outcome, .. } => session.put_smoke(source, commit, outcome.as_str()).await,
        Claim::ImageBuilt { commit, digest, platforms, size_bytes, .. } => {
            let platforms = serde_json::to_string(platforms).map_err(StoreError::corrupt)?;
            let size = i64::try_from(*size_bytes).map_err(StoreError::corrupt)?;
            session.put_image(source, commit, digest, size, &platforms).await
        }
        Claim::Published { commit, digest, repository, tags } => {
            let mut changed = false;
            for tag in tags {
                changed |= session.put_publication(source, repository, tag, commit, digest).await?;
            }
            Ok(changed)
        }
        Claim::Deployed { service, environment, commit, digest, version, outcome, actor, .. } => {
            let run = RunChange {
                service,
                environment,
                kind: "deploy",
                outcome: outcome.as_str(),
                commit,
                digest: digest.as_ref(),
                version,
                actor,
                evidence: &document.sha256,
            };
            put_run(session, source, *outcome, &run).await
        }
        Claim::RolledBack { service, environment, commit, digest, version, actor, .. } => {
            let run = RunChange {
                service,
                environment,
                kind: "rollback",
                outcome: Outcome::Success.as_str(),
                commit,
                digest: digest.as_ref(),
                version,
                actor,
                evidence: &document.sha256,
            };
            put_run(session, source, Outcome::Success, &run).await
        }
        _ => Ok(false),
    }
}

/// Every attempt is the last one for a while; only a success changes what runs.
async fn put_run(
    session: &mut Session,
    source: Source<'_>,
    outcome: Outcome,
    run: &RunChange<'_>,
) -> Result<bool, StoreError> {
    let mut changed = session.put_run(source, Slot::Attempt, run).await?;
    if outcome == Outcome::Success {
        changed |= session.put_run(source, Slot::Running, run).await?;
    }
    Ok(changed)
}
