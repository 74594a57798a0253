//! Repositories of GitHub: connected, and their workflows trusted.

use super::{AdminError, Deed, Keeper, identity};
use crate::service::clock;
use crate::service::token::Scope;
use crate::store::{GithubRepositoryRow, Lock, OidcTrustRow};
use evidence::Name;
use serde_json::json;

/// The workflow whose runs are CI's verdict, unless said otherwise.
pub const CI_WORKFLOW: &str = ".github/workflows/ci.yml";

/// A repository to connect.
pub struct Connect {
    /// The project that it belongs to.
    pub project: Name,
    /// GitHub's number of it.
    pub repository_id: i64,
    /// GitHub's number of its owner.
    pub owner_id: i64,
    /// Owner and name.
    pub full_name: String,
    /// The workflow whose runs are CI's verdict; as it was, or the usual one, if none.
    pub ci_workflow: Option<String>,
}

/// What connecting did.
#[derive(Debug)]
pub struct Connected {
    /// The repository.
    pub row: GithubRepositoryRow,
    /// How many deliveries that had been ignored are queued again.
    pub requeued: u64,
    /// Whether the worker makes all projections again.
    pub rebuild: bool,
}

/// A workflow to trust.
pub struct TrustWorkflow {
    /// GitHub's number of the repository.
    pub repository_id: i64,
    /// GitHub's number of its owner.
    pub owner_id: i64,
    /// The workflow, `<owner>/<name>/.github/workflows/<file>@<ref>`.
    pub workflow: String,
    /// The environment of GitHub that its job must run in.
    pub environment: Option<String>,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Keeper {
    /// Connects a repository to a project, or changes one that is connected.
    ///
    /// # Errors
    /// When it belongs to another project.
    pub async fn connect(&self, connect: Connect) -> Result<Connected, AdminError> {
        let now = clock::now();
        // With the log to itself: who makes evidence of a delivery meanwhile either finds the repository
        // connected, or has it marked as ignored before this queues it again.
        let mut session = self.store.write(Lock::Ledger).await?;
        let known = session.github_repository(connect.repository_id).await?;
        if let Some(known) = known.as_ref().filter(|known| known.project != connect.project) {
            let (id, project) = (known.repository_id, &known.project);
            return Err(AdminError::Refused(format!(
                "repository {id} is connected to the project {project}; \
                 `portbook admin github disconnect --repository-id {id}` first"
            )));
        }
        let was = known.as_ref().map(|known| known.ci_workflow.clone());
        let ci_workflow = connect.ci_workflow.or_else(|| was.clone());
        let row = GithubRepositoryRow {
            repository_id: connect.repository_id,
            owner_id: connect.owner_id,
            project: connect.project,
            full_name: connect.full_name,
            ci_workflow: ci_workflow.unwrap_or_else(|| CI_WORKFLOW.to_owned()),
            added_at: now,
        };
        session.put_github_repository(&row).await?;
        let rebuild = match was {
            Some(was) => was != row.ci_workflow,
            // It can have been connected before, and with another workflow.
            None => session.has_ci_runs(row.project.as_str(), row.repository_id).await?,
        };
        if rebuild {
            session.want_rebuild().await?;
        }
        let requeued = session.requeue_ignored_deliveries(row.repository_id, now).await?;
        let deed = Deed {
            action: "github.connect",
            project: Some(&row.project),
            subject: &row.repository_id.to_string(),
            detail: json!({"name": row.full_name, "owner_id": row.owner_id, "ci_workflow": row.ci_workflow,
                           "requeued": requeued}),
        };
        self.finish(session, deed).await?;
        Ok(Connected { row, requeued, rebuild })
    }

    /// All connected repositories.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn repositories(&self) -> Result<Vec<GithubRepositoryRow>, AdminError> {
        Ok(self.store.read().await?.github_repositories().await?)
    }

    /// Disconnects a repository. What it told stays; its workflows are trusted no more.
    ///
    /// # Errors
    /// When it is not connected.
    pub async fn disconnect(&self, repository_id: i64) -> Result<(), AdminError> {
        let mut session = self.begin().await?;
        let Some(row) = session.github_repository(repository_id).await? else {
            return Err(not_connected(repository_id));
        };
        session.delete_github_repository(repository_id).await?;
        let trusts = session.oidc_trusts(Some(repository_id)).await?;
        for trust in &trusts {
            session.delete_oidc_trust(&trust.id).await?;
        }
        let deed = Deed {
            action: "github.disconnect",
            project: Some(&row.project),
            subject: &repository_id.to_string(),
            detail: json!({"name": row.full_name, "untrusted": trusts.len()}),
        };
        self.finish(session, deed).await?;
        Ok(())
    }

    /// Trusts a workflow of a connected repository.
    ///
    /// # Errors
    /// When the repository is not connected, has another owner, or the workflow asks for too much.
    pub async fn trust(&self, trust: TrustWorkflow) -> Result<OidcTrustRow, AdminError> {
        if trust.scopes.contains(&Scope::Admin) {
            let refused = "a workflow cannot have the scope admin; make a token for a person instead";
            return Err(AdminError::Refused(refused.to_owned()));
        }
        // Not while somebody says what production is.
        let mut session = self.store.write(Lock::Ledger).await?;
        let Some(repository) = session.github_repository(trust.repository_id).await? else {
            return Err(not_connected(trust.repository_id));
        };
        if repository.owner_id != trust.owner_id {
            return Err(AdminError::Refused(format!(
                "repository {} is connected with the owner {}, not {}; \
                 `portbook admin github connect` again if it has moved",
                trust.repository_id, repository.owner_id, trust.owner_id
            )));
        }
        let policy = session.policy(&repository.project).await?;
        let unguarded = trust
            .scopes
            .iter()
            .find(|scope| trust.environment.is_none() && scope.writes_to_production(&policy));
        if let Some(scope) = unguarded {
            return Err(AdminError::Refused(format!(
                "the scope {scope} needs --environment: the environment of GitHub whose protection rules \
                 stand before production"
            )));
        }
        let scopes: Vec<_> = trust.scopes.iter().map(Scope::to_string).collect();
        let row = OidcTrustRow {
            id: identity("trust")?,
            project: repository.project,
            repository_id: trust.repository_id,
            owner_id: trust.owner_id,
            workflow_ref: trust.workflow,
            environment: trust.environment,
            scopes: scopes.join(" "),
            created_at: clock::now(),
        };
        session.insert_oidc_trust(&row).await?;
        let deed = Deed {
            action: "github.trust",
            project: Some(&row.project),
            subject: &row.id,
            detail: json!({"repository_id": row.repository_id, "workflow": row.workflow_ref,
                           "environment": row.environment, "scopes": row.scopes}),
        };
        self.finish(session, deed).await?;
        Ok(row)
    }

    /// All trusted workflows.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn trusts(&self) -> Result<Vec<OidcTrustRow>, AdminError> {
        Ok(self.store.read().await?.oidc_trusts(None).await?)
    }

    /// Trusts a workflow no more. Tokens that it has got already last ten minutes at most.
    ///
    /// # Errors
    /// When there is no trust of that identity.
    pub async fn untrust(&self, id: &str) -> Result<OidcTrustRow, AdminError> {
        let mut session = self.begin().await?;
        let Some(row) = session.delete_oidc_trust(id).await? else {
            return Err(AdminError::Refused(format!(
                "there is no trust {id}; `portbook admin github trusts` shows what there is"
            )));
        };
        let detail = json!({"repository_id": row.repository_id, "workflow": row.workflow_ref});
        let deed = Deed { action: "github.untrust", project: Some(&row.project), subject: id, detail };
        self.finish(session, deed).await?;
        Ok(row)
    }
}

fn not_connected(repository_id: i64) -> AdminError {
    AdminError::Refused(format!(
        "repository {repository_id} is not connected; `portbook admin github connect` connects one, and \
         `portbook admin github list` shows what there is"
    ))
}
