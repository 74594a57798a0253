//! What is needed to exchange the tokens of workflows.

use super::Reader;
use super::github::api;

/// What is needed to exchange the tokens of workflows.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// `PORTBOOK_OIDC_ISSUER`: who signs them.
    pub issuer: String,
    /// `PORTBOOK_OIDC_AUDIENCE`: for whom they must be meant; none means that none are exchanged.
    pub audience: Option<String>,
}

impl OidcConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let issuer = reader.parsed("PORTBOOK_OIDC_ISSUER", api);
        let audience = reader.parsed("PORTBOOK_OIDC_AUDIENCE", |text| {
            let plain = text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic());
            let expected = || {
                format!("expected the ledger's own origin, such as https://ledger.example.org, got {text:?}")
            };
            plain.then(|| text.to_owned()).ok_or_else(expected)
        });
        let issuer = issuer.unwrap_or_else(|| "https://token.actions.githubusercontent.com".to_owned());
        Self { issuer, audience }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn without_an_audience_nothing_is_exchanged() {
        let config = read(&[], OidcConfig::read).unwrap();
        assert_eq!(
            (config.issuer.as_str(), config.audience),
            ("https://token.actions.githubusercontent.com", None)
        );
        let ours =
            [("PORTBOOK_OIDC_AUDIENCE", "https://l.example"), ("PORTBOOK_OIDC_ISSUER", "http://[::1]:9/")];
        let config = read(&ours, OidcConfig::read).unwrap();
        assert_eq!(
            (config.issuer.as_str(), config.audience.as_deref()),
            ("http://[::1]:9", Some("https://l.example"))
        );
    }

    #[test]
    fn mistakes_are_named() {
        let variables =
            [("PORTBOOK_OIDC_AUDIENCE", "a b"), ("PORTBOOK_OIDC_ISSUER", "http://issuer.example")];
        let error = read(&variables, OidcConfig::read).unwrap_err().to_string();
        assert!(variables.iter().all(|(name, _)| error.contains(name)), "{error}");
    }
}
