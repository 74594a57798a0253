//! What others are told about incidents.

use super::Change;
use crate::service::clock;
use crate::store::{Session, StoreError};
use serde_json::json;

/// Puts a notice of each change into the outbox. Its identity is the incident's and the instant's, so that no change is
/// told twice.
pub(super) async fn enqueue(session: &mut Session, changes: &[Change]) -> Result<(), StoreError> {
    let now = clock::now();
    for change in changes {
        let (event, row) = match change {
            Change::Opened(row) => ("incident.opened", row),
            Change::Resolved(row) => ("incident.resolved", row),
            Change::Withdrawn(row) => ("incident.withdrawn", row),
        };
        // Without dots, which separate what is signed.
        let at = row.resolved_at.unwrap_or(row.opened_at);
        let id = format!("{}-{}-{at}", event.replace('.', "-"), row.id);
        let evidence: serde_json::Value = serde_json::from_str(&row.evidence).map_err(StoreError::corrupt)?;
        let body = json!({
            "type": event,
            "timestamp": clock::stored(now)?,
            "data": {
                "id": row.id,
                "project": row.project,
                "rule": row.rule,
                "code": row.code,
                "subject": row.subject,
                "environment": row.environment,
                "service": row.service,
                "digest": row.digest,
                "commit": row.commit_sha,
                "opened_at": clock::stored(row.opened_at)?,
                "resolved_at": row.resolved_at.map(clock::stored).transpose()?,
                "message": row.message,
                "evidence": evidence,
            },
        });
        session.enqueue_outbox(&id, event, &body.to_string(), now).await?;
    }
    Ok(())
}
