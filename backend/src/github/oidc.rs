//! What a workflow of GitHub's says about itself: its signed token, and the keys of who signs them.
//!
//! Sources: RFC 7515 and 7519; OpenID Connect Discovery 1.0; GitHub's reference on OpenID Connect.

mod claims;
mod jwt;
mod keys;

pub use claims::Claims;
pub use jwt::{Refusal, SignedToken};
pub use keys::{Keys, KeysError, PublicKey, read_keys};

use crate::net::Client;

/// How far our clock and that of whoever signs may be apart, in seconds.
pub const SKEW: i64 = 60;

/// Who signs the tokens of workflows, and for whom they must be meant.
#[derive(Debug)]
pub struct Issuer {
    issuer: String,
    audience: String,
    keys: Keys,
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is wrong.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody can tell at present.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Issuer {
    /// The issuer of that address, whose tokens must be for that audience. Nothing is asked yet.
    pub fn new(issuer: &str, audience: &str, client: Client) -> Self {
        Self { issuer: issuer.to_owned(), audience: audience.to_owned(), keys: Keys::new(issuer, client) }
    }

    /// What a token says, if all of it holds: signature, issuer, audience and time. `now` in seconds.
    ///
    /// # Errors
    /// When something does not hold, or the issuer's keys cannot be had.
    pub async fn verify(&self, text: &str, now: i64) -> Result<Claims, TokenError> {
        let token = SignedToken::parse(text)?;
        let key = self.keys.get(&token.key_id).await?;
        let claims = token.verify(&key)?;
        claims.check(&self.issuer, &self.audience, now)?;
        Ok(claims)
    }

    /// Lets the issuer be asked again at once, and not only after a pause. Of use to tests.
    pub async fn forget_when_asked(&self) {
        self.keys.forget_when_asked().await;
    }
}
