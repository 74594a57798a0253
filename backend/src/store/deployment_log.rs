//! What the log itself says about a deployment: the projections may not have it yet.

use super::session::Param::{Int, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{DeploymentId, Evidence, Name};

/// A document about a deployment.
#[derive(Clone, Debug)]
pub struct DeploymentDocument {
    /// Its identity.
    pub sha256: String,
    /// Who vouches for it.
    pub trust: String,
    /// The document.
    pub evidence: Evidence,
    /// When we learned of it, in microseconds.
    pub recorded_at: i64,
}

const SQLITE_STARTED: &str = "SELECT sha256, trust, body, recorded_at FROM evidence \
     WHERE project = $1 AND kind = 'deployment_started' AND body -> 'claim' ->> 'id' = $2 ORDER BY seq";
const POSTGRES_STARTED: &str = "SELECT sha256, trust, body, recorded_at FROM evidence \
     WHERE project = $1 AND kind = 'deployment_started' AND body::jsonb -> 'claim' ->> 'id' = $2 ORDER BY seq";

impl Session {
    /// The announcement of a deployment.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployment_started(
        &mut self,
        project: &str,
        id: &str,
    ) -> Result<Option<DeploymentDocument>, StoreError> {
        let sql = match self {
            Self::Sqlite(_) => SQLITE_STARTED,
            Self::Postgres(_) => POSTGRES_STARTED,
        };
        let rows = self.rows(sql, &[Text(project), Text(id)]).await?;
        rows.first().map(DeploymentDocument::read).transpose()
    }

    /// The states of a deployment, in the order in which they were recorded.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deployment_states(
        &mut self,
        project: &str,
        id: &str,
    ) -> Result<Vec<DeploymentDocument>, StoreError> {
        let sql = "SELECT sha256, trust, body, recorded_at FROM evidence \
                   WHERE project = $1 AND subject = $2 AND kind = 'deployment_state' ORDER BY seq";
        self.rows(sql, &[Text(project), Text(id)]).await?.iter().map(DeploymentDocument::read).collect()
    }
}

impl Session {
    /// Deployments of which nobody has told the end, and nothing since `before`, the longest silent first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn silent_deployments(
        &mut self,
        before: i64,
        limit: i64,
    ) -> Result<Vec<(Name, DeploymentId)>, StoreError> {
        let sql = "SELECT project, id FROM deployment_outcome WHERE outcome IS NULL AND at <= $1 \
                   ORDER BY at, project, id LIMIT $2";
        let rows = self.rows(sql, &[Int(before), Int(limit)]).await?;
        rows.iter().map(|row| Ok((row.parsed(0)?, row.parsed(1)?))).collect()
    }
}

impl DeploymentDocument {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let evidence = serde_json::from_str(&row.text(2)?).map_err(StoreError::corrupt)?;
        Ok(Self { sha256: row.text(0)?, trust: row.text(1)?, evidence, recorded_at: row.int(3)? })
    }
}
