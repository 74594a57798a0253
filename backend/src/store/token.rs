//! Tokens: only hashes of their secrets.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::Name;

/// A token as it is stored.
#[derive(Clone)]
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
    /// `token`, or `oidc` if a workflow's own token was exchanged for it.
    pub trust: String,
    /// What the workflow's own token claimed, as JSON.
    pub claims: Option<String>,
    /// What people know it by.
    pub note: Option<String>,
    /// When it was revoked, in microseconds.
    pub revoked_at: Option<i64>,
    /// When it was last used, to the minute, in microseconds.
    pub last_used_at: Option<i64>,
}

macro_rules! tokens {
    ($rest:literal) => {
        concat!(
            "SELECT id, secret_hash, project, scopes, created_at, expires_at, trust, claims, note, revoked_at, \
             last_used_at FROM token ",
            $rest
        )
    };
}

impl Session {
    /// Adds a token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_token(&mut self, token: &TokenRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO token (id, secret_hash, project, scopes, created_at, expires_at, trust, claims, note) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let params = [
            Text(&token.id),
            Text(&token.secret_hash),
            Text(token.project.as_str()),
            Text(&token.scopes),
            Int(token.created_at),
            Int(token.expires_at),
            Text(&token.trust),
            MaybeText(token.claims.as_deref()),
            MaybeText(token.note.as_deref()),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// The token of that id, expired, revoked or neither.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn token(&mut self, id: &str) -> Result<Option<TokenRow>, StoreError> {
        let rows = self.rows(tokens!("WHERE id = $1"), &[Text(id)]).await?;
        rows.first().map(TokenRow::read).transpose()
    }

    /// Tokens that people made, of one project or of all, the oldest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tokens(&mut self, project: Option<&str>) -> Result<Vec<TokenRow>, StoreError> {
        // What workflows exchange lives for minutes, and comes by the hundred.
        let sql = tokens!("WHERE trust = 'token' AND ($1 IS NULL OR project = $1) ORDER BY created_at, id");
        self.rows(sql, &[MaybeText(project)]).await?.iter().map(TokenRow::read).collect()
    }

    /// Revokes a token; answers `false` if it was revoked before, or there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoke_token(&mut self, id: &str, at: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        Ok(self.execute(sql, &[Text(id), Int(at)]).await? == 1)
    }

    /// Notes that a token was used, unless that was noted after `before`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_token(&mut self, id: &str, at: i64, before: i64) -> Result<(), StoreError> {
        let sql = "UPDATE token SET last_used_at = $2 \
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
        self.execute(sql, &[Text(id), Int(at), Int(before)]).await?;
        Ok(())
    }
}

impl TokenRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            secret_hash: row.text(1)?,
            project: row.parsed(2)?,
            scopes: row.text(3)?,
            created_at: row.int(4)?,
            expires_at: row.int(5)?,
            trust: row.text(6)?,
            claims: row.maybe_text(7)?,
            note: row.maybe_text(8)?,
            revoked_at: row.maybe_int(9)?,
            last_used_at: row.maybe_int(10)?,
        })
    }
}
