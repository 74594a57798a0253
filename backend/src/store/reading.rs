//! What every reader asks first: which state the projection is in, and which projects there are.

use super::{Head, Session, StoreError};
use evidence::Name;

/// A state of the projection. No two states of any two databases are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Tells one database, and one rebuild of it, from any other.
    pub epoch: String,
    /// Grows with each change.
    pub version: i64,
}

/// The names of the projects, by skipping from one to the next along an index: a plain DISTINCT would read
/// the whole log.
const PROJECTS: &str = "WITH RECURSIVE known (project) AS (\
     SELECT MIN(project) FROM evidence \
     UNION ALL SELECT (SELECT MIN(e.project) FROM evidence AS e WHERE e.project > known.project) \
     FROM known WHERE known.project IS NOT NULL) \
     SELECT project FROM known WHERE project IS NOT NULL ORDER BY project";

impl Session {
    /// The state that all of this transaction sees.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn state(&mut self) -> Result<State, StoreError> {
        let Head { epoch, version, .. } = self.projection_head().await?;
        Ok(State { epoch, version })
    }

    /// The projects that the log speaks of, by name.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn projects(&mut self) -> Result<Vec<Name>, StoreError> {
        self.rows(PROJECTS, &[]).await?.iter().map(|row| row.parsed(0)).collect()
    }
}
