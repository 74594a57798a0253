//! What keepers of the ledger do by hand. Every change leaves a row in the audit, in the same transaction.

pub mod delivery;
pub mod github;
pub mod outbox;
pub mod policy;
pub mod token;
pub mod watch;

use super::clock;
use super::token::CreateTokenError;
use crate::store::{AuditRow, Lock, Session, Store, StoreError};
use evidence::Name;
use serde_json::Value;

/// Someone who looks after a ledger.
#[derive(Clone)]
pub struct Keeper {
    /// The ledger's database.
    pub store: Store,
    /// The name that stands in the audit.
    pub name: String,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It cannot be done as things stand; says what to do instead.
    #[error("{0}")]
    Refused(String),
    /// No token was made.
    #[error(transparent)]
    Token(#[from] CreateTokenError),
    /// The database could not take it, or answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A deed for the audit.
struct Deed<'a> {
    action: &'a str,
    project: Option<&'a Name>,
    subject: &'a str,
    detail: Value,
}

impl Keeper {
    async fn begin(&self) -> Result<Session, StoreError> {
        self.store.write(Lock::None).await
    }

    /// Notes the deed, and makes it durable with all else of the transaction.
    async fn finish(&self, mut session: Session, deed: Deed<'_>) -> Result<(), StoreError> {
        let detail = (!deed.detail.is_null()).then(|| deed.detail.to_string());
        session
            .audit(&AuditRow {
                at: clock::now(),
                project: deed.project.map(Name::as_str),
                actor: &self.name,
                action: deed.action,
                subject: deed.subject,
                detail: detail.as_deref(),
            })
            .await?;
        session.commit().await
    }
}

/// A new identity with that beginning.
fn identity(beginning: &str) -> Result<String, AdminError> {
    let random = getrandom::u64().map_err(|error| AdminError::Token(CreateTokenError::Random(error)))?;
    Ok(format!("{beginning}-{random:016x}"))
}
