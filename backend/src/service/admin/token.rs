//! Tokens: made, listed, revoked.

use super::{AdminError, Deed, Keeper};
use crate::service::clock;
use crate::service::token::{self, NewToken, Scope};
use crate::store::TokenRow;
use evidence::Name;
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// A token, without anything that could be used to pass for its holder.
#[derive(Debug, Serialize)]
pub struct TokenView {
    /// Its public half.
    pub id: String,
    /// The only project that it is good for.
    pub project: Name,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Who vouches for what comes with it.
    pub trust: String,
    /// What people know it by.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// From when on it is refused.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// `good`, `expired` or `revoked`.
    pub state: &'static str,
}

impl Keeper {
    /// Makes a token.
    ///
    /// # Errors
    /// When it cannot be made or stored.
    pub async fn create_token(
        &self,
        project: Name,
        scopes: &[Scope],
        lifetime: Duration,
        note: Option<String>,
    ) -> Result<NewToken, AdminError> {
        let (made, mut row) = token::new(project, scopes, lifetime)?;
        row.note = note;
        let mut session = self.begin().await?;
        session.insert_token(&row).await?;
        let deed = Deed {
            action: "token.create",
            project: Some(&row.project),
            subject: &row.id,
            detail: json!({"scopes": row.scopes, "expires_at": made.expires_at, "note": row.note}),
        };
        self.finish(session, deed).await?;
        Ok(made)
    }

    /// The tokens that people made, of one project or of all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tokens(&self, project: Option<&Name>) -> Result<Vec<TokenView>, AdminError> {
        let rows = self.store.read().await?.tokens(project.map(Name::as_str)).await?;
        let now = clock::now();
        Ok(rows.into_iter().map(|row| TokenView::new(row, now)).collect())
    }

    /// Revokes a token; answers `false` if it was revoked before.
    ///
    /// # Errors
    /// When there is none of that identity.
    pub async fn revoke_token(&self, id: &str) -> Result<bool, AdminError> {
        let mut session = self.begin().await?;
        let Some(row) = session.token(id).await? else {
            let unknown = format!("there is no token {id}; `portbook admin token list` shows what there is");
            return Err(AdminError::Refused(unknown));
        };
        if !session.revoke_token(id, clock::now()).await? {
            return Ok(false);
        }
        let detail = json!({"scopes": row.scopes});
        let deed = Deed { action: "token.revoke", project: Some(&row.project), subject: id, detail };
        self.finish(session, deed).await?;
        Ok(true)
    }
}

impl TokenView {
    fn new(row: TokenRow, now: i64) -> Self {
        let state = match row.revoked_at {
            Some(_) => "revoked",
            None if row.expires_at <= now => "expired",
            None => "good",
        };
        Self {
            id: row.id,
            project: row.project,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            trust: row.trust,
            note: row.note,
            created_at: clock::rfc3339(row.created_at),
            expires_at: clock::rfc3339(row.expires_at),
            last_used_at: row.last_used_at.and_then(clock::rfc3339),
            revoked_at: row.revoked_at.and_then(clock::rfc3339),
            state,
        }
    }
}
