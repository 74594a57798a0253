//! Which database.

use super::Reader;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::PathBuf;

const EXPECTED: &str = "expected sqlite://<path> or postgres://<user>@<host>/<database>";

/// Which database, by the scheme of `DATABASE_URL`.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// A SQLite file.
    Sqlite(SqliteConfig),
    /// A Postgres database.
    Postgres(PostgresConfig),
}

/// A SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteConfig {
    /// Where the file is, or shall be.
    pub path: PathBuf,
}

/// A Postgres database.
#[derive(Clone)]
pub struct PostgresConfig {
    options: Box<PgConnectOptions>,
}

impl DatabaseConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let password = reader.parsed("DATABASE_PASSWORD_FILE", |path| {
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
            Ok(text.trim_end_matches(['\r', '\n']).to_owned())
        });
        let config = reader.parsed("DATABASE_URL", |url| parse(url, password.as_deref()));
        config.unwrap_or_else(|| Self::Sqlite(SqliteConfig { path: PathBuf::from("portbook.db") }))
    }
}

fn parse(url: &str, password: Option<&str>) -> Result<DatabaseConfig, String> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        if path.is_empty() || path.contains([':', '?']) {
            let why = "a path to a file, without parameters; a database in memory has no worker";
            return Err(format!("{EXPECTED}; for SQLite {why}"));
        }
        return Ok(DatabaseConfig::Sqlite(SqliteConfig { path: PathBuf::from(path) }));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        // The URL can hold a password, and so could the parser's message: neither is repeated.
        let mut options: PgConnectOptions = url
            .parse()
            .map_err(|_| format!("{EXPECTED}; what stands after postgres:// is no such address"))?;
        if let Some(password) = password {
            options = options.password(password);
        }
        return Ok(DatabaseConfig::Postgres(PostgresConfig { options: Box::new(options) }));
    }
    Err(EXPECTED.to_owned())
}

impl PostgresConfig {
    /// How to connect.
    pub fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .field("user", &self.options.get_username())
            .field("password", &"[redacted]")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    fn database(url: &str) -> Result<DatabaseConfig, String> {
        read(&[("DATABASE_URL", url)], DatabaseConfig::read).map_err(|error| error.to_string())
    }

    #[test]
    fn sqlite_paths_are_relative_or_absolute() {
        for (url, path) in
            [("sqlite://portbook.db", "portbook.db"), ("sqlite:///data/portbook.db", "/data/portbook.db")]
        {
            let DatabaseConfig::Sqlite(config) = database(url).unwrap() else {
                panic!("{url} is not SQLite");
            };
            assert_eq!(config.path, PathBuf::from(path));
        }
    }

    #[test]
    fn other_databases_are_refused() {
        for url in ["mysql://x", "portbook.db", "sqlite://", "sqlite://:memory:", "sqlite://a?mode=ro"] {
            assert!(database(url).unwrap_err().contains("DATABASE_URL"), "{url}");
        }
    }

    #[test]
    fn the_password_comes_from_its_file_and_is_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        let variables = [
            ("DATABASE_URL", "postgres://me@db.example:5433/ledger"),
            ("DATABASE_PASSWORD_FILE", file.path().to_str().unwrap()),
        ];
        let config = read(&variables, DatabaseConfig::read).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("db.example") && shown.contains("5433"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let DatabaseConfig::Postgres(config) = config else { panic!("not Postgres") };
        assert!(format!("{:?}", config.options()).contains("hunter2"));
    }
}
