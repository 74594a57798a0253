//! Reads and folds the log ahead of whoever writes what comes of it: the database and two threads work at once. What is to be
//! judged by several documents together is set aside on the way.

use super::super::fold::{Fold, Skipped};
use super::super::touched::Touched;
use super::gather::Gathered;
use crate::store::{Changes, Session, Store, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// How many documents are read at a time.
const PAGE: i64 = 2000;

/// How many documents' rows are put at once: the more, the fewer places of an index are visited twice. Up to three such
/// batches are in memory, at some kilobytes for each document.
const BATCH: usize = 25_000;

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
    reading: JoinHandle<Result<Gathered, StoreError>>,
}

impl Ahead {
    /// Begins to read. The log is only ever added to, so that another transaction reads the same.
    pub async fn new(store: &Store, ci_workflows: HashMap<i64, String>) -> Result<Self, StoreError> {
        let reader = store.read().await?;
        let (sender, stretches) = channel(1);
        let gathered = Gathered::new(store.scratch());
        let reading = tokio::spawn(read(reader, Arc::new(ci_workflows), gathered, sender));
        Ok(Self { stretches, reading })
    }

    /// The next stretch; none once all of the log was read, or could not be.
    pub async fn next(&mut self) -> Option<Stretch> {
        self.stretches.recv().await
    }

    /// What was set aside of all stretches, once there is none any more.
    ///
    /// # Errors
    /// When the log could not be read.
    pub async fn gathered(self) -> Result<Gathered, StoreError> {
        // Whoever gives up early is not waited for.
        drop(self.stretches);
        self.reading.await.map_err(StoreError::lost)?
    }
}

async fn read(
    mut reader: Session,
    ci_workflows: Arc<HashMap<i64, String>>,
    mut gathered: Gathered,
    sender: Sender<Stretch>,
) -> Result<Gathered, StoreError> {
    let mut stretch = Stretch::after(0);
    let mut page = reader.evidence_after(0, PAGE).await?;
    while let Some(last) = page.last() {
        let cursor = last.seq;
        let ci_workflows = Arc::clone(&ci_workflows);
        let folding = tokio::task::spawn_blocking(move || {
            let (mut changes, mut touched) = (Changes::default(), Touched::default());
            let mut fold = Fold { ci_workflows: &ci_workflows, changes: &mut changes, touched: &mut touched };
            stretch.skipped.extend(fold.rows(&page));
            gathered.add(&changes);
            stretch.changes.append(changes);
            stretch.changes.sort();
            stretch.projects.extend(touched.projects);
            stretch.documents += page.len();
            stretch.cursor = cursor;
            (stretch, gathered)
        });
        page = reader.evidence_after(cursor, PAGE).await?;
        (stretch, gathered) = folding.await.map_err(StoreError::lost)?;
        if stretch.documents >= BATCH || page.is_empty() {
            let whole = std::mem::replace(&mut stretch, Stretch::after(cursor));
            if sender.send(whole).await.is_err() {
                // Whoever asked for it has failed.
                break;
            }
        }
    }
    Ok(gathered)
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
