//! Tokens of workflows that were exchanged: each once.

use super::session::Param::{Int, Text};
use super::{Session, StoreError};

impl Session {
    /// Notes that a token was used, which is good until then; answers `false` if it was before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_jti(&mut self, jti: &str, expires_at: i64) -> Result<bool, StoreError> {
        let sql = "INSERT INTO oidc_jti (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
        Ok(self.execute(sql, &[Text(jti), Int(expires_at)]).await? == 1)
    }

    /// Forgets the used tokens that ended before then: nobody takes them any more.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_jtis(&mut self, before: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM oidc_jti WHERE expires_at < $1", &[Int(before)]).await?;
        Ok(())
    }
}
