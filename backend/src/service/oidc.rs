//! A workflow's own token for one of ours: what it may do is what its repository, owner, workflow and environment are
//! trusted with.

use super::clock;
use super::log::Trust;
use super::token::{self, Access, CreateTokenError, NewToken, Scope};
use crate::field::FieldError;
use crate::github::oidc::{Claims, Issuer, TokenError};
use crate::store::{Lock, OidcTrustRow, Store, StoreError};
use evidence::rules::Policy;
use evidence::{Claim, Name};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a token lasts that was exchanged.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// How long a used token is remembered after its end, in microseconds: the clocks of several servers differ.
const REMEMBERED: i64 = 600_000_000;

/// What was exchanged.
#[derive(Debug)]
pub struct Exchanged {
    /// The new token.
    pub made: NewToken,
    /// The project that it is good for.
    pub project: Name,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// Why nothing was exchanged.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The workflow's token is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It is believed, and nobody has said that this workflow may do anything.
    #[error("{0}")]
    Untrusted(String),
    /// It was exchanged before.
    #[error("this token was exchanged before; each is good once")]
    Used,
    /// No token could be made.
    #[error(transparent)]
    Create(#[from] CreateTokenError),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a workflow's token.
///
/// # Errors
/// When it is not believed, not trusted, used, or the database cannot take it.
pub async fn exchange(store: &Store, issuer: &Issuer, text: &str) -> Result<Exchanged, ExchangeError> {
    let now = clock::now();
    let claims = issuer.verify(text, now.div_euclid(1_000_000)).await?;
    let mut session = store.write(Lock::None).await?;
    let trusts = match claims.repository_id() {
        Some(id) => session.oidc_trusts(Some(id)).await?,
        None => Vec::new(),
    };
    let project = project_of(&claims, &trusts)?;
    let policy = session.policy(&project).await?;
    let scopes = granted(&claims, &trusts, &project, &policy)?;
    let (made, mut row) = token::new(project.clone(), &scopes, LIFETIME)?;
    row.trust = Trust::Oidc.as_str().to_owned();
    row.claims = Some(kept(&claims).to_string());
    // In one transaction: a token that is made was used, and one that was used in vain can be shown again.
    session.forget_jtis(now.saturating_sub(REMEMBERED)).await?;
    let ends_at = claims.ends_at().saturating_mul(1_000_000);
    if !session.use_jti(&claims.jti, ends_at).await? {
        return Err(ExchangeError::Used);
    }
    session.insert_token(&row).await?;
    session.commit().await?;
    tracing::info!(
        %project, repository = claims.run.repository, workflow = claims.job_workflow_ref, run = claims.run.run_id,
        token = row.id, "a workflow's token was exchanged"
    );
    Ok(Exchanged { made, project, scopes })
}

/// Those trusts that are in this workflow.
fn fitting<'a>(claims: &Claims, trusts: &'a [OidcTrustRow]) -> impl Iterator<Item = &'a OidcTrustRow> {
    let owner = claims.owner_id();
    trusts.iter().filter(move |trust| {
        Some(trust.owner_id) == owner
            && is_workflow(&trust.workflow_ref, &claims.job_workflow_ref)
            && trust.environment.as_ref().is_none_or(|name| Some(name) == claims.environment.as_ref())
    })
}

/// The project of the tokens that a workflow gets.
fn project_of(claims: &Claims, trusts: &[OidcTrustRow]) -> Result<Name, ExchangeError> {
    fitting(claims, trusts).next().map(|trust| trust.project.clone()).ok_or_else(|| untrusted(claims))
}

/// The scopes that those trusts together give to a workflow. Nobody writes to production from outside an environment of
/// GitHub's own.
fn granted(
    claims: &Claims,
    trusts: &[OidcTrustRow],
    project: &Name,
    policy: &Policy,
) -> Result<Vec<Scope>, ExchangeError> {
    let mut scopes = Vec::new();
    for trust in fitting(claims, trusts).filter(|trust| trust.project == *project) {
        for word in trust.scopes.split(' ') {
            let scope: Scope = word.parse().map_err(StoreError::corrupt)?;
            let fits = match &scope {
                Scope::Admin => false,
                _ => trust.environment.is_some() || !scope.writes_to_production(policy),
            };
            if fits && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    if scopes.is_empty() { Err(untrusted(claims)) } else { Ok(scopes) }
}

/// Whether a workflow is the one that is trusted: exactly, or any of a `<path>@refs/…/*`.
fn is_workflow(trusted: &str, workflow: &str) -> bool {
    match trusted.strip_suffix('*') {
        // The star stands for the end of a reference, and never for a part of a path.
        Some(prefix) if prefix.contains("@refs/") => workflow.starts_with(prefix),
        Some(_) => false,
        None => trusted == workflow,
    }
}

fn untrusted(claims: &Claims) -> ExchangeError {
    let number = |id: Option<i64>| id.map_or_else(|| "no number".to_owned(), |id| id.to_string());
    let environment = claims.environment.as_deref().map_or("none".to_owned(), |name| format!("{name:?}"));
    ExchangeError::Untrusted(format!(
        "no workflow is trusted that fits: repository {}, owner {}, workflow {:?}, environment {environment}; \
         `portbook admin github trust` trusts one",
        number(claims.repository_id()),
        number(claims.owner_id()),
        claims.job_workflow_ref
    ))
}

/// What is kept of the claims, with the token and with everything that it records.
fn kept(claims: &Claims) -> Value {
    let mut kept = json!(claims.run);
    kept["repository_id"] = json!(claims.repository_id());
    kept["job_workflow_ref"] = json!(claims.job_workflow_ref);
    kept["environment"] = json!(claims.environment);
    kept
}

/// What a document says otherwise than the workflow's own token, which is believed; `base` points at the document.
pub fn contradictions(access: &Access, claim: &Claim, base: &str) -> Vec<FieldError> {
    let Some(claims) = access.claims.as_deref().filter(|_| access.trust == Trust::Oidc) else {
        return Vec::new();
    };
    let claims: Value = serde_json::from_str(claims).unwrap_or_default();
    let said = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let wrong = |field: &str, expected: String| FieldError {
        pointer: format!("{base}/claim/{field}"),
        detail: format!("expected {expected}, as the workflow's own token says"),
    };
    let mut errors = Vec::new();
    match claim {
        Claim::CiVerdict { commit, .. } | Claim::ImageBuilt { commit, .. } | Claim::Smoke { commit, .. } => {
            // Elsewhere the token's commit is the branch's that the workflow comes from.
            let own = matches!(said("event_name").as_str(), "push" | "pull_request");
            if own && commit.as_str() != said("sha") {
                errors.push(wrong("commit", said("sha")));
            }
        }
        Claim::Deployed { actor, .. } | Claim::RolledBack { actor, .. } if *actor != said("actor") => {
            errors.push(wrong("actor", format!("{:?}", said("actor"))));
        }
        _ => {}
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_end_of_a_reference_alone() {
        let workflow = "o/r/.github/workflows/ci.yml@refs/heads/release/1";
        for good in [
            workflow,
            "o/r/.github/workflows/ci.yml@refs/heads/*",
            "o/r/.github/workflows/ci.yml@refs/heads/release/*",
            "o/r/.github/workflows/ci.yml@refs/*",
        ] {
            assert!(is_workflow(good, workflow), "{good}");
        }
        for bad in [
            "*",
            "o/r/*",
            "o/r/.github/workflows/ci.yml@*",
            "o/r/.github/workflows/ci.yml@refs/tags/*",
            "o/r/.github/workflows/ci.yml@refs/heads/release",
            "o/r/.github/workflows/c*i.yml@refs/heads/release/1",
            "o/s/.github/workflows/ci.yml@refs/heads/*",
            "",
        ] {
            assert!(!is_workflow(bad, workflow), "{bad}");
        }
    }
}
