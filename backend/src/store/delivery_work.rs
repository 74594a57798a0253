//! Deliveries, for the worker that makes evidence of them.

use super::list::list_of;
use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};
use evidence::Name;
use std::collections::HashMap;

/// A delivery that waits.
#[derive(Debug)]
pub struct PendingDelivery {
    /// Its place in the order in which deliveries came.
    pub id: i64,
    /// The sender's own name for it.
    pub guid: String,
    /// The event's name.
    pub event: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Its bytes; none once they are purged.
    pub body: Option<Vec<u8>>,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// Which one.
    pub id: i64,
    /// `pending`, `processed`, `ignored` or `failed`.
    pub state: &'static str,
    /// How often it was tried by now.
    pub attempts: i64,
    /// When to try again, in microseconds; of one that is not pending it says nothing.
    pub next_attempt_at: i64,
    /// Why it is not processed.
    pub error: Option<String>,
}

// Locked rows are another worker's. SQLite has no such locks: there the one who writes first has done it.
const POSTGRES_DUE: &str = "SELECT id, COALESCE(octet_length(body), 0)::bigint FROM delivery \
     WHERE state = 'pending' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2 \
     FOR UPDATE SKIP LOCKED";
const SQLITE_DUE: &str = "SELECT id, COALESCE(length(body), 0) FROM delivery \
     WHERE state = 'pending' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2";

impl Session {
    /// The oldest deliveries that are due, at most `limit` of them and not much more than `bytes` in all, but at
    /// least one. In Postgres they are this transaction's own from now on.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn due_deliveries(
        &mut self,
        now: i64,
        limit: i64,
        bytes: i64,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let sql = match self {
            Self::Sqlite(_) => SQLITE_DUE,
            Self::Postgres(_) => POSTGRES_DUE,
        };
        let mut ids = Vec::new();
        let mut size = 0;
        for row in self.rows(sql, &[Int(now), Int(limit)]).await? {
            if size > bytes {
                break;
            }
            size += row.int(1)?;
            ids.push([row.int(0)?]);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.with_list(
            "SELECT d.id, d.guid, d.event, d.attempts, d.body FROM {list} \
             JOIN delivery AS d ON d.id = CAST(list.value ->> 0 AS BIGINT) ORDER BY d.id",
        );
        let rows = self.rows(sql, &[Text(&list_of(ids))]).await?;
        rows.iter()
            .map(|row| {
                Ok(PendingDelivery {
                    id: row.int(0)?,
                    guid: row.text(1)?,
                    event: row.text(2)?,
                    attempts: row.int(3)?,
                    body: row.blob(4)?,
                })
            })
            .collect()
    }

    /// Which of these deliveries still wait.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn still_pending(&mut self, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let sql = self.with_list(
            "SELECT d.id FROM {list} JOIN delivery AS d ON d.id = CAST(list.value ->> 0 AS BIGINT) \
             WHERE d.state = 'pending'",
        );
        let list = list_of(ids.iter().map(|id| [id]));
        self.rows(sql, &[Text(&list)]).await?.iter().map(|row| row.int(0)).collect()
    }

    /// Writes down what became of deliveries.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle_deliveries(&mut self, outcomes: &[DeliveryOutcome]) -> Result<(), StoreError> {
        let sql = self.with_list(
            "UPDATE delivery SET state = list.value ->> 1, attempts = CAST(list.value ->> 2 AS BIGINT), \
             next_attempt_at = CAST(list.value ->> 3 AS BIGINT), error = list.value ->> 4 \
             FROM {list} WHERE delivery.id = CAST(list.value ->> 0 AS BIGINT)",
        );
        let rows = outcomes.iter().map(|outcome| {
            (outcome.id, outcome.state, outcome.attempts, outcome.next_attempt_at, &outcome.error)
        });
        self.execute(sql, &[Text(&list_of(rows))]).await?;
        Ok(())
    }

    /// Writes down a failed attempt at a delivery, unless somebody else tried it in the meantime.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_off_delivery(&mut self, outcome: &DeliveryOutcome) -> Result<(), StoreError> {
        let sql = "UPDATE delivery SET state = $2, attempts = $3, next_attempt_at = $4, error = $5 \
                   WHERE id = $1 AND state = 'pending' AND attempts = $3 - 1";
        let params = [
            Int(outcome.id),
            Text(outcome.state),
            Int(outcome.attempts),
            Int(outcome.next_attempt_at),
            MaybeText(outcome.error.as_deref()),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// Which project each connected repository belongs to.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn repository_projects(&mut self) -> Result<HashMap<i64, Name>, StoreError> {
        let rows = self.rows("SELECT repository_id, project FROM github_repository", &[]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.parsed(1)?))).collect()
    }

    /// Has a registry looked at no later than at `at`. One that fails at present keeps its pause.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hasten_registry(
        &mut self,
        project: &Name,
        repository: &str,
        at: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE watch_registry SET next_at = $3 \
                   WHERE project = $1 AND repository = $2 AND next_at > $3 AND failures = 0";
        self.execute(sql, &[Text(project.as_str()), Text(repository), Int(at)]).await?;
        Ok(())
    }
}
