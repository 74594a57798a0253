//! Tokens: only hashes of their secrets.

use super::session::Param::{Int, Text};
use super::{Session, StoreError};
use evidence::Name;

/// A token as it is stored.
pub struct TokenRow {
    /// Its public half.
    pub id: String,
    /// The SHA-256 of its secret half, in hexadecimal digits.
    pub secret_hash: String,
    /// The only project that it is good for.
    pub project: Name,
    /// Its scopes, separated by spaces.
    pub scopes: String,
    /// When it was made, in microseconds.
    pub created_at: i64,
    /// From when on it is refused, in microseconds.
    pub expires_at: i64,
}

impl Session {
    /// Adds a token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO token (id, secret_hash, project, scopes, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let params = [
            Text(&token.id),
            Text(&token.secret_hash),
            Text(token.project.as_str()),
            Text(&token.scopes),
            Int(token.created_at),
            Int(token.expires_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// The token of that id, expired or not.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError> {
        let sql = "SELECT id, secret_hash, project, scopes, created_at, expires_at \
                   FROM token WHERE id = $1";
        let rows = self.rows(sql, &[Text(id)]).await?;
        rows.first()
            .map(|row| {
                Ok(TokenRow {
                    id: row.text(0)?,
                    secret_hash: row.text(1)?,
                    project: row.parsed(2)?,
                    scopes: row.text(3)?,
                    created_at: row.int(4)?,
                    expires_at: row.int(5)?,
                })
            })
            .transpose()
    }
}
