//! Projects everything again from the log, and compares.

mod ahead;
mod compact;
mod gather;
mod parts;
mod settle;

use super::touched::Touched;
use super::{incidents, reachable};
use crate::service::token::hex;
use crate::store::tables::TABLES;
use crate::store::{Cell, Key3, Lock, Session, Store, StoreError, Subjects};
use ahead::Ahead;
use settle::{Settled, Settling};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How many rows, or subjects, are taken at a time.
const BATCH: i64 = 5000;

/// What a rebuild did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many documents it projected.
    pub documents: usize,
}

/// Makes all projections again, in one transaction: until it is committed, everybody sees the old ones.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn rebuild(store: &Store) -> Result<Rebuilt, StoreError> {
    let session = store.write_long(Lock::Projection).await?;
    rebuild_in(store, session).await
}

/// As [`rebuild`], unless nobody wants it any more: another process has done it.
///
/// # Errors
/// As [`rebuild`].
pub(super) async fn rebuild_if_wanted(store: &Store) -> Result<Option<Rebuilt>, StoreError> {
    let mut session = store.write_long(Lock::Projection).await?;
    match session.rebuilds_wanted().await? {
        0 => Ok(None),
        _ => rebuild_in(store, session).await.map(Some),
    }
}

async fn rebuild_in(store: &Store, mut session: Session) -> Result<Rebuilt, StoreError> {
    let documents = again(store, &mut session).await?;
    // A restored copy goes its own way from here: nobody may take its versions for the original's.
    let mut epoch = [0; 8];
    getrandom::fill(&mut epoch).map_err(|error| StoreError::Internal(error.to_string()))?;
    session.set_epoch(&hex(&epoch)).await?;
    session.commit().await?;
    Ok(Rebuilt { documents })
}

/// Makes all projections again, compares them with what was there, and leaves what was there. Answers the names of the
/// tables that differ: there should be none.
///
/// # Errors
/// When the database cannot be used.
pub async fn verify_projections(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut session = store.write_long(Lock::Projection).await?;
    let head = session.projection_head().await?;
    if !session.evidence_after(head.cursor, 1).await?.is_empty() {
        let detail = "the worker has not projected everything yet; try again when it has";
        return Err(StoreError::Unavailable(detail.to_owned()));
    }
    let before = of_tables(&mut session).await?;
    again(store, &mut session).await?;
    let after = of_tables(&mut session).await?;
    // Not committed: dropping the session rolls all of it back.
    Ok(before
        .into_iter()
        .filter(|(table, hash)| after.get(table) != Some(hash))
        .map(|(table, _)| table)
        .collect())
}

/// A hash over each projection table's rows, by the table's name.
///
/// # Errors
/// When the database cannot answer.
pub async fn fingerprints(store: &Store) -> Result<BTreeMap<String, String>, StoreError> {
    of_tables(&mut store.read().await?).await
}

async fn of_tables(session: &mut Session) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    for table in TABLES {
        let mut hash = Sha256::new();
        let mut last: Option<Vec<Cell>> = None;
        loop {
            let rows = session.dump(table, last.as_deref(), BATCH).await?;
            for row in &rows {
                hash.update(serde_json::to_vec(row).map_err(StoreError::corrupt)?);
            }
            match rows.into_iter().next_back() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
        found.insert(table.name.to_owned(), hex(&hash.finalize()));
    }
    let incidents = format!("{:?}", session.all_incidents().await?);
    found.insert("incident".to_owned(), hex(&Sha256::digest(incidents.as_bytes())));
    Ok(found)
}

async fn again(store: &Store, session: &mut Session) -> Result<usize, StoreError> {
    let head = session.projection_head().await?;
    // Before anything is read that a wish may be about.
    let wishes = session.rebuilds_wanted().await?;
    // Reading begins while what was is taken away.
    let mut ahead = Ahead::new(store, session.ci_workflows().await?).await?;
    let policies = session.policies().await?;
    let indexes = session.take_indexes(TABLES).await?;
    for table in TABLES {
        session.clear(table).await?;
    }
    session.clear_incidents().await?;
    session.forget_skipped().await?;
    let mut projects = BTreeSet::new();
    let (mut cursor, mut documents) = (0, 0);
    while let Some(stretch) = ahead.next().await {
        session.fill(stretch.rows).await?;
        session.skip(&stretch.skipped).await?;
        projects.extend(stretch.projects);
        documents += stretch.documents;
        cursor = stretch.cursor;
    }
    let (gathered, filled) = ahead.end().await?;
    let mut settling = Settling::begin(gathered, filled, policies);
    // Meanwhile all that does not wait for it.
    session.make_indexes(indexes).await?;
    session.count_rows(TABLES).await?;
    for project in &projects {
        reachable::project(session, project).await?;
    }
    for of in [Subjects::PublishedCommits, Subjects::Tags, Subjects::ObservedCells] {
        judge_every(session, of).await?;
    }
    while let Some(Settled { rows, incidents }) = settling.next().await? {
        session.fill(rows).await?;
        session.put_incidents(&incidents).await?;
    }
    session.count_rows(settle::TABLES).await?;
    session.rebuilt(wishes).await?;
    session.set_projection_head(cursor, head.version + 1).await?;
    Ok(documents)
}

/// Judges all subjects of a sort.
async fn judge_every(session: &mut Session, of: Subjects) -> Result<(), StoreError> {
    let mut after = Key3::default();
    loop {
        let page = session.subjects(of, &after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.clone();
        let mut touched = Touched::default();
        let pairs = || page.iter().map(|(project, second, _)| (project.clone(), second.clone()));
        match of {
            Subjects::PublishedCommits => touched.commits.extend(pairs()),
            Subjects::ObservedCells => touched.cells.extend(page.iter().cloned()),
            Subjects::Tags => {
                for (project, repository, tag) in &page {
                    let project = project.parse().map_err(StoreError::corrupt)?;
                    let tag = tag.parse().map_err(StoreError::corrupt)?;
                    touched.tag(&project, repository, &tag);
                }
            }
        }
        incidents::project_anew(session, &touched).await?;
    }
}
