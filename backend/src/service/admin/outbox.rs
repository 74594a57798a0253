//! Notices to others: listed, and queued again.

use super::{AdminError, Deed, Keeper};
use crate::service::clock;
use crate::store::OutboxRow;
use serde_json::json;

impl Keeper {
    /// The newest notices, of one state or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn notices(&self, state: Option<&str>, limit: i64) -> Result<Vec<OutboxRow>, AdminError> {
        Ok(self.store.read().await?.notices(state, limit).await?)
    }

    /// Queues notices again: all of these, or none.
    ///
    /// # Errors
    /// When one of them is unknown.
    pub async fn retry_notices(&self, ids: &[String]) -> Result<u64, AdminError> {
        let now = clock::now();
        let mut session = self.begin().await?;
        for id in ids {
            if !session.requeue_notice(id, now).await? {
                return Err(AdminError::Refused(format!(
                    "notice {id} is unknown; nothing was queued; `portbook admin outbox list` shows what there is"
                )));
            }
        }
        let subject = ids.join(" ");
        let detail = json!({"queued": ids.len()});
        self.finish(session, Deed { action: "outbox.retry", project: None, subject: &subject, detail })
            .await?;
        Ok(ids.len() as u64)
    }

    /// Queues again all notices that failed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn retry_failed_notices(&self) -> Result<u64, AdminError> {
        let mut session = self.begin().await?;
        let queued = session.requeue_failed_notices(clock::now()).await?;
        let detail = json!({"queued": queued});
        self.finish(session, Deed { action: "outbox.retry", project: None, subject: "failed", detail })
            .await?;
        Ok(queued)
    }
}
