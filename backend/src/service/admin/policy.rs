//! Which environments the rules ask more of.

use super::{AdminError, Deed, Keeper};
use crate::service::clock;
use crate::service::token::Scope;
use crate::store::{Lock, PolicyRow, Session, StoreError};
use evidence::Name;
use evidence::rules::{Policy, is_trial};
use serde_json::json;

/// What changing a policy did.
#[derive(Debug)]
pub struct PolicyChanged {
    /// The policy that is in force now.
    pub policy: Policy,
    /// Whether the worker judges everything again.
    pub rebuild: bool,
}

impl Keeper {
    /// The projects that have a policy of their own.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn policies(&self) -> Result<Vec<PolicyRow>, AdminError> {
        Ok(self.store.read().await?.policy_rows().await?)
    }

    /// Says which environments of a project are production, and what comes before them.
    ///
    /// # Errors
    /// When it contradicts itself, or workflows are trusted with more than it allows.
    pub async fn set_policy(&self, project: Name, mut policy: Policy) -> Result<PolicyChanged, AdminError> {
        policy.production.sort();
        policy.production.dedup();
        check(&policy)?;
        // With the log to itself, as nobody may be trusted meanwhile.
        let mut session = self.store.write(Lock::Ledger).await?;
        check_trusts(&mut session, &project, &policy).await?;
        let was = session.policy(&project).await?;
        let row = PolicyRow { project: project.clone(), policy: policy.clone(), changed_at: clock::now() };
        session.put_policy(&row).await?;
        self.changed(session, "policy.set", &project, &was, policy).await
    }

    /// Takes a project's own policy away, so that the usual one is in force.
    ///
    /// # Errors
    /// When it has none, or workflows are trusted with more than the usual one allows.
    pub async fn unset_policy(&self, project: &Name) -> Result<PolicyChanged, AdminError> {
        let policy = Policy::default();
        let mut session = self.store.write(Lock::Ledger).await?;
        check_trusts(&mut session, project, &policy).await?;
        let was = session.policy(project).await?;
        if !session.delete_policy(project).await? {
            return Err(AdminError::Refused(format!(
                "{project} has no policy of its own; `portbook admin policy list` shows which have"
            )));
        }
        self.changed(session, "policy.unset", project, &was, policy).await
    }

    /// Has everything judged by it again, unless it is as it was.
    async fn changed(
        &self,
        mut session: Session,
        action: &str,
        project: &Name,
        was: &Policy,
        policy: Policy,
    ) -> Result<PolicyChanged, AdminError> {
        let rebuild = *was != policy;
        if rebuild {
            session.want_rebuild().await?;
        }
        let detail = json!({"production": policy.production, "staging": policy.staging});
        let deed = Deed { action, project: Some(project), subject: project.as_str(), detail };
        self.finish(session, deed).await?;
        Ok(PolicyChanged { policy, rebuild })
    }
}

fn check(policy: &Policy) -> Result<(), AdminError> {
    let Policy { production, staging } = policy;
    if let Some(trial) = production.iter().chain(staging).find(|name| is_trial(name)) {
        return Err(AdminError::Refused(format!(
            "things are only tried in {trial}, so that what was not tested is at home there"
        )));
    }
    match staging.as_ref().filter(|staging| policy.is_production(staging)) {
        Some(both) => Err(AdminError::Refused(format!("{both} cannot be production and come before it"))),
        None => Ok(()),
    }
}

/// No workflow may deploy to what is production by this policy from outside an environment of GitHub's own.
async fn check_trusts(session: &mut Session, project: &Name, policy: &Policy) -> Result<(), AdminError> {
    let trusts = session.oidc_trusts(None).await?.into_iter();
    for trust in trusts.filter(|trust| trust.project == *project && trust.environment.is_none()) {
        for word in trust.scopes.split(' ') {
            let scope: Scope = word.parse().map_err(StoreError::corrupt)?;
            if scope.writes_to_production(policy) {
                return Err(AdminError::Refused(format!(
                    "{} is trusted with {scope} in any environment of GitHub or none, and production needs one; \
                     `portbook admin github untrust {}`, and trust it again with --environment",
                    trust.workflow_ref, trust.id
                )));
            }
        }
    }
    Ok(())
}
