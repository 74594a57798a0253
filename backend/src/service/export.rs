//! The whole log of a project, line by line.
//!
//! Whoever has it can check that nothing was changed, left out or put in between:
//!
//! 1. A line's `sha256` is the SHA-256 of its `evidence` exactly as it stands there, which is canonical JSON (RFC 8785).
//! 2. The chain begins with the SHA-256, in hexadecimal digits, of `portbook.chain/v1`, a line feed and the project's name.
//! 3. The chain's hash after a line is the SHA-256, in hexadecimal digits, of the hash before it and the line's `sha256`,
//!    both as hexadecimal digits, one after the other.
//! 4. A line's `prev_hash` is the chain's hash before it. It is null in lines that were recorded before there was a
//!    chain; those are covered by the first line that has one.

use super::clock;
use crate::store::{Store, StoreError, StoredEvidence};
use evidence::Name;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// How many lines are read at a time. Each time is a transaction of its own, so that a slow reader holds no connection.
const BATCH: i64 = 200;

/// One line of the export.
#[derive(Serialize, ToSchema)]
pub struct Line<'a> {
    /// Its place in the order in which it was recorded. Places of other projects are left out.
    seq: i64,
    /// The SHA-256 of `evidence` as it stands here.
    sha256: &'a str,
    /// The chain's hash before it; null in lines of before the chain.
    #[schema(required)]
    prev_hash: Option<&'a str>,
    /// Who vouches for it: `oidc`, `token`, `webhook` or `poll`.
    trust: &'a str,
    /// What it came by: a delivery's GUID, the claims of a workflow's token as JSON, or what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<&'a str>,
    /// When it was recorded, RFC 3339.
    #[schema(format = DateTime)]
    recorded_at: String,
    /// The document in its canonical form.
    #[schema(value_type = evidence::Evidence)]
    evidence: &'a RawValue,
}

/// Where an export has come to.
pub struct Export {
    store: Store,
    project: Name,
    after: i64,
}

impl Export {
    /// The lines of a project after that place.
    pub fn new(store: Store, project: Name, after: i64) -> Self {
        Self { store, project, after }
    }

    /// The next lines, each with its line feed; none at the end.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let mut session = self.store.read().await?;
        let rows = session.project_evidence_after(self.project.as_str(), self.after, BATCH).await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        self.after = last.seq;
        let mut lines = Vec::new();
        for row in &rows {
            write(row, &mut lines)?;
        }
        Ok(Some(lines))
    }
}

fn write(row: &StoredEvidence, lines: &mut Vec<u8>) -> Result<(), StoreError> {
    let line = Line {
        seq: row.seq,
        sha256: &row.sha256,
        prev_hash: row.prev_hash.as_deref(),
        trust: &row.trust,
        source: row.source.as_deref(),
        recorded_at: clock::stored(row.recorded_at)?,
        // As text, because the hash is of this very text.
        evidence: serde_json::from_str(&row.body).map_err(StoreError::corrupt)?,
    };
    serde_json::to_writer(&mut *lines, &line).map_err(StoreError::corrupt)?;
    lines.push(b'\n');
    Ok(())
}
