//! What people do about incidents.

use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};
use evidence::Name;

impl Session {
    /// Writes down that somebody has seen an incident.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_acknowledgement(
        &mut self,
        project: &Name,
        incident: &str,
        at: i64,
        actor: &str,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO incident_event (project, incident_id, at, kind, actor, note) \
                   VALUES ($1, $2, $3, 'ack', $4, $5)";
        let params = [Text(project.as_str()), Text(incident), Int(at), Text(actor), MaybeText(note)];
        self.execute(sql, &params).await?;
        Ok(())
    }
}
