//! What the worker watches.

use super::{AdminError, Deed, Keeper, identity};
use crate::service::clock;
use crate::store::{RegistryRow, RuntimeRow};
use evidence::Name;
use serde_json::json;

/// Who asks a registry.
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The file with the password, as the worker sees it.
    pub secret_file: String,
}

impl Keeper {
    /// Watches a repository of a registry, or changes how.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn watch_registry(
        &self,
        project: Name,
        repository: String,
        credentials: Option<Credentials>,
    ) -> Result<(), AdminError> {
        let (username, secret_file) =
            credentials.map_or((None, None), |given| (Some(given.username), Some(given.secret_file)));
        let row = RegistryRow {
            id: identity("registry")?,
            project,
            repository,
            username,
            secret_file,
            next_at: clock::now(),
            failures: 0,
            last_error: None,
        };
        let mut session = self.begin().await?;
        session.put_watched_registry(&row).await?;
        let detail = json!({"username": row.username, "password_file": row.secret_file});
        let deed = Deed {
            action: "watch.registry.add",
            project: Some(&row.project),
            subject: &row.repository,
            detail,
        };
        self.finish(session, deed).await?;
        Ok(())
    }

    /// All watched repositories.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watched_registries(&self) -> Result<Vec<RegistryRow>, AdminError> {
        Ok(self.store.read().await?.watched_registries().await?)
    }

    /// Watches a repository no more.
    ///
    /// # Errors
    /// When it was not watched.
    pub async fn unwatch_registry(&self, project: &Name, repository: &str) -> Result<(), AdminError> {
        let mut session = self.begin().await?;
        if !session.delete_watched_registry(project.as_str(), repository).await? {
            return Err(AdminError::Refused(format!(
                "{repository} is not watched for {project}; `portbook admin watch registry list` shows what is"
            )));
        }
        let action = "watch.registry.remove";
        let deed =
            Deed { action, project: Some(project), subject: repository, detail: serde_json::Value::Null };
        self.finish(session, deed).await?;
        Ok(())
    }

    /// Watches a service, or changes where.
    ///
    /// # Errors
    /// When the address cannot be asked, or the database refuses.
    pub async fn watch_runtime(
        &self,
        project: Name,
        service: Name,
        environment: Name,
        url: String,
    ) -> Result<(), AdminError> {
        let row = RuntimeRow {
            id: identity("runtime")?,
            project,
            service,
            environment,
            url,
            next_at: clock::now(),
            failures: 0,
            last_error: None,
        };
        let mut session = self.begin().await?;
        session.put_watched_runtime(&row).await?;
        let deed = Deed {
            action: "watch.runtime.add",
            project: Some(&row.project),
            subject: &format!("{}/{}", row.environment, row.service),
            detail: json!({"url": row.url}),
        };
        self.finish(session, deed).await?;
        Ok(())
    }

    /// All watched services.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn watched_runtimes(&self) -> Result<Vec<RuntimeRow>, AdminError> {
        Ok(self.store.read().await?.watched_runtimes().await?)
    }

    /// Watches a service no more.
    ///
    /// # Errors
    /// When it was not watched.
    pub async fn unwatch_runtime(
        &self,
        project: &Name,
        service: &Name,
        environment: &Name,
    ) -> Result<(), AdminError> {
        let mut session = self.begin().await?;
        let gone =
            session.delete_watched_runtime(project.as_str(), service.as_str(), environment.as_str()).await?;
        if !gone {
            return Err(AdminError::Refused(format!(
                "{service} in {environment} is not watched for {project}; \
                 `portbook admin watch runtime list` shows what is"
            )));
        }
        let subject = format!("{environment}/{service}");
        let action = "watch.runtime.remove";
        let deed =
            Deed { action, project: Some(project), subject: &subject, detail: serde_json::Value::Null };
        self.finish(session, deed).await?;
        Ok(())
    }
}
