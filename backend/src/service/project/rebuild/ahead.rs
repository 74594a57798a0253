//! Reads and folds the log ahead of whoever writes what comes of it: the database and two threads work at once. What is to be
//! judged by several documents together is set aside on the way.

use super::super::fold::{Fold, Skipped};
use super::super::touched::Touched;
use super::gather::Gathered;
use crate::store::{Changes, Filled, Prepared, Session, Store, StoreError, StoredEvidence};
use std::collections::{BTreeSet, HashMap};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

/// How many documents are read at a time.
const PAGE: i64 = 2000;

/// How many documents' rows are put at once: the more, the fewer places of an index are visited twice. Up to three such
/// batches are in memory, at some kilobytes for each document.
const BATCH: usize = 25_000;

/// What a stretch of the log comes to.
pub(super) struct Stretch {
    pub rows: Prepared,
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
    reading: JoinHandle<Result<Folding, StoreError>>,
}

impl Ahead {
    /// Begins to read. The log is only ever added to, so that another transaction reads the same.
    pub async fn new(store: &Store, ci_workflows: HashMap<i64, String>) -> Result<Self, StoreError> {
        let reader = store.read().await?;
        let (sender, stretches) = channel(1);
        let folding = Folding {
            ci_workflows,
            gathered: Gathered::new(store.scratch()),
            filled: Filled::new(store),
            stretch: Folded::default(),
        };
        let reading = tokio::spawn(read(reader, folding, sender));
        Ok(Self { stretches, reading })
    }

    /// The next stretch; none once all of the log was read, or could not be.
    pub async fn next(&mut self) -> Option<Stretch> {
        self.stretches.recv().await
    }

    /// What was set aside of all stretches, and what they filled, once there is none any more.
    ///
    /// # Errors
    /// When the log could not be read.
    pub async fn end(self) -> Result<(Gathered, Filled), StoreError> {
        // Whoever gives up early is not waited for.
        drop(self.stretches);
        let Folding { gathered, filled, .. } = self.reading.await.map_err(StoreError::lost)??;
        Ok((gathered, filled))
    }
}

/// While a page is folded the next one is read.
async fn read(
    mut reader: Session,
    mut folding: Folding,
    sender: Sender<Stretch>,
) -> Result<Folding, StoreError> {
    let mut page = reader.evidence_after(0, PAGE).await?;
    loop {
        let cursor = page.last().map(|last| last.seq);
        let folded = spawn_blocking(move || {
            let stretch = folding.page(&page);
            (folding, stretch)
        });
        page = match cursor {
            Some(cursor) => reader.evidence_after(cursor, PAGE).await?,
            None => Vec::new(),
        };
        let stretch;
        (folding, stretch) = folded.await.map_err(StoreError::lost)?;
        if let Some(stretch) = stretch?
            && sender.send(stretch).await.is_err()
        {
            // Whoever asked for it has failed.
            break;
        }
        if cursor.is_none() {
            break;
        }
    }
    Ok(folding)
}

/// The work on the log that asks the database nothing.
struct Folding {
    ci_workflows: HashMap<i64, String>,
    gathered: Gathered,
    filled: Filled,
    /// The stretch that is not yet whole.
    stretch: Folded,
}

#[derive(Default)]
struct Folded {
    changes: Changes,
    skipped: Vec<Skipped>,
    projects: BTreeSet<String>,
    documents: usize,
    cursor: i64,
}

impl Folding {
    /// Folds a page; answers a stretch if it is whole with it. Without rows the page is the log's end.
    fn page(&mut self, page: &[StoredEvidence]) -> Result<Option<Stretch>, StoreError> {
        let (mut changes, mut touched) = (Changes::default(), Touched::default());
        let mut fold =
            Fold { ci_workflows: &self.ci_workflows, changes: &mut changes, touched: &mut touched };
        self.stretch.skipped.extend(fold.rows(page));
        self.gathered.add(&changes);
        self.stretch.changes.append(changes);
        self.stretch.changes.sort();
        self.stretch.projects.extend(touched.projects);
        self.stretch.documents += page.len();
        self.stretch.cursor = page.last().map_or(self.stretch.cursor, |last| last.seq);
        let enough = if page.is_empty() { 1 } else { BATCH };
        if self.stretch.documents < enough {
            return Ok(None);
        }
        let Folded { changes, skipped, projects, documents, cursor } = std::mem::take(&mut self.stretch);
        let rows = self.filled.prepare(changes)?;
        Ok(Some(Stretch { rows, skipped, projects, documents, cursor }))
    }
}
