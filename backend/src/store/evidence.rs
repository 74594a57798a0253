//! The evidence itself: rows are added, never changed.

use super::session::Param::{Int, Text};
use super::{Session, StoreError};

/// A row to add.
pub struct NewEvidence<'a> {
    /// The project.
    pub project: &'a str,
    /// The claim's kind.
    pub kind: &'a str,
    /// The SHA-256 of `body`.
    pub sha256: &'a str,
    /// The commit that the claim is about.
    pub subject: &'a str,
    /// The canonical JSON.
    pub body: &'a str,
    /// The token that vouches for it.
    pub token_id: &'a str,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
    /// When we learned of it, in microseconds.
    pub recorded_at: i64,
}

/// A row as it is read back.
#[derive(Debug)]
pub struct StoredEvidence {
    /// Its place in the order in which it was recorded.
    pub seq: i64,
    /// The SHA-256 of `body`.
    pub sha256: String,
    /// The canonical JSON.
    pub body: String,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
}

impl Session {
    /// Adds a row; answers `false` if the project has the very same document already.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_evidence(&mut self, new: &NewEvidence<'_>) -> Result<bool, StoreError> {
        let sql = "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, \
                   occurred_at, recorded_at) VALUES ($1, $2, $3, $4, $5, 'token', $6, $7, $8) \
                   ON CONFLICT (project, sha256) DO NOTHING";
        let params = [
            Text(new.project),
            Text(new.kind),
            Text(new.sha256),
            Text(new.subject),
            Text(new.body),
            Text(new.token_id),
            Int(new.occurred_at),
            Int(new.recorded_at),
        ];
        Ok(self.execute(sql, &params).await? == 1)
    }

    /// At most `limit` rows after `seq`, in their order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn evidence_after(&mut self, seq: i64, limit: i64) -> Result<Vec<StoredEvidence>, StoreError> {
        let sql = "SELECT seq, sha256, body, occurred_at FROM evidence \
                   WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = self.rows(sql, &[Int(seq), Int(limit)]).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredEvidence {
                    seq: row.int(0)?,
                    sha256: row.text(1)?,
                    body: row.text(2)?,
                    occurred_at: row.int(3)?,
                })
            })
            .collect()
    }
}
