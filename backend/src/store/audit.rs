//! What was done to the ledger by its keepers.

use super::session::Param::{Int, MaybeText, Text};
use super::{Session, StoreError};

/// One deed. Rows are added, never changed.
pub struct AuditRow<'a> {
    /// When, in microseconds.
    pub at: i64,
    /// The project that it touched, if it touched one alone.
    pub project: Option<&'a str>,
    /// Who did it.
    pub actor: &'a str,
    /// What was done, such as `token.revoke`.
    pub action: &'a str,
    /// What it was done to.
    pub subject: &'a str,
    /// More, as JSON; never a secret.
    pub detail: Option<&'a str>,
}

impl Session {
    /// Adds a deed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&mut self, row: &AuditRow<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (at, project, actor, action, subject, detail) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let params = [
            Int(row.at),
            MaybeText(row.project),
            Text(row.actor),
            Text(row.action),
            Text(row.subject),
            MaybeText(row.detail),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }
}
