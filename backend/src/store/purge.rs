//! What is kept for a time only. Each takes at most so many rows at once, and answers how many.

use super::session::Param::Int;
use super::{Session, StoreError};

impl Session {
    /// Drops the bodies of deliveries that came before that microsecond and were dealt with. Their hashes stay.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn purge_delivery_bodies(&mut self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE delivery SET body = NULL WHERE id IN (SELECT id FROM delivery \
                   WHERE body IS NOT NULL AND received_at < $1 AND state <> 'pending' ORDER BY received_at LIMIT $2)";
        self.execute(sql, &[Int(before), Int(limit)]).await
    }

    /// Forgets the workflows' own tokens that ran out before that microsecond.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn purge_exchanged(&mut self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let sql = "DELETE FROM oidc_jti WHERE jti IN (SELECT jti FROM oidc_jti WHERE expires_at < $1 \
                   ORDER BY expires_at LIMIT $2)";
        self.execute(sql, &[Int(before), Int(limit)]).await
    }

    /// Empties tokens that workflows got and that ran out before that microsecond. The rows stay, because evidence
    /// names them; what they could be used with goes, and what they were got with stands in that evidence.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn purge_tokens(&mut self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let sql = "UPDATE token SET secret_hash = '', claims = NULL WHERE id IN (SELECT id FROM token \
                   WHERE trust = 'oidc' AND expires_at < $1 AND secret_hash <> '' LIMIT $2)";
        self.execute(sql, &[Int(before), Int(limit)]).await
    }

    /// Forgets notices that were sent and written before that microsecond.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn purge_notices(&mut self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let sql = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = 'sent' AND created_at < $1 \
                   LIMIT $2)";
        self.execute(sql, &[Int(before), Int(limit)]).await
    }
}
