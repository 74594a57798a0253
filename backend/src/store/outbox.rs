//! What is still to be told to others.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its identity, by which the receiver knows it when it comes twice.
    pub id: String,
    /// What it tells, such as `incident.opened`.
    pub event: String,
    /// The JSON text that is sent.
    pub body: String,
    /// When it was written, in microseconds.
    pub created_at: i64,
    /// `pending`, `sent` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When to try next, in microseconds.
    pub next_attempt_at: i64,
    /// Why it failed last.
    pub error: Option<String>,
}

macro_rules! notices {
    ($rest:literal) => {
        concat!(
            "SELECT id, event, body, created_at, state, attempts, next_attempt_at, error FROM outbox ",
            $rest
        )
    };
}

impl Session {
    /// Adds a notice, unless there was one of that identity: making projections again tells nothing twice.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn enqueue_outbox(
        &mut self,
        id: &str,
        event: &str,
        body: &str,
        at: i64,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO outbox (id, event, body, created_at, next_attempt_at) VALUES ($1, $2, $3, $4, $4) \
                   ON CONFLICT (id) DO NOTHING";
        Ok(self.execute(sql, &[Text(id), Text(event), Text(body), Int(at)]).await? == 1)
    }

    /// The newest notices, of one state or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn notices(&mut self, state: Option<&str>, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = notices!("WHERE $1 IS NULL OR state = $1 ORDER BY created_at DESC, id LIMIT $2");
        self.rows(sql, &[MaybeText(state), Int(limit)]).await?.iter().map(OutboxRow::read).collect()
    }

    /// Queues a notice again; answers `false` if there is none of that identity.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_notice(&mut self, id: &str, at: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE outbox SET state = 'pending', attempts = 0, next_attempt_at = $2, error = NULL \
                   WHERE id = $1";
        Ok(self.execute(sql, &[Text(id), Int(at)]).await? == 1)
    }

    /// Queues again all notices that failed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_failed_notices(&mut self, at: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE outbox SET state = 'pending', attempts = 0, next_attempt_at = $1, error = NULL \
                   WHERE state = 'failed'";
        self.execute(sql, &[Int(at)]).await
    }
}

impl OutboxRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            event: row.text(1)?,
            body: row.text(2)?,
            created_at: row.int(3)?,
            state: row.text(4)?,
            attempts: row.int(5)?,
            next_attempt_at: row.int(6)?,
            error: row.maybe_text(7)?,
        })
    }
}
