//! Reads an event: what it is about, and what it tells.
//!
//! Reading is pure. The same body always tells the same facts, whoever sends it and however often, so that what
//! comes twice is recorded once.

use super::payload::{
    CreateEvent, DeleteEvent, DeploymentEvent, DeploymentStatusEvent, Envelope, Event, Object, PackageEvent,
    PingEvent, PullRequestEvent, PushEvent, RegistryPackageEvent, RepositoryEvent, WorkflowJobEvent,
    WorkflowRunEvent,
};
use crate::field::FieldError;
use evidence::{Claim, Digest, Tag, Timestamp};
use serde::de::DeserializeOwned;

/// The deepest nesting that is read. GitHub's own is not ten deep, but a deployment carries what its maker likes.
pub const DEEPEST: usize = 128;

/// An event that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it was sent for, such as `completed`.
    pub action: Option<String>,
    /// The repository that it is about.
    pub repository_id: Option<u64>,
    /// What it tells.
    pub facts: Facts,
}

/// What an event tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Facts for the log, each with when it became so.
    pub claims: Vec<(Timestamp, Claim)>,
    /// Where it may be worth looking.
    pub hints: Vec<RegistryHint>,
}

/// Something was published in a registry: a reason to look there, and no evidence of anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryHint {
    /// Registry and repository, such as `ghcr.io/octo/shop`.
    pub repository: String,
    /// The tag, if one is told.
    pub tag: Option<Tag>,
    /// The digest, if one is told.
    pub digest: Option<Digest>,
}

/// Why a body is not the event that it is said to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is not text.
    #[error("the body is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It is nested deeper than anything is that GitHub sends.
    #[error("the body is nested more than {DEEPEST} deep")]
    TooDeep,
    /// A field that the event needs is missing, or of another type.
    #[error("the body is not such an event: {} {}", .0.pointer, .0.detail)]
    Field(FieldError),
}

impl Facts {
    pub(super) fn of(fact: Option<(Timestamp, Claim)>) -> Self {
        Self { claims: fact.into_iter().collect(), hints: Vec::new() }
    }
}

/// Reads the body of an event of that name, the header `X-GitHub-Event`. An event that is not known tells
/// nothing, and is no error.
///
/// # Errors
/// When the body is not JSON, or lacks what such an event has.
pub fn read(event: &str, body: &[u8]) -> Result<Hook, HookError> {
    let text = std::str::from_utf8(body).map_err(|error| HookError::NotUtf8(error.valid_up_to()))?;
    if nested_deeper_than(DEEPEST, body) {
        return Err(HookError::TooDeep);
    }
    match event {
        "workflow_run" => hook::<WorkflowRunEvent>(text),
        "workflow_job" => hook::<WorkflowJobEvent>(text),
        "push" => hook::<PushEvent>(text),
        "pull_request" => hook::<PullRequestEvent>(text),
        "deployment" => hook::<DeploymentEvent>(text),
        "deployment_status" => hook::<DeploymentStatusEvent>(text),
        "package" => hook::<PackageEvent>(text),
        "registry_package" => hook::<RegistryPackageEvent>(text),
        "create" => hook::<CreateEvent>(text),
        "delete" => hook::<DeleteEvent>(text),
        "repository" => hook::<RepositoryEvent>(text),
        "ping" => hook::<PingEvent>(text),
        _ => {
            let Envelope { action, repository } = parse(text)?;
            let repository_id = repository.map(|repository| repository.id.0);
            Ok(Hook { action, repository_id, facts: Facts::default() })
        }
    }
}

fn hook<T: Event + DeserializeOwned>(text: &str) -> Result<Hook, HookError> {
    let event: T = parse(text)?;
    Ok(Hook {
        action: event.action().map(str::to_owned),
        repository_id: event.repository_id(),
        facts: event.facts(),
    })
}

/// Reads JSON; only where that fails a second time, slower, for the place of the mistake.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, HookError> {
    match serde_json::from_str::<Object<T>>(text) {
        Ok(Object(read)) => Ok(read),
        Err(error) if error.is_data() => {
            let mut reader = serde_json::Deserializer::from_str(text);
            match serde_path_to_error::deserialize::<_, Object<T>>(&mut reader) {
                Ok(Object(read)) => Ok(read),
                Err(error) => Err(HookError::Field(FieldError::of("", 0, &error))),
            }
        }
        Err(error) => Err(HookError::NotJson(error.to_string())),
    }
}

/// Whether brackets are open that deep anywhere. Broken JSON gets some answer and is refused afterwards.
fn nested_deeper_than(most: usize, json: &[u8]) -> bool {
    let (mut depth, mut rest) = (0usize, json);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            // Most of an event is in strings, which are passed over by many bytes at a time.
            b'"' => rest = after_string(after),
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What follows the string whose first byte this is.
fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        if rest[at] == b'"' {
            return &rest[at + 1..];
        }
        // The next byte is escaped, whatever it is.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    &[]
}

#[cfg(test)]
mod tests;
