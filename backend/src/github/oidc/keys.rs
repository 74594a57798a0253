//! The public keys of who signs: fetched when they are first needed, kept, and looked up again when a token names one that
//! is not known, but not as often as anybody likes.

use crate::net::{self, Client, NetError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// The most bytes of what the issuer answers.
const LARGEST: usize = 256 * 1024;

/// How long a request to the issuer may take.
const WHOLE: Duration = Duration::from_secs(10);

/// Keys are looked up again after this long, so that one that was withdrawn is forgotten.
const OLD: Duration = Duration::from_secs(3600);

/// Where the issuer does not answer, keys are good this long all the same.
const TOO_OLD: Duration = Duration::from_secs(24 * 3600);

/// Between two looks, whoever asks for them.
const PAUSE: Duration = Duration::from_secs(30);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The issuer does not answer as it should.
    #[error("the issuer's keys cannot be had at present: {0}")]
    Unavailable(String),
    /// It was asked a moment ago, and did not have that key then.
    #[error("the issuer has no such key, and was asked a moment ago")]
    Unknown,
}

/// An RSA key of 2048 to 8192 bits, as it stands in a key set.
#[derive(Clone, Debug)]
pub struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl PublicKey {
    /// Whether this key's other half signed the message with RS256.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

/// The keys of one issuer.
#[derive(Debug)]
pub struct Keys {
    issuer: String,
    client: Client,
    known: RwLock<Arc<Known>>,
    /// When the issuer was last asked; held while it is, so that one asks for all who wait.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, PublicKey>,
    at: Option<Instant>,
}

impl Known {
    fn is_younger_than(&self, age: Duration) -> bool {
        self.at.is_some_and(|at| at.elapsed() < age)
    }
}

impl Keys {
    pub(super) fn new(issuer: &str, client: Client) -> Self {
        let (known, asked) = (RwLock::default(), tokio::sync::Mutex::default());
        Self { issuer: issuer.to_owned(), client, known, asked }
    }

    /// The key of that name.
    pub(super) async fn get(&self, id: &str) -> Result<PublicKey, KeysError> {
        let known = self.known();
        if known.is_younger_than(OLD)
            && let Some(key) = known.keys.get(id)
        {
            return Ok(key.clone());
        }
        let mut asked = self.asked.lock().await;
        // Somebody else may have asked in the meantime.
        let known = self.known();
        if known.is_younger_than(OLD)
            && let Some(key) = known.keys.get(id)
        {
            return Ok(key.clone());
        }
        let old = known.keys.get(id).filter(|_| known.is_younger_than(TOO_OLD)).cloned();
        if asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return old.ok_or(KeysError::Unknown);
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                let found = keys.get(id).cloned();
                self.know(Known { keys, at: Some(Instant::now()) });
                found.ok_or(KeysError::Unknown)
            }
            Err(error) => {
                tracing::warn!(%error, issuer = self.issuer, "the issuer's keys cannot be had");
                old.ok_or_else(|| KeysError::Unavailable(error.to_string()))
            }
        }
    }

    pub(super) async fn forget_when_asked(&self) {
        *self.asked.lock().await = None;
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn know(&self, known: Known) {
        *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(known);
    }

    async fn fetch(&self) -> Result<HashMap<String, PublicKey>, FetchError> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer);
        let discovery: Discovery = serde_json::from_slice(&self.ask(&url).await?)
            .map_err(|_| FetchError::Answer("its configuration is not such an object".to_owned()))?;
        if discovery.issuer != self.issuer {
            return Err(FetchError::Answer(format!("it calls itself {:?}", discovery.issuer)));
        }
        let keys_at = net::address(&discovery.jwks_uri)?;
        if keys_at.origin() != net::address(&self.issuer)?.origin() {
            return Err(FetchError::Answer("its keys are elsewhere".to_owned()));
        }
        let keys = read_keys(&self.ask(keys_at.as_str()).await?);
        keys.filter(|keys| !keys.is_empty())
            .ok_or_else(|| FetchError::Answer("it has no keys for RS256".to_owned()))
    }

    async fn ask(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let answer = self.client.get(url)?.timeout(WHOLE).send().await.map_err(NetError::from)?;
        if answer.status() != 200 {
            return Err(FetchError::Answer(format!("it answers {}", answer.status().as_u16())));
        }
        Ok(net::body(answer, LARGEST).await?)
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Net(#[from] NetError),
    #[error("{0}")]
    Answer(String),
}

/// The keys of a key set (RFC 7517) that RS256 can be checked with, by name; none where it is no key set. A key of another
/// sort is passed over, as the standard says.
pub fn read_keys(bytes: &[u8]) -> Option<HashMap<String, PublicKey>> {
    #[derive(Deserialize)]
    struct KeySet {
        keys: Vec<Value>,
    }
    #[derive(Deserialize)]
    struct Jwk {
        kty: String,
        kid: String,
        n: String,
        e: String,
        alg: Option<String>,
        #[serde(rename = "use")]
        purpose: Option<String>,
    }
    let set: KeySet = serde_json::from_slice(bytes).ok()?;
    let read = |key: Value| {
        let key: Jwk = serde_json::from_value(key).ok()?;
        let fits = key.kty == "RSA"
            && key.alg.is_none_or(|alg| alg == "RS256")
            && key.purpose.is_none_or(|purpose| purpose == "sig");
        let modulus = URL_SAFE_NO_PAD.decode(key.n).ok()?;
        let exponent = URL_SAFE_NO_PAD.decode(key.e).ok()?;
        fits.then_some((key.kid, PublicKey { modulus, exponent }))
    };
    Some(set.keys.into_iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_another_sort_are_passed_over() {
        let set = br#"{"keys":[
            {"kty":"RSA","kid":"good","use":"sig","alg":"RS256","n":"AQAB","e":"AQAB","x5t":"more"},
            {"kty":"RSA","kid":"plain","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"other-way","alg":"PS256","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"other-use","use":"enc","n":"AQAB","e":"AQAB"},
            {"kty":"EC","kid":"curve","crv":"P-256","x":"AQAB","y":"AQAB"},
            {"kty":"RSA","kid":"broken","n":"a+b","e":"AQAB"},
            {"kty":"RSA","n":"AQAB","e":"AQAB"}, 7]}"#;
        let mut names: Vec<_> = read_keys(set).unwrap().into_keys().collect();
        names.sort();
        assert_eq!(names, ["good", "plain"]);
        assert!(read_keys(b"[]").is_none() && read_keys(b"<html>").is_none());
    }

    #[test]
    fn a_key_that_is_none_has_signed_nothing() {
        let key = PublicKey { modulus: vec![1, 0, 1], exponent: vec![0] };
        assert!(!key.has_signed(b"a", b"b"));
        assert!(!PublicKey { modulus: Vec::new(), exponent: Vec::new() }.has_signed(b"", b""));
    }
}
