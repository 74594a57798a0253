//! What goes wrong with a registry, each in words of its own and with what to do.

use super::auth::Challenge;
use super::call::Answer;
use super::credentials::{Credentials, Kind, PASSWORD, USER};
use crate::error::{Exit, Problem};
use evidence::Digest;
use serde::Deserialize;

/// Nothing answers, or not in HTTP.
pub fn unreachable(host: &str, why: &str, attempts: u32) -> Problem {
    Problem::missing(format!("{host} does not answer, asked {attempts} times: {why}"))
        .next("run the same command again: what was uploaded is not uploaded again")
}

/// It answers, and goes on to say that it cannot.
pub fn unavailable(host: &str, line: &str, answer: &str, attempts: u32) -> Problem {
    Problem::missing(format!("{host} could not do {line}, asked {attempts} times: {answer}"))
        .next("run the same command again: what was uploaded is not uploaded again")
}

/// It does not take the credentials, or there are none.
pub fn unauthorised(host: &str, credentials: &Credentials) -> Problem {
    let source = &credentials.source;
    let message = match credentials.kind {
        Kind::Anonymous => format!("{host} wants to know who asks, and there are no credentials: {source}"),
        _ => format!("{host} does not accept the user or password from {source}"),
    };
    Problem::missing(message).next(format!("docker login {host}, or set {USER} and {PASSWORD}"))
}

/// It does not take a token that its own token service gave, or that was given to us.
pub fn stale_token(host: &str, credentials: &Credentials) -> Problem {
    let source = &credentials.source;
    Problem::missing(format!(
        "{host} does not accept the token: it has expired or is not for this service (from {source})"
    ))
    .next(format!("docker login {host}"))
}

/// It knows who asks, and does not let them.
pub fn denied(host: &str, scope: &str, detail: &str) -> Problem {
    let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
    let next = match host {
        "ghcr.io" => "give the job `permissions: packages: write`, or the token the scope write:packages",
        _ if host.contains(".dkr.ecr.") => {
            "give the role ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, \
            ecr:CompleteLayerUpload, ecr:PutImage and ecr:BatchGetImage on the repository"
        }
        _ => "ask the registry's owner for that scope, or log in as someone who has it",
    };
    Problem::missing(format!("{host} denied it: the credentials lack the scope {scope}{detail}")).next(next)
}

/// There is no such repository.
pub fn unknown_repository(host: &str, name: &str) -> Problem {
    let next = if host.contains(".dkr.ecr.") {
        format!("aws ecr create-repository --repository-name {name}")
    } else {
        "is image.repository in pipeline.yml, or --image, right? a first publish makes it where the registry lets it".to_owned()
    };
    Problem::missing(format!("{host} has no repository {name}")).next(next)
}

/// It says one digest and serves or means another.
pub fn lies(host: &str, what: &str, expected: &Digest, found: &str) -> Problem {
    Problem::new(
        Exit::Failed,
        format!("{host} does not tell the truth about {what}: expected {expected}, got {found}; nothing it says is used"),
    )
    .next("ask the registry's owner; a proxy in between that changes bodies does this too")
}

/// Any other answer that was not expected.
pub fn unexpected(host: &str, line: &str, answer: &str) -> Problem {
    Problem::new(Exit::Failed, format!("{host} refused {line}: {answer}"))
}

/// The first error of a body in the registry's form, or the body.
pub fn said(answer: &Answer) -> (String, String) {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    match serde_json::from_slice::<Body>(&answer.body).ok().and_then(|body| body.errors.into_iter().next()) {
        Some(entry) => (entry.code.clone(), format!("{} {}: {}", answer.status, entry.code, entry.message)),
        None => (String::new(), format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body))),
    }
}

/// Whether a challenge says that the token is good and does not reach far enough.
pub fn is_insufficient(challenge: &Challenge) -> bool {
    matches!(challenge, Challenge::Bearer { error, .. } if error == "insufficient_scope")
}
