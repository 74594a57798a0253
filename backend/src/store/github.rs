//! Repositories of GitHub, and the workflows that are trusted.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::Name;

/// A connected repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubRepositoryRow {
    /// GitHub's number of it, which it keeps when it is renamed.
    pub repository_id: i64,
    /// GitHub's number of its owner.
    pub owner_id: i64,
    /// The project that it belongs to.
    pub project: Name,
    /// Owner and name, as they were when it was connected.
    pub full_name: String,
    /// The workflow whose runs are CI's verdict.
    pub ci_workflow: String,
    /// When it was connected, in microseconds.
    pub added_at: i64,
}

/// A workflow that may exchange its own token for one of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcTrustRow {
    /// Its identity.
    pub id: String,
    /// The project of the tokens that it gets.
    pub project: Name,
    /// GitHub's number of the repository.
    pub repository_id: i64,
    /// GitHub's number of the repository's owner.
    pub owner_id: i64,
    /// The workflow, `<owner>/<name>/.github/workflows/<file>@<ref>`.
    pub workflow_ref: String,
    /// The environment of GitHub that its job must run in.
    pub environment: Option<String>,
    /// The scopes of the tokens that it gets, separated by spaces.
    pub scopes: String,
    /// When it was trusted, in microseconds.
    pub created_at: i64,
}

impl Session {
    /// The connected repository of that number.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn github_repository(
        &mut self,
        repository_id: i64,
    ) -> Result<Option<GithubRepositoryRow>, StoreError> {
        let sql = "SELECT repository_id, owner_id, project, full_name, ci_workflow, added_at \
                   FROM github_repository WHERE repository_id = $1";
        let rows = self.rows(sql, &[Int(repository_id)]).await?;
        rows.first().map(GithubRepositoryRow::read).transpose()
    }

    /// All connected repositories.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn github_repositories(&mut self) -> Result<Vec<GithubRepositoryRow>, StoreError> {
        let sql = "SELECT repository_id, owner_id, project, full_name, ci_workflow, added_at \
                   FROM github_repository ORDER BY project, full_name, repository_id";
        self.rows(sql, &[]).await?.iter().map(GithubRepositoryRow::read).collect()
    }

    /// Connects a repository, or changes one that is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_github_repository(&mut self, row: &GithubRepositoryRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO github_repository (repository_id, owner_id, project, full_name, ci_workflow, added_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repository_id) DO UPDATE SET \
                   owner_id = excluded.owner_id, project = excluded.project, full_name = excluded.full_name, \
                   ci_workflow = excluded.ci_workflow";
        let params = [
            Int(row.repository_id),
            Int(row.owner_id),
            Text(row.project.as_str()),
            Text(&row.full_name),
            Text(&row.ci_workflow),
            Int(row.added_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// Disconnects a repository; answers `false` if there is none of that number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_github_repository(&mut self, repository_id: i64) -> Result<bool, StoreError> {
        let sql = "DELETE FROM github_repository WHERE repository_id = $1";
        Ok(self.execute(sql, &[Int(repository_id)]).await? == 1)
    }

    /// Whether any run of a repository's workflows is known.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn has_ci_runs(&mut self, project: &str, repository_id: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS found FROM ci_run WHERE project = $1 AND repository_id = $2 LIMIT 1";
        Ok(!self.rows(sql, &[Text(project), Int(repository_id)]).await?.is_empty())
    }

    /// Trusts a workflow.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert_oidc_trust(&mut self, row: &OidcTrustRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO oidc_trust (id, project, repository_id, owner_id, workflow_ref, environment, scopes, \
                   created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let params = [
            Text(&row.id),
            Text(row.project.as_str()),
            Int(row.repository_id),
            Int(row.owner_id),
            Text(&row.workflow_ref),
            MaybeText(row.environment.as_deref()),
            Text(&row.scopes),
            Int(row.created_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// All trusted workflows, or those of one repository.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn oidc_trusts(&mut self, repository_id: Option<i64>) -> Result<Vec<OidcTrustRow>, StoreError> {
        let all = "SELECT id, project, repository_id, owner_id, workflow_ref, environment, scopes, created_at \
                   FROM oidc_trust ORDER BY created_at, id";
        let some = "SELECT id, project, repository_id, owner_id, workflow_ref, environment, scopes, created_at \
                    FROM oidc_trust WHERE repository_id = $1 ORDER BY created_at, id";
        let rows = match repository_id {
            None => self.rows(all, &[]).await?,
            Some(id) => self.rows(some, &[Int(id)]).await?,
        };
        rows.iter().map(OidcTrustRow::read).collect()
    }

    /// Trusts a workflow no more; answers what it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_oidc_trust(&mut self, id: &str) -> Result<Option<OidcTrustRow>, StoreError> {
        let sql = "DELETE FROM oidc_trust WHERE id = $1 RETURNING id, project, repository_id, owner_id, workflow_ref, \
                   environment, scopes, created_at";
        let rows = self.rows(sql, &[Text(id)]).await?;
        rows.first().map(OidcTrustRow::read).transpose()
    }
}

impl GithubRepositoryRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            repository_id: row.int(0)?,
            owner_id: row.int(1)?,
            project: row.parsed(2)?,
            full_name: row.text(3)?,
            ci_workflow: row.text(4)?,
            added_at: row.int(5)?,
        })
    }
}

impl OidcTrustRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            project: row.parsed(1)?,
            repository_id: row.int(2)?,
            owner_id: row.int(3)?,
            workflow_ref: row.text(4)?,
            environment: row.maybe_text(5)?,
            scopes: row.text(6)?,
            created_at: row.int(7)?,
        })
    }
}
