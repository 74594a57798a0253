//! What ran in a cell.

use super::session::Param::{Int, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{CommitSha, Digest, Name};

/// How far back what ran is looked for: that many successes, and that many observations.
const LOOK_BACK: i64 = 1000;

/// That a digest ran in a cell.
#[derive(Clone, Debug)]
pub struct RanRow {
    /// The digest.
    pub digest: Digest,
    /// The commit, if it is known.
    pub commit: Option<CommitSha>,
    /// The version that people call it by, if it is known.
    pub version: Option<String>,
    /// When, in microseconds.
    pub at: i64,
    /// Whether the service itself said so; otherwise who deployed it.
    pub observed: bool,
}

const DEPLOYED: &str = "SELECT d.digest, d.commit_sha, d.version, o.at FROM deployment AS d \
     JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id \
     WHERE d.project = $1 AND d.environment = $2 AND d.service = $3 AND d.digest IS NOT NULL \
     AND o.outcome = 'success' ORDER BY d.started_at DESC, d.id DESC LIMIT $4";

const OBSERVED: &str = "SELECT digest, commit_sha, version, at FROM runtime_fact \
     WHERE project = $1 AND environment = $2 AND service = $3 AND digest IS NOT NULL \
     ORDER BY at DESC, evidence DESC LIMIT $4";

impl Session {
    /// The digests that ran in a cell, as who deployed them and as the service itself says; each as often as it did,
    /// newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn ran_in(
        &mut self,
        project: &Name,
        environment: &Name,
        service: &Name,
    ) -> Result<Vec<RanRow>, StoreError> {
        let params =
            [Text(project.as_str()), Text(environment.as_str()), Text(service.as_str()), Int(LOOK_BACK)];
        let mut rows = Vec::new();
        for (sql, observed) in [(DEPLOYED, false), (OBSERVED, true)] {
            for row in self.rows(sql, &params).await? {
                rows.push(RanRow::read(&row, observed)?);
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(rows)
    }
}

impl RanRow {
    fn read(row: &Row, observed: bool) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.parsed(0)?,
            commit: row.maybe_parsed(1)?,
            version: row.maybe_text(2)?,
            at: row.int(3)?,
            observed,
        })
    }
}
