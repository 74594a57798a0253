//! How a registry is told who asks.
//!
//! Source: distribution's token authentication specification; RFC 7617 for Basic.

use crate::secret::Secret;
use base64::Engine as _;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// What a 401 asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password with every request.
    Basic,
    /// A token of a token service.
    Bearer {
        /// The token service.
        realm: String,
        /// The name of the registry at the token service.
        service: String,
        /// What the request needs.
        scope: String,
        /// Why the token that was shown was not taken.
        error: String,
    },
}

impl Challenge {
    /// Reads the `WWW-Authenticate` headers; a token service is preferred.
    pub fn parse<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for header in headers {
            let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer") {
                let parameters = parameters(rest);
                let get = |name: &str| {
                    let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.clone()).unwrap_or_default()
                };
                let realm = get("realm");
                if !realm.is_empty() {
                    let (service, scope, error) = (get("service"), get("scope"), get("error"));
                    return Some(Self::Bearer { realm, service, scope, error });
                }
            }
        }
        basic
    }
}

/// `key="value",key=value`: values may be quoted, with commas and escapes inside.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',']);
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim().to_owned();
        let value;
        if let Some(quoted) = after.trim_start().strip_prefix('"') {
            let (mut text, mut escaped, mut end) = (String::new(), false, quoted.len());
            for (at, c) in quoted.char_indices() {
                match c {
                    _ if escaped => {
                        text.push(c);
                        escaped = false;
                    }
                    '\\' => escaped = true,
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    _ => text.push(c),
                }
            }
            (value, rest) = (text, &quoted[end..]);
        } else {
            let end = after.find(',').unwrap_or(after.len());
            (value, rest) = (after[..end].trim().to_owned(), &after[end..]);
        }
        found.push((key, value));
        rest = rest.trim_start_matches([' ', ',']);
    }
    found
}

/// A token and how long it is good.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token.
    pub secret: Secret,
    /// It is not shown after this.
    pub until: Instant,
}

/// Reads a token service's answer. A token without a term is good for 60 s, as the specification says; the last tenth of
/// the term is not used.
pub fn read_token(body: &[u8], now: Instant) -> Option<Token> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        token: String,
        #[serde(default)]
        access_token: String,
        expires_in: Option<u64>,
    }
    let body: Body = serde_json::from_slice(body).ok()?;
    let text = if body.token.is_empty() { body.access_token } else { body.token };
    let term = Duration::from_secs(body.expires_in.unwrap_or(60).clamp(1, 86_400));
    (!text.is_empty()).then(|| Token { secret: Secret::new(text), until: now + term * 9 / 10 })
}

/// The header of Basic authentication, a secret itself.
pub fn basic(user: &str, password: &Secret) -> Secret {
    let text = format!("{user}:{}", password.reveal());
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)))
}

/// Text as a value in a query or a form.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let header = r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull,push",error="invalid_token""#;
        let expected = Challenge::Bearer {
            realm: "https://ghcr.io/token".to_owned(),
            service: "ghcr.io".to_owned(),
            scope: "repository:a/b:pull,push".to_owned(),
            error: "invalid_token".to_owned(),
        };
        assert_eq!(Challenge::parse(["Basic realm=\"x\"", header].into_iter()), Some(expected));
        assert_eq!(Challenge::parse(["basic realm=x"].into_iter()), Some(Challenge::Basic));
        for hostile in ["Bearer", "Bearer realm=", "Bearer realm=\"", "Negotiate", "", "Bearer =,=,\"\\"] {
            assert_eq!(Challenge::parse([hostile].into_iter()), None, "{hostile}");
        }
    }

    #[test]
    fn tokens_have_a_term() {
        let now = Instant::now();
        let token = read_token(br#"{"access_token":"abc","expires_in":100}"#, now).unwrap();
        assert_eq!((token.secret.reveal(), token.until), ("abc", now + Duration::from_secs(90)));
        assert!(read_token(br#"{"token":""}"#, now).is_none());
        assert!(read_token(b"<html>", now).is_none());
    }
}
