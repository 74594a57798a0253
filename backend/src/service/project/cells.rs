//! What runs in each cell of the board: the last deployment that succeeded, and the last that came to any end. And
//! when each digest first succeeded there.

use crate::store::tables::{ENV_STATE, FIRST_SUCCESS};
use crate::store::{Cell, Changes, Finished, Key, Key3, Session, StoreError};
use std::collections::BTreeSet;

/// Draws the cells of deployments again. `revised` are those whose end was told before and is told otherwise now: of
/// their cells nothing that was drawn before can be kept.
pub(super) async fn project(
    session: &mut Session,
    deployments: &[Key],
    revised: &BTreeSet<Key3>,
) -> Result<bool, StoreError> {
    let mut changes = Changes::default();
    for cell in revised {
        session.empty_cell(cell).await?;
        session.finished_in(cell).await?.iter().for_each(|finished| put(&mut changes, finished));
    }
    for finished in session.finished(deployments).await? {
        put(&mut changes, &finished);
    }
    Ok(session.put(&changes).await? || !revised.is_empty())
}

/// The cells of those of these deployments whose end is known already.
pub(super) async fn revised(
    session: &mut Session,
    deployments: &[Key],
) -> Result<BTreeSet<Key3>, StoreError> {
    Ok(session.finished(deployments).await?.iter().map(Finished::cell).collect())
}

/// Puts what a deployment's end makes of its cell, and of its digest.
pub(super) fn put(changes: &mut Changes, finished: &Finished) {
    let kind = if finished.mode == "rollback" { "rollback" } else { "deploy" };
    let mut slot = |slot: &str| {
        let row: Vec<Cell> = vec![
            finished.project.as_str().into(),
            finished.service.as_str().into(),
            finished.environment.as_str().into(),
            slot.into(),
            finished.at.into(),
            finished.seq.into(),
            kind.into(),
            finished.outcome.as_str().into(),
            finished.commit.as_str().into(),
            finished.digest.as_deref().into(),
            finished.version.as_str().into(),
            finished.actor.as_str().into(),
            finished.evidence.as_str().into(),
        ];
        changes.put(&ENV_STATE, row);
    };
    slot("attempt");
    if finished.outcome != "success" {
        return;
    }
    slot("running");
    if let Some(digest) = &finished.digest {
        let row: Vec<Cell> = vec![
            finished.project.as_str().into(),
            digest.as_str().into(),
            finished.environment.as_str().into(),
            finished.service.as_str().into(),
            (-finished.at).into(),
            finished.id.as_str().into(),
            finished.commit.as_str().into(),
            finished.mode.as_str().into(),
            finished.evidence.as_str().into(),
        ];
        changes.put(&FIRST_SUCCESS, row);
    }
}
