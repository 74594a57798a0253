//! Makes the board's rows and the incidents out of the evidence.
//!
//! Everything here is a function of the log: in whatever order documents came, and however often they are projected, the
//! same documents make the same rows.

mod cells;
mod fold;
mod incidents;
mod notices;
mod reachable;
mod rebuild;
mod touched;

pub use incidents::Change;
pub use rebuild::{Rebuilt, fingerprints, rebuild, verify_projections};

use crate::store::{Changes, Key, Lock, Session, Store, StoreError, StoredEvidence};
use evidence::Evidence;
use fold::Fold;
use std::collections::{BTreeSet, HashMap};
use touched::Touched;

/// How many documents one transaction takes.
const BATCH: i64 = 1000;

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projected {
    /// How many documents it took.
    pub documents: usize,
    /// Whether anything on the board changed.
    pub changed: bool,
    /// What became of incidents.
    pub incidents: Vec<Change>,
}

/// Projects the next documents, if there are any. Several may do this at once: the cursor moves in the
/// same transaction as the rows, and each document counts once.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn project_next(store: &Store) -> Result<Projected, StoreError> {
    project_and_tell(store, false).await
}

/// As [`project_next`]; if `tell`, what became of incidents is put into the outbox in the same transaction.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn project_and_tell(store: &Store, tell: bool) -> Result<Projected, StoreError> {
    // Looking first is cheap; the lock below keeps other writers out.
    let mut reader = store.read().await?;
    let head = reader.projection_head().await?;
    if reader.rebuilds_wanted().await? > 0 {
        drop(reader);
        let Some(rebuilt) = rebuild::rebuild_if_wanted(store).await? else { return Ok(Projected::default()) };
        tracing::info!(documents = rebuilt.documents, "projected everything again");
        return Ok(Projected { documents: rebuilt.documents, changed: true, incidents: Vec::new() });
    }
    if reader.evidence_after(head.cursor, 1).await?.is_empty() {
        return Ok(Projected::default());
    }
    drop(reader);

    let mut session = store.write(Lock::Projection).await?;
    let head = session.projection_head().await?;
    let rows = session.evidence_after(head.cursor, BATCH).await?;
    let Some(last) = rows.last() else {
        return Ok(Projected::default());
    };
    let (cursor, documents) = (last.seq, rows.len());
    let mut touched = Touched::default();
    let changes = fold_rows(&mut session, &rows, &mut touched).await?;
    let deployments: Vec<Key> = touched.deployments.iter().cloned().collect();
    let revised = if deployments.is_empty() {
        BTreeSet::new()
    } else {
        cells::revised(&mut session, &deployments).await?
    };
    touched.revised = !revised.is_empty();
    let mut changed = session.put(&changes).await?;
    if !deployments.is_empty() {
        let mut all = revised;
        // A cell that an end was told for under another name before is the one that it has now, or both.
        if !all.is_empty() {
            all.extend(cells::revised(&mut session, &deployments).await?);
        }
        changed |= cells::project(&mut session, &deployments, &all).await?;
    }
    for project in &touched.projects {
        changed |= reachable::project(&mut session, project).await?;
    }
    let policies = session.policies().await?;
    let incidents = incidents::project(&mut session, &policies, &touched).await?;
    changed |= !incidents.is_empty();
    if tell {
        notices::enqueue(&mut session, &incidents).await?;
    }
    session.set_projection_head(cursor, head.version + i64::from(changed)).await?;
    session.commit().await?;
    Ok(Projected { documents, changed, incidents })
}

/// The rows that documents of the log make, before anything follows from several of them together. A pure function of
/// what is given.
pub fn rows_of<'a>(
    ci_workflows: &HashMap<i64, String>,
    documents: impl IntoIterator<Item = (&'a StoredEvidence, &'a Evidence)>,
) -> Changes {
    let (mut changes, mut touched) = (Changes::default(), Touched::default());
    let mut fold = Fold { ci_workflows, changes: &mut changes, touched: &mut touched };
    documents.into_iter().for_each(|(row, evidence)| fold.document(row, evidence));
    changes
}

/// Folds rows of the log.
async fn fold_rows(
    session: &mut Session,
    rows: &[StoredEvidence],
    touched: &mut Touched,
) -> Result<Changes, StoreError> {
    let ci_workflows = session.ci_workflows().await?;
    let mut changes = Changes::default();
    let mut fold = Fold { ci_workflows: &ci_workflows, changes: &mut changes, touched };
    let skipped = fold.rows(rows);
    session.skip(&skipped).await?;
    Ok(changes)
}

/// Whether the next step projects everything again, which may take minutes.
///
/// # Errors
/// When the database cannot be asked.
pub async fn rebuild_wanted(store: &Store) -> Result<bool, StoreError> {
    Ok(store.read().await?.rebuilds_wanted().await? > 0)
}

/// Asks for everything to be projected again if this version can read what an older one had to set aside. To be called
/// when a worker starts.
///
/// # Errors
/// When the database cannot be asked.
pub async fn take_up_skipped(store: &Store) -> Result<(), StoreError> {
    let mut session = store.read().await?;
    let skipped = session.skipped(100).await?;
    let mut readable = false;
    for seq in skipped {
        let rows = session.evidence_after(seq - 1, 1).await?;
        readable |= rows.iter().any(|row| serde_json::from_str::<Evidence>(&row.body).is_ok());
    }
    drop(session);
    if readable {
        let mut session = store.write(Lock::None).await?;
        session.want_rebuild().await?;
        session.commit().await?;
    }
    Ok(())
}
