//! Reads and folds the log ahead of whoever writes what comes of it: the database and two threads work at once.

use super::super::fold::{Fold, Skipped};
use super::super::touched::Touched;
use crate::store::{Changes, Session, Store, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinError, JoinHandle};

/// How many documents are read at a time.
const PAGE: i64 = 2000;

/// How many documents' rows are put at once: the more, the fewer places of an index are visited twice. Up to three such
/// batches are in memory, at some kilobytes for each document.
const BATCH: usize = 10_000;

/// What a stretch of the log comes to.
pub(super) struct Stretch {
    pub changes: Changes,
    pub skipped: Vec<Skipped>,
    /// Projects whose default branch or commits changed.
    pub projects: BTreeSet<String>,
    pub documents: usize,
    /// Its last place in the log.
    pub cursor: i64,
}

/// The whole log as it is now.
pub(super) struct Ahead {
    stretches: Receiver<Stretch>,
    reading: JoinHandle<Result<(), StoreError>>,
}

impl Ahead {
    /// Begins to read. The log is only ever added to, so that another transaction reads the same.
    pub async fn new(store: &Store, ci_workflows: HashMap<i64, String>) -> Result<Self, StoreError> {
        let reader = store.read().await?;
        let (sender, stretches) = channel(1);
        let reading = tokio::spawn(read(reader, Arc::new(ci_workflows), sender));
        Ok(Self { stretches, reading })
    }

    /// The next stretch; none once all of the log was read.
    pub async fn next(&mut self) -> Result<Option<Stretch>, StoreError> {
        match self.stretches.recv().await {
            Some(stretch) => Ok(Some(stretch)),
            None => (&mut self.reading).await.map_err(failed)?.map(|()| None),
        }
    }
}

fn failed(error: JoinError) -> StoreError {
    StoreError::Internal(error.to_string())
}

async fn read(
    mut reader: Session,
    ci_workflows: Arc<HashMap<i64, String>>,
    sender: Sender<Stretch>,
) -> Result<(), StoreError> {
    let mut stretch = Stretch::after(0);
    let mut page = reader.evidence_after(0, PAGE).await?;
    while let Some(last) = page.last() {
        let cursor = last.seq;
        let ci_workflows = Arc::clone(&ci_workflows);
        let folding = tokio::task::spawn_blocking(move || {
            let mut touched = Touched::default();
            let mut fold =
                Fold { ci_workflows: &ci_workflows, changes: &mut stretch.changes, touched: &mut touched };
            stretch.skipped.extend(fold.rows(&page));
            stretch.changes.sort();
            stretch.projects.extend(touched.projects);
            stretch.documents += page.len();
            stretch.cursor = cursor;
            stretch
        });
        page = reader.evidence_after(cursor, PAGE).await?;
        stretch = folding.await.map_err(failed)?;
        if stretch.documents >= BATCH || page.is_empty() {
            let whole = std::mem::replace(&mut stretch, Stretch::after(cursor));
            if sender.send(whole).await.is_err() {
                // Whoever asked for it has failed.
                return Ok(());
            }
        }
    }
    Ok(())
}

impl Stretch {
    fn after(cursor: i64) -> Self {
        Self {
            changes: Changes::default(),
            skipped: Vec::new(),
            projects: BTreeSet::new(),
            documents: 0,
            cursor,
        }
    }
}
