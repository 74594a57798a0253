//! The ends of the projects' hash chains.

use super::list::list_of;
use super::session::Param::{Int, Text};
use super::{Session, StoreError};
use std::collections::HashMap;

impl Session {
    /// The chain's end of each project that has one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn chain_heads(&mut self) -> Result<HashMap<String, String>, StoreError> {
        let rows = self.rows("SELECT project, hash FROM chain_head", &[]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// The last `seq` that the heads account for.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn chain_tail(&mut self) -> Result<i64, StoreError> {
        let rows = self.rows("SELECT seq FROM chain_tail WHERE id = 1", &[]).await?;
        rows.first().ok_or_else(|| StoreError::corrupt("the table chain_tail has no row"))?.int(0)
    }

    /// Rows that the heads do not account for: seq, project and SHA-256, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn unchained(
        &mut self,
        tail: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String, String)>, StoreError> {
        let sql = "SELECT seq, project, sha256 FROM evidence WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = self.rows(sql, &[Int(tail), Int(limit)]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?, row.text(2)?))).collect()
    }

    /// Moves the ends of chains on, to account for all rows that there are.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_chain_heads(&mut self, heads: &[(&str, &str)]) -> Result<(), StoreError> {
        let sql = self.with_list(
            "INSERT INTO chain_head (project, hash) SELECT value ->> 0, value ->> 1 FROM {list} WHERE true \
             ON CONFLICT (project) DO UPDATE SET hash = excluded.hash",
        );
        self.execute(sql, &[Text(&list_of(heads))]).await?;
        let sql = "UPDATE chain_tail SET seq = (SELECT COALESCE(MAX(seq), 0) FROM evidence) WHERE id = 1";
        self.execute(sql, &[]).await?;
        Ok(())
    }
}
