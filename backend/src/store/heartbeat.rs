//! The workers' signs of life.

use super::session::Param::{Int, Text};
use super::{Session, StoreError};

impl Session {
    /// Says that `worker` was alive `at` that microsecond.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn beat(&mut self, worker: &str, at: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO worker_heartbeat (worker, at) VALUES ($1, $2) \
                   ON CONFLICT (worker) DO UPDATE SET at = excluded.at";
        self.execute(sql, &[Text(worker), Int(at)]).await?;
        Ok(())
    }

    /// Forgets workers that were last alive before that microsecond.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_workers(&mut self, before: i64) -> Result<(), StoreError> {
        let sql = "DELETE FROM worker_heartbeat WHERE at < $1";
        self.execute(sql, &[Int(before)]).await?;
        Ok(())
    }

    /// When any worker was last alive, in microseconds; none if there never was one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_beat(&mut self) -> Result<Option<i64>, StoreError> {
        let rows = self.rows("SELECT MAX(at) FROM worker_heartbeat", &[]).await?;
        rows.first().map_or(Ok(None), |row| row.maybe_int(0))
    }
}
