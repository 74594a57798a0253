//! A JSON Web Token in its compact form, signed with RS256 and nothing else.

use super::claims::Claims;
use super::keys::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The most characters of a token; GitHub's have about two thousand.
const LONGEST: usize = 16 * 1024;

/// Why a token is refused. Nothing of it is repeated that it does not say in its signed part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not three parts of base64url with JSON in the first two.
    #[error("it is not a signed token in the compact form: {0}")]
    Malformed(&'static str),
    /// It is signed in another way, or not at all.
    #[error("it is not signed with RS256, the only way that is taken")]
    Algorithm,
    /// Nobody signed it with the key that it names.
    #[error("its signature does not hold")]
    Signature,
    /// The signed part lacks something, or has it in another form.
    #[error("what it claims cannot be read: {0}")]
    Claims(String),
    /// Someone else issued it.
    #[error("its issuer is another")]
    Issuer,
    /// It is meant for someone else.
    #[error("its audience is not this ledger, but {0}")]
    Audience(String),
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    Early,
}

/// A token that can be read, and that nobody has vouched for yet.
#[derive(Clone, Debug)]
pub struct SignedToken {
    /// The name of the key that it says it was signed with.
    pub key_id: String,
    signed: String,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    // Extensions that a reader must understand (RFC 7515, section 4.1.11): this one knows none.
    crit: Option<serde_json::Value>,
}

impl SignedToken {
    /// Reads a token.
    ///
    /// # Errors
    /// When it is none, or signed in another way than RS256.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::Malformed("it is too long"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed("it has one part"))?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed("it has two parts"))?;
        let header: Header = serde_json::from_slice(&decode(header)?)
            .map_err(|_| Refusal::Malformed("its header is not such an object"))?;
        if header.alg != "RS256" {
            return Err(Refusal::Algorithm);
        }
        if header.crit.is_some() {
            return Err(Refusal::Malformed("its header asks for extensions"));
        }
        let key_id = header.kid.ok_or(Refusal::Malformed("its header names no key"))?;
        Ok(Self { key_id, signed: signed.to_owned(), claims: decode(claims)?, signature: decode(signature)? })
    }

    /// What it claims, if it was signed with that key.
    ///
    /// # Errors
    /// When it was not, or what it claims cannot be read.
    pub fn verify(&self, key: &PublicKey) -> Result<Claims, Refusal> {
        if !key.has_signed(self.signed.as_bytes(), &self.signature) {
            return Err(Refusal::Signature);
        }
        Claims::read(&self.claims)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed("a part is not base64url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), "AAAA")
    }

    #[test]
    fn only_rs256_with_a_named_key_is_read() {
        assert_eq!(SignedToken::parse(&token(r#"{"alg":"RS256","kid":"a"}"#)).unwrap().key_id, "a");
        for alg in ["none", "None", "HS256", "rs256", "RS512", "PS256", "ES256", ""] {
            let header = format!(r#"{{"alg":"{alg}","kid":"a"}}"#);
            assert_eq!(SignedToken::parse(&token(&header)).unwrap_err(), Refusal::Algorithm, "{alg}");
        }
    }

    #[test]
    fn what_is_no_token_is_told_so() {
        let twice = r#"{"alg":"RS256","alg":"none","kid":"a"}"#;
        let headers =
            ["{}", "[]", "\"\"", r#"{"alg":"RS256"}"#, twice, r#"{"alg":"RS256","kid":"a","crit":[]}"#];
        for text in headers.map(token).iter().map(String::as_str).chain(["", ".", "..", "a.b.c", "ä.ö.ü"])
        {
            assert!(matches!(SignedToken::parse(text), Err(Refusal::Malformed(_))), "{text}");
        }
        let padded = token(r#"{"alg":"RS256","kid":"a"}"#).replace(".AAAA", ".AA==");
        assert!(matches!(SignedToken::parse(&padded), Err(Refusal::Malformed(_))));
        let four = format!("{}.AAAA", token(r#"{"alg":"RS256","kid":"a"}"#));
        assert!(matches!(SignedToken::parse(&four), Err(Refusal::Malformed(_))));
        assert!(SignedToken::parse(&"a".repeat(LONGEST + 1)).is_err());
    }
}
