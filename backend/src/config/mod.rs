//! Configuration: environment variables only, read once at the start, every mistake named at once.
//!
//! One struct per concern; a command reads the concerns that it needs from one [`Reader`] and then asks
//! it for the mistakes. The environment is passed in, so that tests never touch the process's own.

mod build;
mod database;
mod deployed;
mod github;
mod logging;
mod migrate;
mod notify;
mod oidc;
mod server;
mod worker;

pub use build::BuildConfig;
pub use database::{DatabaseConfig, PostgresConfig, SqliteConfig};
pub use deployed::DeployedConfig;
pub use github::{GithubConfig, GithubToken};
pub use logging::{LogConfig, LogFormat};
pub use migrate::MigrateConfig;
pub use notify::{NotifyConfig, NotifySecret};
pub use oidc::OidcConfig;
pub use server::{ServerConfig, listen_address};
pub use worker::WorkerConfig;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;

/// Reads variables, and collects what is wrong with them.
pub struct Reader<'a> {
    environment: &'a dyn Fn(&str) -> Option<OsString>,
    mistakes: RefCell<Vec<String>>,
}

/// Who runs a command, by the name that the system knows; only for the audit.
pub fn operator(reader: &Reader<'_>) -> String {
    reader.text("USER").unwrap_or_else(|| "command line".to_owned())
}

/// Everything that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(Vec<String>);

impl<'a> Reader<'a> {
    /// Reads from a function that knows the variables.
    pub fn new(environment: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { environment, mistakes: RefCell::default() }
    }

    /// The value of a variable. An empty one counts as not set, because that is what Compose makes of
    /// `${NAME:-}`.
    fn text(&self, name: &str) -> Option<String> {
        let value = (self.environment)(name).filter(|value| !value.is_empty())?;
        match value.into_string() {
            Ok(text) => Some(text),
            Err(_) => {
                self.mistake(name, "expected UTF-8 text");
                None
            }
        }
    }

    /// The value of a variable, made into something by `parse`, whose error says what was expected.
    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.mistake(name, &expected);
                None
            }
        }
    }

    fn mistake(&self, name: &str, detail: &str) {
        self.mistakes.borrow_mut().push(format!("{name}: {detail}"));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn finish(self) -> Result<(), ConfigError> {
        let mistakes = self.mistakes.into_inner();
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError(mistakes)) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is wrong:")?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        write!(f, "\n`portbook --help` lists the variables")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Reads with these variables only.
    pub fn read<T>(variables: &[(&str, &str)], read: impl Fn(&Reader<'_>) -> T) -> Result<T, ConfigError> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let reader = Reader::new(&environment);
        let value = read(&reader);
        reader.finish().map(|()| value)
    }

    #[test]
    fn every_mistake_is_named_at_once_and_no_secret_is_repeated() {
        let variables = [
            ("PORTBOOK_LISTEN", "everywhere"),
            ("DATABASE_URL", "postgres://me:hunter2@host:notaport/db"),
            ("PORTBOOK_COMMIT", "abc"),
            ("PORTBOOK_ENVIRONMENT", "Production!"),
            ("PORTBOOK_LOG_FORMAT", "xml"),
            ("PORTBOOK_WORKER_INTERVAL_MS", "0"),
            ("PORTBOOK_OBSERVE_INTERVAL_S", "1h"),
            ("PORTBOOK_REGISTRY_INTERVAL_S", "0"),
            ("PORTBOOK_DEPLOYMENT_TIMEOUT_MIN", "-1"),
            ("PORTBOOK_DELIVERY_DAYS", "0"),
            ("PORTBOOK_NOTIFY_URL", "chat.example"),
            ("PORTBOOK_NOTIFY_SECRET_FILE", "/does/not/exist"),
            ("PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS", "0"),
            ("PORTBOOK_PUBLIC_BOARD", "perhaps"),
            ("PORTBOOK_WEB_ROOT", "/does/not/exist"),
        ];
        let error = read(&variables, |reader| {
            ServerConfig::read(reader);
            DatabaseConfig::read(reader);
            BuildConfig::read(reader);
            DeployedConfig::read(reader);
            LogConfig::read(reader, false);
            WorkerConfig::read(reader);
            MigrateConfig::read(reader);
        })
        .unwrap_err()
        .to_string();
        for (name, _) in variables {
            assert!(error.contains(name), "{name} is not named in:\n{error}");
        }
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn empty_is_unset() {
        let listen = read(&[("PORTBOOK_LISTEN", "")], |reader| ServerConfig::read(reader).listen.to_string());
        assert_eq!(listen.unwrap(), "127.0.0.1:8080");
    }
}
