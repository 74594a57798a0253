//! What those who deploy send.

use super::DeploymentError;
use crate::field::FieldError;
use evidence::{
    Claim, CommitSha, DeploymentId, DeploymentMode, DeploymentPhase, DeploymentStarted, DeploymentState,
    Digest, Evidence, FailureClass, Name, Timestamp,
};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use utoipa::ToSchema;

/// A deployment that begins. Nothing of it is inferred: what is missing is refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// When it began, RFC 3339; kept to the second.
    pub occurred_at: Timestamp,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// The commit that the image was built from.
    pub commit: CommitSha,
    /// The digest that shall run; absent when it is a process and not an image.
    #[serde(default)]
    #[schema(nullable = false)]
    pub digest: Option<Digest>,
    /// The reference that was asked for, such as `registry/name:v1.2.3`; absent when only the digest was.
    #[serde(default)]
    #[schema(nullable = false)]
    pub reference: Option<String>,
    /// Why it is done.
    pub mode: DeploymentMode,
    /// The deployment that a rollback undoes.
    #[serde(default)]
    #[schema(nullable = false)]
    pub rollback_of: Option<DeploymentId>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it, at most 100 characters.
    pub actor: String,
}

/// What a deployment has come to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// When, RFC 3339; kept to the second.
    pub occurred_at: Timestamp,
    /// Counts the states of this deployment from 1; each number is used once.
    #[schema(minimum = 1)]
    pub sequence: u32,
    /// What it has come to.
    pub state: DeploymentPhase,
    /// What failed, of a failure.
    #[serde(default)]
    #[schema(nullable = false)]
    pub failure: Option<FailureClass>,
    /// More for people, at most 2,000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub detail: Option<String>,
}

impl StartBody {
    /// The document that this tells about that deployment.
    pub(super) fn document(self, project: Name, id: DeploymentId) -> Result<Evidence, DeploymentError> {
        let claim = Claim::DeploymentStarted(DeploymentStarted {
            id,
            service: self.service,
            environment: self.environment,
            commit: self.commit,
            digest: self.digest,
            reference: self.reference,
            mode: self.mode,
            rollback_of: self.rollback_of,
            version: self.version,
            actor: self.actor,
        });
        checked(Evidence::new(project, self.occurred_at.instant(), claim))
    }
}

impl EventBody {
    /// The document that this tells about that deployment.
    pub(super) fn document(self, project: Name, id: DeploymentId) -> Result<Evidence, DeploymentError> {
        if self.failure.is_some() && self.state != DeploymentPhase::Failed {
            let detail = "expected only with the state failed".to_owned();
            return Err(DeploymentError::Invalid(vec![FieldError {
                pointer: "/failure".to_owned(),
                detail,
            }]));
        }
        let claim = Claim::DeploymentState(DeploymentState {
            id,
            sequence: self.sequence,
            state: self.state,
            failure: self.failure,
            detail: self.detail,
        });
        checked(Evidence::new(project, self.occurred_at.instant(), claim))
    }
}

/// The document, if it says nothing impossible. Its fields are those of the body, without a `claim` around them.
fn checked(evidence: Evidence) -> Result<Evidence, DeploymentError> {
    match evidence.validate() {
        Ok(()) => Ok(evidence),
        Err(errors) => {
            let fields = errors.into_iter().map(|error| {
                let pointer = error.pointer.strip_prefix("/claim").unwrap_or(&error.pointer).to_owned();
                FieldError { pointer, detail: error.detail }
            });
            Err(DeploymentError::Invalid(fields.collect()))
        }
    }
}

/// Reads a body, and says where it is wrong.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DeploymentError> {
    let text = std::str::from_utf8(body).map_err(|error| DeploymentError::NotJson(error.to_string()))?;
    let not_json = |error: &serde_json::Error| DeploymentError::NotJson(error.to_string());
    // serde would also take a list of the fields' values.
    if !text.trim_start().starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
        let detail = "expected an object".to_owned();
        return Err(DeploymentError::Invalid(vec![FieldError { pointer: String::new(), detail }]));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            DeploymentError::Invalid(vec![FieldError::of("", 0, &error)])
        } else {
            not_json(error.inner())
        }
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(read)
}
