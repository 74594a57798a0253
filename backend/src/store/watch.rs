//! What the worker watches: registries and running services.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::Name;

/// A watched repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRow {
    /// Its identity.
    pub id: String,
    /// The project that its tags belong to.
    pub project: Name,
    /// Registry and repository, without tag.
    pub repository: String,
    /// Who asks; anonymous if none.
    pub username: Option<String>,
    /// The file with the password.
    pub secret_file: Option<String>,
    /// When to look next, in microseconds.
    pub next_at: i64,
    /// How often looking failed since it last worked.
    pub failures: i64,
    /// Why it failed last.
    pub last_error: Option<String>,
}

/// A watched service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeRow {
    /// Its identity.
    pub id: String,
    /// The project.
    pub project: Name,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// Where it says what it is.
    pub url: String,
    /// When to ask next, in microseconds.
    pub next_at: i64,
    /// How often asking failed since it last worked.
    pub failures: i64,
    /// Why it failed last.
    pub last_error: Option<String>,
}

macro_rules! registries {
    ($rest:literal) => {
        concat!(
            "SELECT id, project, repository, username, secret_file, next_at, failures, last_error FROM watch_registry ",
            $rest
        )
    };
}

macro_rules! runtimes {
    ($rest:literal) => {
        concat!(
            "SELECT id, project, service, environment, url, next_at, failures, last_error FROM watch_runtime ",
            $rest
        )
    };
}

impl Session {
    /// All watched repositories.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watched_registries(&mut self) -> Result<Vec<RegistryRow>, StoreError> {
        let rows = self.rows(registries!("ORDER BY project, repository"), &[]).await?;
        rows.iter().map(RegistryRow::read).collect()
    }

    /// Watches a repository, or changes how.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_watched_registry(&mut self, row: &RegistryRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO watch_registry (id, project, repository, username, secret_file, next_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, repository) DO UPDATE SET \
                   username = excluded.username, secret_file = excluded.secret_file, next_at = excluded.next_at, \
                   failures = 0, last_error = NULL";
        let params = [
            Text(&row.id),
            Text(row.project.as_str()),
            Text(&row.repository),
            MaybeText(row.username.as_deref()),
            MaybeText(row.secret_file.as_deref()),
            Int(row.next_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// Watches a repository no more; answers `false` if it was not watched. What was seen stays known.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_watched_registry(
        &mut self,
        project: &str,
        repository: &str,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM watch_registry WHERE project = $1 AND repository = $2";
        Ok(self.execute(sql, &[Text(project), Text(repository)]).await? == 1)
    }

    /// All watched services.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watched_runtimes(&mut self) -> Result<Vec<RuntimeRow>, StoreError> {
        let rows = self.rows(runtimes!("ORDER BY project, service, environment"), &[]).await?;
        rows.iter().map(RuntimeRow::read).collect()
    }

    /// Watches a service, or changes where.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_watched_runtime(&mut self, row: &RuntimeRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO watch_runtime (id, project, service, environment, url, next_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, service, environment) DO UPDATE SET \
                   url = excluded.url, next_at = excluded.next_at, failures = 0, last_error = NULL";
        let params = [
            Text(&row.id),
            Text(row.project.as_str()),
            Text(row.service.as_str()),
            Text(row.environment.as_str()),
            Text(&row.url),
            Int(row.next_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// Watches a service no more; answers `false` if it was not watched.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_watched_runtime(
        &mut self,
        project: &str,
        service: &str,
        environment: &str,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM watch_runtime WHERE project = $1 AND service = $2 AND environment = $3";
        Ok(self.execute(sql, &[Text(project), Text(service), Text(environment)]).await? == 1)
    }
}

impl RegistryRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            project: row.parsed(1)?,
            repository: row.text(2)?,
            username: row.maybe_text(3)?,
            secret_file: row.maybe_text(4)?,
            next_at: row.int(5)?,
            failures: row.int(6)?,
            last_error: row.maybe_text(7)?,
        })
    }
}

impl RuntimeRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            project: row.parsed(1)?,
            service: row.parsed(2)?,
            environment: row.parsed(3)?,
            url: row.text(4)?,
            next_at: row.int(5)?,
            failures: row.int(6)?,
            last_error: row.maybe_text(7)?,
        })
    }
}
