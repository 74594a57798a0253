//! Tokens: `pb_<id>_<secret>`.

use super::clock;
use super::log::{Provenance, Trust};
use crate::store::{Lock, Store, StoreError, TokenRow};
use evidence::Name;
use evidence::rules::Policy;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// How exactly it is known when a token was last used.
const USE_PRECISION_MICROS: i64 = 60 * 1_000_000;

/// What a token may do. A scope grants itself only, `admin` too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Reading, where reading is not public.
    Read,
    /// Adding evidence.
    EvidenceWrite,
    /// Looking after the ledger.
    Admin,
    /// Recording deployments to one environment.
    DeployWrite(Name),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::EvidenceWrite => f.write_str("evidence:write"),
            Self::Admin => f.write_str("admin"),
            Self::DeployWrite(environment) => write!(f, "deploy:write:{environment}"),
        }
    }
}

impl Scope {
    /// Whether it lets deployments to production be recorded.
    pub fn writes_to_production(&self, policy: &Policy) -> bool {
        matches!(self, Self::DeployWrite(name) if policy.is_production(name))
    }
}

/// Why a text is not a [`Scope`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope: expected read, evidence:write, admin or deploy:write:<environment>")]
pub struct ParseScopeError(String);

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "read" => Ok(Self::Read),
            "evidence:write" => Ok(Self::EvidenceWrite),
            "admin" => Ok(Self::Admin),
            other => other
                .strip_prefix("deploy:write:")
                .and_then(|environment| environment.parse().ok())
                .map(Self::DeployWrite)
                .ok_or_else(|| ParseScopeError(text.to_owned())),
        }
    }
}

/// A whole token, secret included. It is shown once, when it is made, and otherwise never.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    id: String,
    secret: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(pb_{}_[redacted])", self.id)
    }
}

impl Token {
    fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        let (id, secret) = bytes.split_at(ID_BYTES);
        Ok(Self { id: hex(id), secret: hex(secret) })
    }

    /// Reads `pb_<id>_<secret>`; none if it is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("pb_")?.split_once('_')?;
        let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let whole = id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES;
        (whole && is_hex(id) && is_hex(secret)).then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The public half.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole text, for the one time that it is shown.
    pub fn reveal(&self) -> String {
        format!("pb_{}_{}", self.id, self.secret)
    }

    /// 256 random bits need no slow hash.
    fn secret_hash(&self) -> String {
        hex(&Sha256::digest(self.secret.as_bytes()))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What a valid token grants.
#[derive(Clone, Debug)]
pub struct Access {
    /// The token's public half.
    pub token_id: String,
    /// The only project that it is good for.
    pub project: Name,
    /// Who vouches for what comes with it.
    pub trust: Trust,
    /// What the workflow's own token claimed, as JSON, of one that was exchanged.
    pub claims: Option<String>,
    scopes: Vec<Scope>,
}

impl Access {
    /// Whether the token has this very scope.
    pub fn has(&self, scope: &Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// Whether the token may record deployments to any environment.
    pub fn deploys(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, Scope::DeployWrite(_)))
    }

    /// How a document came to us that came with this token.
    pub fn provenance(&self) -> Provenance {
        let token_id = Some(self.token_id.clone());
        Provenance { trust: self.trust, token_id, source: self.claims.clone() }
    }
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No such token, or another secret.
    #[error("the token is unknown")]
    Unknown,
    /// It was good once.
    #[error("the token has expired; `portbook admin token create` makes another")]
    Expired,
    /// Someone took it back.
    #[error("the token was revoked; `portbook admin token create` makes another")]
    Revoked,
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds out what a token grants.
///
/// # Errors
/// When it grants nothing, or the database cannot be asked.
pub async fn authenticate(store: &Store, token: &Token) -> Result<Access, AuthError> {
    let row = store.read().await?.token(&token.id).await?.ok_or(AuthError::Unknown)?;
    let given = token.secret_hash();
    if !bool::from(given.as_bytes().ct_eq(row.secret_hash.as_bytes())) {
        return Err(AuthError::Unknown);
    }
    if row.revoked_at.is_some() {
        return Err(AuthError::Revoked);
    }
    let now = clock::now();
    if row.expires_at <= now {
        return Err(AuthError::Expired);
    }
    if row.last_used_at.is_none_or(|last| last < now - USE_PRECISION_MICROS) {
        note_use(store, &row.id, now);
    }
    let scopes = row.scopes.split(' ').map(str::parse).collect::<Result<_, _>>();
    let trust = if row.trust == Trust::Oidc.as_str() { Trust::Oidc } else { Trust::Token };
    Ok(Access {
        token_id: row.id,
        project: row.project,
        trust,
        claims: row.claims,
        scopes: scopes.map_err(StoreError::corrupt)?,
    })
}

/// Notes when a token was used, beside the request: nobody waits for that, and nothing fails with it. One note
/// at a time is under way, so that a crowd of requests does not become a crowd of writers.
fn note_use(store: &Store, id: &str, now: i64) {
    static UNDER_WAY: AtomicBool = AtomicBool::new(false);
    if UNDER_WAY.swap(true, Ordering::AcqRel) {
        return;
    }
    let (store, id) = (store.clone(), id.to_owned());
    tokio::spawn(async move {
        let noted = async {
            let mut session = store.write(Lock::None).await?;
            session.use_token(&id, now, now - USE_PRECISION_MICROS).await?;
            session.commit().await
        };
        if let Err(error) = noted.await {
            tracing::debug!(%error, "could not note when a token was used");
        }
        UNDER_WAY.store(false, Ordering::Release);
    });
}

/// A token that was just made.
#[derive(Debug)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// From when on it is refused, RFC 3339.
    pub expires_at: String,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// The operating system gave no random numbers.
    #[error("the operating system gave no random numbers: {0}")]
    Random(getrandom::Error),
    /// The calendar ends before the token would.
    #[error("a token cannot last that long")]
    TooLong,
    /// The database could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token.
///
/// # Errors
/// When there are no random numbers, the lifetime is absurd, or the database refuses.
pub async fn create(
    store: &Store,
    project: Name,
    scopes: &[Scope],
    lifetime: Duration,
) -> Result<NewToken, CreateTokenError> {
    let (made, row) = new(project, scopes, lifetime)?;
    let mut session = store.write(Lock::None).await?;
    session.insert_token(&row).await?;
    session.commit().await?;
    Ok(made)
}

/// A token and the row that makes it good, once that is stored.
///
/// # Errors
/// When there are no random numbers, or the lifetime is absurd.
pub(super) fn new(
    project: Name,
    scopes: &[Scope],
    lifetime: Duration,
) -> Result<(NewToken, TokenRow), CreateTokenError> {
    let token = Token::generate().map_err(CreateTokenError::Random)?;
    let created_at = clock::now();
    let (expires_at, written) = i64::try_from(lifetime.as_micros())
        .ok()
        .and_then(|lifetime| created_at.checked_add(lifetime))
        .and_then(|expires_at| Some((expires_at, clock::rfc3339(expires_at)?)))
        .ok_or(CreateTokenError::TooLong)?;
    let scopes: Vec<_> = scopes.iter().map(Scope::to_string).collect();
    let row = TokenRow {
        id: token.id.clone(),
        secret_hash: token.secret_hash(),
        project,
        scopes: scopes.join(" "),
        created_at,
        expires_at,
        trust: Trust::Token.as_str().to_owned(),
        claims: None,
        note: None,
        revoked_at: None,
        last_used_at: None,
    };
    Ok((NewToken { token, expires_at: written }, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_read_back_and_hide_their_secret() {
        let token = Token::generate().unwrap();
        assert_ne!(token, Token::generate().unwrap());
        let text = token.reveal();
        assert_eq!(Token::parse(&text), Some(token.clone()));
        assert!(!format!("{token:?}").contains(&token.secret));
        for bad in ["", "pb_", "pb_1_2", &text[1..], &text[..text.len() - 1], &format!("{text}0")] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn scopes_read_back() {
        for text in ["read", "evidence:write", "admin", "deploy:write:prod"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for bad in ["", "write", "deploy:write:", "deploy:write:Prod", "admin "] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }
}
