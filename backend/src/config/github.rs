//! What is needed to hear GitHub, and to ask it.

use super::Reader;
use crate::github::Secrets;
use std::fmt;

/// What is needed to hear GitHub, and to ask it.
#[derive(Clone, Debug)]
pub struct GithubConfig {
    /// `PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE`: what webhooks are signed with; none means that none are taken.
    pub secrets: Option<Secrets>,
    /// `PORTBOOK_GITHUB_API`: where its REST interface is, without a slash at the end.
    pub api: String,
    /// `PORTBOOK_GITHUB_TOKEN_FILE`: what it is asked with; none means that it is not asked.
    pub token: Option<GithubToken>,
}

/// A token of GitHub's. It shows itself to nobody but GitHub.
#[derive(Clone, PartialEq, Eq)]
pub struct GithubToken(String);

impl GithubConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let secrets = reader.parsed("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE", |path| {
            Secrets::parse(&file(path)?).map_err(|error| format!("{error} in {path}"))
        });
        let token = reader.parsed("PORTBOOK_GITHUB_TOKEN_FILE", |path| {
            let text = file(path)?;
            let token = text.trim();
            let written = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            let expected = || format!("expected a token of GitHub's, and nothing else, in {path}");
            written.then(|| GithubToken(token.to_owned())).ok_or_else(expected)
        });
        let api = reader.parsed("PORTBOOK_GITHUB_API", api);
        Self { secrets, api: api.unwrap_or_else(|| "https://api.github.com".to_owned()), token }
    }
}

impl GithubToken {
    /// The token itself, for the header that it is sent in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GithubToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GithubToken([redacted])")
    }
}

fn file(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))
}

/// An address that the token may be sent to: encrypted, or on this machine.
pub(super) fn api(text: &str) -> Result<String, String> {
    let expected = || format!("expected https://<host>, such as https://api.github.com, got {text:?}");
    let uri: axum::http::Uri = text.parse().map_err(|_| expected())?;
    let local = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let safe = uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && local;
    let plain = uri.query().is_none() && uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    if safe && plain { Ok(text.trim_end_matches('/').to_owned()) } else { Err(expected()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    fn in_file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn without_settings_nothing_is_heard_and_nothing_asked() {
        let config = read(&[], GithubConfig::read).unwrap();
        assert!(config.secrets.is_none() && config.token.is_none());
        assert_eq!(config.api, "https://api.github.com");
    }

    #[test]
    fn secrets_come_from_files_and_are_never_shown() {
        let secrets = in_file("the-old-secret-of-ours\nthe-new-secret-of-ours\n");
        let token = in_file("ghp_hunter2\n");
        let variables = [
            ("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE", secrets.path().to_str().unwrap()),
            ("PORTBOOK_GITHUB_TOKEN_FILE", token.path().to_str().unwrap()),
            ("PORTBOOK_GITHUB_API", "https://github.example/api/v3/"),
        ];
        let config = read(&variables, GithubConfig::read).unwrap();
        assert_eq!(config.api, "https://github.example/api/v3");
        assert_eq!(config.token.as_ref().unwrap().reveal(), "ghp_hunter2");
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("secret-of-ours"), "{shown}");
        assert!(shown.contains("Secrets(2 live)"), "{shown}");
    }

    #[test]
    fn mistakes_are_named_and_no_secret_is_repeated() {
        let short = in_file("hunter2");
        let two_words = in_file("ghp_hunter2 ghp_hunter3");
        let variables = [
            ("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE", short.path().to_str().unwrap()),
            ("PORTBOOK_GITHUB_TOKEN_FILE", two_words.path().to_str().unwrap()),
            ("PORTBOOK_GITHUB_API", "http://github.example"),
        ];
        let error = read(&variables, GithubConfig::read).unwrap_err().to_string();
        for (name, _) in variables {
            assert!(error.contains(name), "{error}");
        }
        assert!(!error.contains("hunter"), "{error}");
    }

    #[test]
    fn the_token_goes_nowhere_unencrypted() {
        for good in
            ["https://api.github.com", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1/x/"]
        {
            assert!(api(good).is_ok(), "{good}");
        }
        for bad in
            ["", "api.github.com", "http://api.github.com", "ftp://x", "https://me:pw@x", "https://x/?a=b"]
        {
            assert!(api(bad).is_err(), "{bad}");
        }
    }
}
