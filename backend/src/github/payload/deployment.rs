//! `deployment` and `deployment_status`: somebody told GitHub of a deployment, or how it goes.

use super::Event;
use super::parts::{Account, Id, Object, RepositoryId, login};
use crate::github::{Facts, text};
use evidence::{Claim, CommitSha, GithubDeployment, Timestamp};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct DeploymentEvent {
    action: String,
    deployment: Object<Deployment>,
    repository: Object<RepositoryId>,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct DeploymentStatusEvent {
    action: String,
    deployment_status: Object<Status>,
    deployment: Object<Deployment>,
    repository: Object<RepositoryId>,
}

#[derive(Debug, Deserialize)]
struct Deployment {
    id: Id,
    sha: CommitSha,
    environment: String,
    creator: Option<Object<Account>>,
    created_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Status {
    id: Id,
    state: String,
    // A status can name another environment than its deployment did.
    environment: Option<String>,
    creator: Option<Object<Account>>,
    created_at: Timestamp,
}

impl Event for DeploymentEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        let deployment = &self.deployment;
        let claim = GithubDeployment {
            repository_id: self.repository.id.0,
            deployment_id: deployment.id.0,
            status_id: 0,
            environment: text::fit(&deployment.environment, 255),
            commit: deployment.sha.clone(),
            state: "created".to_owned(),
            actor: text::fit(login(deployment.creator.as_ref()), 100),
        };
        Facts::of(Some((deployment.created_at, Claim::GithubDeployment(claim))))
    }
}

impl Event for DeploymentStatusEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.id.0)
    }

    fn facts(&self) -> Facts {
        let (status, deployment) = (&self.deployment_status, &self.deployment);
        let own = status.environment.as_deref().filter(|environment| !environment.is_empty());
        let claim = GithubDeployment {
            repository_id: self.repository.id.0,
            deployment_id: deployment.id.0,
            status_id: status.id.0,
            environment: text::fit(own.unwrap_or(&deployment.environment), 255),
            commit: deployment.sha.clone(),
            state: text::fit(&status.state, 100),
            actor: text::fit(login(status.creator.as_ref()), 100),
        };
        Facts::of(Some((status.created_at, Claim::GithubDeployment(claim))))
    }
}
