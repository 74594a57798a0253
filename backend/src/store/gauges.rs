//! Numbers about the ledger as a whole, cheap enough to be asked for every few seconds.

use super::session::Param::Int;
use super::{Session, StoreError};

/// More documents behind the cursor than that are not counted.
const MOST_BEHIND: i64 = 100_000;

/// Numbers about the ledger as a whole.
#[derive(Debug)]
pub struct GaugeRows {
    /// Deliveries by state. Those that were processed are not counted: there is no end of them.
    pub deliveries: Vec<(String, i64)>,
    /// The number of the newest delivery.
    pub last_delivery: i64,
    /// When the oldest delivery came that still waits, in microseconds.
    pub oldest_pending: Option<i64>,
    /// The place of the newest evidence in the log.
    pub last_evidence: i64,
    /// How many documents are not projected yet, at most 100,000.
    pub behind: i64,
    /// The projection's version.
    pub version: i64,
    /// Open incidents by rule.
    pub incidents: Vec<(String, i64)>,
    /// When any worker was last alive, in microseconds.
    pub last_beat: Option<i64>,
}

// Each of these is answered from a partial index.
const DELIVERIES: &str = "SELECT 'pending', COUNT(*) FROM delivery WHERE state = 'pending' \
     UNION ALL SELECT 'ignored', COUNT(*) FROM delivery WHERE state = 'ignored' \
     UNION ALL SELECT 'failed', COUNT(*) FROM delivery WHERE state = 'failed'";

const INCIDENTS: &str =
    "SELECT rule, COUNT(*) FROM incident WHERE resolved_at IS NULL GROUP BY rule ORDER BY rule";

const BEHIND: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM evidence WHERE seq > $1 LIMIT $2) AS behind";

impl Session {
    /// Numbers about the ledger as a whole.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn gauges(&mut self) -> Result<GaugeRows, StoreError> {
        let head = self.projection_head().await?;
        let behind = self.rows(BEHIND, &[Int(head.cursor), Int(MOST_BEHIND)]).await?;
        Ok(GaugeRows {
            deliveries: self.counts(DELIVERIES).await?,
            last_delivery: self.number("SELECT MAX(id) FROM delivery").await?.unwrap_or(0),
            oldest_pending: self
                .number("SELECT MIN(received_at) FROM delivery WHERE state = 'pending'")
                .await?,
            last_evidence: self.number("SELECT MAX(seq) FROM evidence").await?.unwrap_or(0),
            behind: behind.first().map_or(Ok(0), |row| row.int(0))?,
            version: head.version,
            incidents: self.counts(INCIDENTS).await?,
            last_beat: self.last_beat().await?,
        })
    }

    async fn number(&mut self, sql: &'static str) -> Result<Option<i64>, StoreError> {
        self.rows(sql, &[]).await?.first().map_or(Ok(None), |row| row.maybe_int(0))
    }

    async fn counts(&mut self, sql: &'static str) -> Result<Vec<(String, i64)>, StoreError> {
        self.rows(sql, &[]).await?.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
    }
}
