//! Whom to tell about incidents.

use super::Reader;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The fewest bytes of a secret that Standard Webhooks allows.
const SHORTEST_SECRET: usize = 24;

/// The most bytes of a secret that Standard Webhooks allows.
const LONGEST_SECRET: usize = 64;

/// Whom to tell about incidents, and how to sign what they are told.
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    /// `PORTBOOK_NOTIFY_URL`: where notices are posted.
    pub url: String,
    /// `PORTBOOK_NOTIFY_SECRET_FILE`: what they are signed with.
    pub secret: NotifySecret,
}

/// A key to sign with. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifySecret(Vec<u8>);

impl NotifyConfig {
    /// Reads the concern; mistakes stay with the reader. Both variables are set, or neither.
    pub fn read(reader: &Reader<'_>) -> Option<Self> {
        let url = reader.parsed("PORTBOOK_NOTIFY_URL", |text| {
            // The address can hold a token, so it is not repeated.
            crate::net::address(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
        });
        let secret = reader.parsed("PORTBOOK_NOTIFY_SECRET_FILE", |path| {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
            NotifySecret::parse(text.trim()).map_err(|expected| format!("{path}: {expected}"))
        });
        let (has_url, has_secret) = (
            reader.text("PORTBOOK_NOTIFY_URL").is_some(),
            reader.text("PORTBOOK_NOTIFY_SECRET_FILE").is_some(),
        );
        if has_url && !has_secret {
            reader.mistake(
                "PORTBOOK_NOTIFY_SECRET_FILE",
                "expected a file with the secret that notices to PORTBOOK_NOTIFY_URL are signed with",
            );
        }
        if has_secret && !has_url {
            reader.mistake("PORTBOOK_NOTIFY_URL", "expected an address, because there is a secret for it");
        }
        Some(Self { url: url?, secret: secret? })
    }
}

impl NotifySecret {
    /// Reads `whsec_<base64>`, or takes the text's own bytes.
    ///
    /// # Errors
    /// Says what was expected, when the secret is too short or too long, or no base64.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = match text.strip_prefix("whsec_") {
            Some(encoded) => {
                STANDARD.decode(encoded).map_err(|_| "expected base64 after whsec_".to_owned())?
            }
            None => text.as_bytes().to_vec(),
        };
        if (SHORTEST_SECRET..=LONGEST_SECRET).contains(&bytes.len()) {
            return Ok(Self(bytes));
        }
        let got = bytes.len();
        Err(format!(
            "expected a secret of {SHORTEST_SECRET} to {LONGEST_SECRET} bytes, got {got}; \
             `openssl rand -base64 32 | sed s/^/whsec_/` makes one"
        ))
    }

    /// The key's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for NotifySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotifySecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn secrets_are_base64_or_bytes_and_long_enough() {
        let encoded = NotifySecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(encoded.bytes().len(), 24);
        assert_eq!(NotifySecret::parse(&"r".repeat(24)).unwrap().bytes(), [b'r'; 24]);
        for bad in ["", "short", "whsec_MfKQ", "whsec_*", &"r".repeat(65)] {
            assert!(NotifySecret::parse(bad).is_err(), "{bad}");
        }
        assert!(!format!("{encoded:?}").contains("MfKQ"));
    }

    #[test]
    fn an_address_needs_a_secret_and_a_secret_an_address() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{}\n", "r".repeat(32))).unwrap();
        let secret = ("PORTBOOK_NOTIFY_SECRET_FILE", file.path().to_str().unwrap());
        let url = ("PORTBOOK_NOTIFY_URL", "https://chat.example/hook?key=hunter2");
        let error = read(&[url], NotifyConfig::read).unwrap_err().to_string();
        assert!(error.contains(secret.0) && !error.contains("hunter2"), "{error}");
        assert!(read(&[secret], NotifyConfig::read).unwrap_err().to_string().contains(url.0));
        assert_eq!(read(&[url, secret], NotifyConfig::read).unwrap().unwrap().url, url.1);
        assert!(read(&[], NotifyConfig::read).unwrap().is_none());
    }
}
