//! What is to be told now, and what became of it.

use super::outbox::OutboxRow;
use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};

/// What became of an attempt to tell something.
pub struct Told<'a> {
    /// The notice.
    pub id: &'a str,
    /// How often it was tried by now.
    pub attempts: i64,
    /// `pending`, `sent` or `failed`.
    pub state: &'static str,
    /// When to try next, in microseconds.
    pub next_attempt_at: i64,
    /// Why it failed.
    pub error: Option<&'a str>,
}

macro_rules! due {
    ($skip:literal) => {
        concat!(
            "UPDATE outbox SET next_attempt_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM outbox \
             WHERE state = 'pending' AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $3",
            $skip,
            ") RETURNING id, event, body, created_at, state, attempts, next_attempt_at, error"
        )
    };
}

const DUE: [&str; 2] = [due!(""), due!(" FOR UPDATE SKIP LOCKED")];

impl Session {
    /// Whether anything is to be told.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn is_notice_due(&mut self, now: i64) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM outbox WHERE state = 'pending' AND next_attempt_at <= $1 LIMIT 1";
        Ok(!self.rows(sql, &[Int(now)]).await?.is_empty())
    }

    /// Notices that are due, the oldest first, which are this worker's until then.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn claim_notices(
        &mut self,
        now: i64,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = DUE[usize::from(matches!(self, Self::Postgres(_)))];
        let rows = self.rows(sql, &[Int(now), Int(until), Int(limit)]).await?;
        let mut notices: Vec<_> = rows.iter().map(OutboxRow::read).collect::<Result<_, _>>()?;
        notices.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(notices)
    }

    /// Notes what became of an attempt, unless somebody queued the notice again meanwhile.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn told(&mut self, told: &Told<'_>) -> Result<(), StoreError> {
        let sql =
            "UPDATE outbox SET state = $3, next_attempt_at = $4, error = $5 WHERE id = $1 AND attempts = $2";
        let params = [
            Text(told.id),
            Int(told.attempts),
            Text(told.state),
            Int(told.next_attempt_at),
            MaybeText(told.error),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }
}
