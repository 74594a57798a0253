//! The evidence itself: rows are added, never changed.

use super::list::list_of;
use super::session::Param::{self, Int, Text};
use super::session::Row;
use super::{Session, StoreError};
use std::collections::HashSet;

/// A row to add.
#[derive(Debug)]
pub struct NewEvidence<'a> {
    /// The project.
    pub project: &'a str,
    /// The claim's kind.
    pub kind: &'static str,
    /// The SHA-256 of `body`.
    pub sha256: &'a str,
    /// What the claim is about.
    pub subject: &'a str,
    /// The canonical JSON.
    pub body: &'a str,
    /// `token`, `oidc`, `webhook` or `poll`.
    pub trust: &'static str,
    /// The token that vouches for it.
    pub token_id: Option<&'a str>,
    /// What it came by.
    pub source: Option<&'a str>,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
    /// When we learned of it, in microseconds.
    pub recorded_at: i64,
    /// The chain's hash before this row.
    pub prev_hash: &'a str,
}

/// A row as it is read back.
#[derive(Debug)]
pub struct StoredEvidence {
    /// Its place in the order in which it was recorded.
    pub seq: i64,
    /// The project.
    pub project: String,
    /// The claim's kind.
    pub kind: String,
    /// The SHA-256 of `body`.
    pub sha256: String,
    /// The canonical JSON.
    pub body: String,
    /// How it came.
    pub trust: String,
    /// What it came by.
    pub source: Option<String>,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
    /// When we learned of it, in microseconds.
    pub recorded_at: i64,
    /// The chain's hash before this row; none in rows of before the chain.
    pub prev_hash: Option<String>,
}

const STORED: [&str; 10] = [
    "seq",
    "project",
    "kind",
    "sha256",
    "body",
    "trust",
    "source",
    "occurred_at",
    "recorded_at",
    "prev_hash",
];

impl Session {
    /// Which of these documents, each a project and a SHA-256, are there already.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn known_evidence(
        &mut self,
        documents: &[(&str, &str)],
    ) -> Result<HashSet<(String, String)>, StoreError> {
        let sql = self.with_list(
            "SELECT e.project, e.sha256 FROM {list} JOIN evidence AS e \
             ON e.project = list.value ->> 0 AND e.sha256 = list.value ->> 1",
        );
        let rows = self.rows(sql, &[Text(&list_of(documents))]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Adds rows in their order. Whoever calls it has the log to themselves and knows that they are new.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_evidence(&mut self, new: &[NewEvidence<'_>]) -> Result<(), StoreError> {
        let sql = self.with_list(
            "INSERT INTO evidence (project, kind, sha256, subject, body, trust, token_id, source, occurred_at, \
             recorded_at, prev_hash) SELECT value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, \
             value ->> 6, value ->> 7, value ->> 8, CAST(value ->> 9 AS BIGINT), CAST(value ->> 10 AS BIGINT), \
             value ->> 11 FROM {list} ORDER BY CAST(value ->> 0 AS BIGINT)",
        );
        let rows = new.iter().enumerate().map(|(order, new)| {
            let texts = (new.project, new.kind, new.sha256, new.subject, new.body, new.trust);
            (
                order,
                texts.0,
                texts.1,
                texts.2,
                texts.3,
                texts.4,
                texts.5,
                new.token_id,
                new.source,
                new.occurred_at,
                new.recorded_at,
                new.prev_hash,
            )
        });
        self.execute(sql, &[Text(&list_of(rows))]).await?;
        Ok(())
    }

    /// At most `limit` rows after `seq`, in their order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn evidence_after(&mut self, seq: i64, limit: i64) -> Result<Vec<StoredEvidence>, StoreError> {
        self.stored("WHERE seq > $1 ORDER BY seq LIMIT $2", &[Int(seq), Int(limit)]).await
    }

    /// At most `limit` rows of one project after `seq`, in their order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn project_evidence_after(
        &mut self,
        project: &str,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<StoredEvidence>, StoreError> {
        let params = [Int(seq), Int(limit), Text(project)];
        self.stored("WHERE seq > $1 AND project = $3 ORDER BY seq LIMIT $2", &params).await
    }

    async fn stored(&mut self, which: &str, params: &[Param<'_>]) -> Result<Vec<StoredEvidence>, StoreError> {
        let rows = self.many_rows(&STORED, &format!("FROM evidence {which}"), params).await?;
        let mut rows: Vec<_> = rows.iter().map(StoredEvidence::read).collect::<Result<_, _>>()?;
        rows.sort_unstable_by_key(|row| row.seq);
        Ok(rows)
    }
}

impl StoredEvidence {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            seq: row.int(0)?,
            project: row.text(1)?,
            kind: row.text(2)?,
            sha256: row.text(3)?,
            body: row.text(4)?,
            trust: row.text(5)?,
            source: row.maybe_text(6)?,
            occurred_at: row.int(7)?,
            recorded_at: row.int(8)?,
            prev_hash: row.maybe_text(9)?,
        })
    }
}
