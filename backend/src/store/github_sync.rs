//! What is known already of what GitHub could be asked for.

use super::list::list_of;
use super::session::Param::{Int, Text};
use super::{Session, StoreError};
use evidence::Name;
use std::collections::HashSet;

/// A repository that GitHub can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedRepository {
    /// GitHub's number of it.
    pub id: i64,
    /// The project that it belongs to.
    pub project: Name,
    /// Owner and name, as they were told last.
    pub full_name: String,
}

impl Session {
    /// All connected repositories, by what they are called now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn connected_repositories(&mut self) -> Result<Vec<ConnectedRepository>, StoreError> {
        let sql = "SELECT g.repository_id, g.project, COALESCE(n.full_name, g.full_name) FROM github_repository AS g \
                   LEFT JOIN repository_name AS n ON n.project = g.project AND n.repository_id = g.repository_id \
                   ORDER BY g.repository_id";
        let rows = self.rows(sql, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(ConnectedRepository { id: row.int(0)?, project: row.parsed(1)?, full_name: row.text(2)? })
            })
            .collect()
    }

    /// Which of these deliveries of GitHub's were taken in.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn known_deliveries(&mut self, guids: &[&str]) -> Result<HashSet<String>, StoreError> {
        let sql = self.with_list(
            "SELECT d.guid FROM {list} JOIN delivery AS d ON d.source = 'github' AND d.guid = list.value ->> 0",
        );
        let list = list_of(guids.iter().map(|guid| [guid]));
        self.rows(sql, &[Text(&list)]).await?.iter().map(|row| row.text(0)).collect()
    }

    /// Whether it is known how an attempt of a run ended.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn is_run_completed(
        &mut self,
        project: &Name,
        repository: i64,
        run: i64,
        attempt: i64,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT run_id FROM ci_run WHERE project = $1 AND repository_id = $2 AND run_id = $3 \
                   AND attempt = $4 AND phase = 3";
        let params = [Text(project.as_str()), Int(repository), Int(run), Int(attempt)];
        Ok(!self.rows(sql, &params).await?.is_empty())
    }
}
