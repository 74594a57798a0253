//! Takes in what others tell, and keeps what came at the same time by one transaction. What is acknowledged is
//! durable.

use super::group_commit::{GroupCommit, Write};
use super::log::{self, Appended, Provenance};
use crate::store::{Insertion, Lock, NewDelivery, Store, StoreError};
use bytes::Bytes;
use evidence::Evidence;

/// What a row takes beside its body, roughly.
const ROW_WEIGHT: usize = 512;

/// A webhook whose signature was good.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who sends it, such as `github`.
    pub source: &'static str,
    /// The sender's own name for it.
    pub guid: String,
    /// The event's name.
    pub event: String,
    /// What happened, of events that say it.
    pub action: Option<String>,
    /// The repository, of events that are about one.
    pub repository_id: Option<i64>,
    /// When it came, in microseconds.
    pub received_at: i64,
    /// Its bytes.
    pub body: Bytes,
    /// Their SHA-256.
    pub body_sha256: String,
}

/// Documents that are appended together.
struct Batch {
    documents: Vec<(Evidence, Provenance)>,
    bytes: usize,
}

/// Where webhooks and evidence wait to be written. Cheap to clone; all clones share the queues.
#[derive(Clone)]
pub struct Intake {
    deliveries: GroupCommit<DeliveryWriter>,
    evidence: GroupCommit<EvidenceWriter>,
}

struct DeliveryWriter {
    store: Store,
}

struct EvidenceWriter {
    store: Store,
}

impl Intake {
    /// Prepares the queues; nothing is opened yet.
    pub fn new(store: Store) -> Self {
        Self {
            deliveries: GroupCommit::new(DeliveryWriter { store: store.clone() }),
            evidence: GroupCommit::new(EvidenceWriter { store }),
        }
    }

    /// Keeps a delivery. When this answers well, it is durable.
    ///
    /// # Errors
    /// When the database cannot take it, or too many wait already.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Insertion, StoreError> {
        self.deliveries.write(delivery).await
    }

    /// Appends documents to the log, all or none; `bytes` says how much text they are. When this answers well, they
    /// are durable. Appending has the log to itself, so what comes at the same time waits for one commit and not for
    /// one after the other.
    ///
    /// # Errors
    /// When the database cannot take them, or too many wait already.
    pub async fn append(
        &self,
        documents: Vec<(Evidence, Provenance)>,
        bytes: usize,
    ) -> Result<Vec<Appended>, StoreError> {
        self.evidence.write(Batch { documents, bytes }).await
    }
}

impl Write for DeliveryWriter {
    type Item = Delivery;
    type Done = Insertion;

    fn weight(item: &Delivery) -> usize {
        item.body.len() + ROW_WEIGHT
    }

    async fn write(&self, items: &[Delivery]) -> Result<Vec<Insertion>, StoreError> {
        let rows: Vec<_> = items.iter().map(Delivery::row).collect();
        let mut session = self.store.write(Lock::None).await?;
        let insertions = session.insert_deliveries(&rows).await?;
        session.commit().await?;
        Ok(insertions)
    }
}

impl Write for EvidenceWriter {
    type Item = Batch;
    type Done = Vec<Appended>;

    fn weight(item: &Batch) -> usize {
        item.bytes + item.documents.len() * ROW_WEIGHT
    }

    async fn write(&self, items: &[Batch]) -> Result<Vec<Vec<Appended>>, StoreError> {
        let all: Vec<_> = items.iter().flat_map(|batch| batch.documents.iter().cloned()).collect();
        let mut session = self.store.write(Lock::Ledger).await?;
        let mut appended = log::append(&mut session, &all).await?.into_iter();
        session.commit().await?;
        Ok(items.iter().map(|batch| appended.by_ref().take(batch.documents.len()).collect()).collect())
    }
}

impl Delivery {
    fn row(&self) -> NewDelivery<'_> {
        NewDelivery {
            source: self.source,
            guid: &self.guid,
            event: &self.event,
            action: self.action.as_deref(),
            repository_id: self.repository_id,
            received_at: self.received_at,
            body: &self.body,
            body_sha256: &self.body_sha256,
        }
    }
}
