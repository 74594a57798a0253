//! Deliveries: listed, and queued again.

use super::{AdminError, Deed, Keeper};
use crate::service::clock;
use crate::store::DeliveryRow;
use serde_json::json;

impl Keeper {
    /// The newest deliveries, of one state or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn deliveries(&self, state: Option<&str>, limit: i64) -> Result<Vec<DeliveryRow>, AdminError> {
        Ok(self.store.read().await?.deliveries(state, limit).await?)
    }

    /// Queues deliveries again: all of these, or none.
    ///
    /// # Errors
    /// When one of them is unknown, or its body is gone.
    pub async fn replay_deliveries(&self, guids: &[String]) -> Result<u64, AdminError> {
        let now = clock::now();
        let mut session = self.begin().await?;
        let mut queued = 0;
        for guid in guids {
            let why = match session.delivery_body_kept(guid).await? {
                Some(true) => {
                    queued += session.requeue_delivery(guid, now).await?;
                    continue;
                }
                Some(false) => "has no body any more: its time was over",
                None => "is unknown; `portbook admin delivery list` shows what there is",
            };
            return Err(AdminError::Refused(format!("delivery {guid} {why}; nothing was queued")));
        }
        let subject = guids.join(" ");
        let detail = json!({"queued": queued});
        self.finish(session, Deed { action: "delivery.replay", project: None, subject: &subject, detail })
            .await?;
        Ok(queued)
    }

    /// Queues again all deliveries that failed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn replay_failed_deliveries(&self) -> Result<u64, AdminError> {
        let mut session = self.begin().await?;
        let queued = session.requeue_failed_deliveries(clock::now()).await?;
        let detail = json!({"queued": queued});
        self.finish(session, Deed { action: "delivery.replay", project: None, subject: "failed", detail })
            .await?;
        Ok(queued)
    }
}
