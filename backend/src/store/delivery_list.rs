//! Deliveries, for those who look after them.

use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};

/// A delivery without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// GitHub's identity of it.
    pub guid: String,
    /// The event, such as `workflow_run`.
    pub event: String,
    /// What happened to it, such as `completed`.
    pub action: Option<String>,
    /// GitHub's number of the repository.
    pub repository_id: Option<i64>,
    /// When it came, in microseconds.
    pub received_at: i64,
    /// `pending`, `processed`, `ignored` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last.
    pub error: Option<String>,
    /// Whether its body is still there.
    pub body: bool,
}

impl Session {
    /// The newest deliveries, of one state or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deliveries(
        &mut self,
        state: Option<&str>,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let sql = "SELECT guid, event, action, repository_id, received_at, state, attempts, error, \
                   CASE WHEN body IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END \
                   FROM delivery WHERE $1 IS NULL OR state = $1 ORDER BY id DESC LIMIT $2";
        let rows = self.rows(sql, &[MaybeText(state), Int(limit)]).await?;
        rows.iter()
            .map(|row| {
                Ok(DeliveryRow {
                    guid: row.text(0)?,
                    event: row.text(1)?,
                    action: row.maybe_text(2)?,
                    repository_id: row.maybe_int(3)?,
                    received_at: row.int(4)?,
                    state: row.text(5)?,
                    attempts: row.int(6)?,
                    error: row.maybe_text(7)?,
                    body: row.int(8)? == 1,
                })
            })
            .collect()
    }

    /// Whether a delivery's body is still there; none if there is no such delivery.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn delivery_body_kept(&mut self, guid: &str) -> Result<Option<bool>, StoreError> {
        let sql = "SELECT CASE WHEN body IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END \
                   FROM delivery WHERE guid = $1";
        let rows = self.rows(sql, &[Text(guid)]).await?;
        rows.first().map(|row| Ok(row.int(0)? == 1)).transpose()
    }

    /// Queues a delivery again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_delivery(&mut self, guid: &str, at: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_at = $2, error = NULL \
                   WHERE guid = $1 AND body IS NOT NULL";
        self.execute(sql, &[Text(guid), Int(at)]).await
    }

    /// Queues again all deliveries that failed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_failed_deliveries(&mut self, at: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_at = $1, error = NULL \
                   WHERE state = 'failed' AND body IS NOT NULL";
        self.execute(sql, &[Int(at)]).await
    }

    /// Queues again what was ignored of a repository.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_ignored_deliveries(
        &mut self,
        repository_id: i64,
        at: i64,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE delivery SET state = 'pending', attempts = 0, next_attempt_at = $2, error = NULL \
                   WHERE repository_id = $1 AND state = 'ignored' AND body IS NOT NULL";
        self.execute(sql, &[Int(repository_id), Int(at)]).await
    }
}
