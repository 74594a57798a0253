//! Webhooks come in.

use super::body::{check_json, unreadable};
use super::{App, Problem};
use crate::github::{self, Hook, HookError, Secrets, SignatureError};
use crate::service::clock;
use crate::service::intake::Delivery;
use crate::store::Insertion;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use utoipa::ToSchema;

/// The most bytes of an event: GitHub's own limit.
pub(super) const HOOK_LIMIT: usize = 25 * 1024 * 1024;

/// From how many bytes on an event is read beside the other requests and not between them.
const LARGE: usize = 256 * 1024;

/// What became of an event.
#[derive(Serialize, ToSchema)]
pub(super) struct Receipt {
    status: ReceiptStatus,
}

/// What became of an event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReceiptStatus {
    /// It is new, and durable.
    Accepted,
    /// It was there already, and is durable.
    Duplicate,
}

/// What GitHub says of an event beside its body. As an extractor it runs before the body is read.
pub(super) struct Envelope {
    event: String,
    guid: String,
}

impl FromRequestParts<App> for Envelope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let event = word(&parts.headers, "X-GitHub-Event")?;
        let guid = word(&parts.headers, "X-GitHub-Delivery")?;
        Ok(Self { event, guid })
    }
}

/// Keeps an event of GitHub for the worker. It is answered when it is durable; GitHub may send it as often as
/// it likes, it counts once.
#[utoipa::path(post, path = "/v1/hooks/github", operation_id = "receive_github_event", tag = "ledger",
    params(
        ("X-GitHub-Event" = String, Header, description = "The event's name"),
        ("X-GitHub-Delivery" = String, Header, description = "The delivery's GUID"),
        ("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA256 of the body under the webhook's secret")),
    request_body(content = serde_json::Value, description = "The event, as GitHub sends it with the content type application/json"),
    responses(
        (status = 202, description = "The event is durable", body = Receipt),
        (status = 400, description = "A header is missing, or the body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No signature, or not one of a live secret", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The same GUID came with another body", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 25 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "JSON, but not such an event", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away, too many events wait, or the server knows no secret", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn github(
    State(app): State<App>,
    Envelope { event, guid }: Envelope,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let received_at = clock::now();
    let body = body.map_err(|rejection| unreadable(&rejection, HOOK_LIMIT, "GitHub sends no more"))?;
    let read = {
        let (body, event, github) = (body.clone(), event.clone(), app.github.clone());
        move || read(github.secrets.as_ref(), &headers, &event, &body)
    };
    let (hook, body_sha256) = if body.len() < LARGE {
        read()?
    } else {
        tokio::task::spawn_blocking(read).await.map_err(|_| Problem::internal())??
    };
    let delivery = Delivery {
        source: "github",
        guid,
        event,
        action: hook.action.filter(|action| is_word(action)),
        repository_id: hook.repository_id.and_then(|id| i64::try_from(id).ok()),
        received_at,
        body,
        body_sha256,
    };
    let status = match app.intake.deliver(delivery).await? {
        Insertion::New => ReceiptStatus::Accepted,
        Insertion::Duplicate => ReceiptStatus::Duplicate,
        Insertion::Conflict => return Err(other_body()),
    };
    Ok((StatusCode::ACCEPTED, Json(Receipt { status })))
}

/// Judges an event; answers what it is, and its body's SHA-256.
fn read(
    secrets: Option<&Secrets>,
    headers: &HeaderMap,
    event: &str,
    body: &[u8],
) -> Result<(Hook, String), Problem> {
    let secrets = secrets.ok_or_else(no_secret)?;
    // Letters that are not ASCII are no signature either.
    let signature = headers.get("X-Hub-Signature-256").map(|value| value.to_str().unwrap_or_default());
    github::verify(secrets, signature, body)?;
    check_json(headers, "In the webhook's settings on GitHub choose the content type application/json.")?;
    let hook = github::read(event, body)?;
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok((hook, digits))
}

/// A header that must be there and hold a plain word, which is what GitHub sends.
fn word(headers: &HeaderMap, name: &'static str) -> Result<String, Problem> {
    let problem = |kind, title, detail| Problem::new(StatusCode::BAD_REQUEST, kind, title, detail);
    let value = headers.get(name).ok_or_else(|| {
        let detail = format!("The header {name} is missing; GitHub sends it with each event.");
        problem("missing-header", "A header is missing", detail)
    })?;
    let text = value.to_str().ok().filter(|text| is_word(text)).ok_or_else(|| {
        let detail = format!("The header {name} is not 1 to 100 letters, digits, `-`, `_` or `.`.");
        problem("malformed-header", "A header is not what it should be", detail)
    })?;
    Ok(text.to_owned())
}

fn is_word(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=100).contains(&text.len()) && text.bytes().all(legal)
}

/// Not 404: the address is right, and what was sent there can be sent again once there is a secret.
fn no_secret() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no-webhook-secret",
        "The ledger takes no webhooks yet",
        "Without a secret nobody can tell who sent an event. Put the webhook's secret in a file, name the file in \
         PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE, and start the server again; then redeliver the event.",
    )
    .with_header(header::RETRY_AFTER, "3600")
}

fn other_body() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "other-body",
        "This delivery came before, with another body",
        "A delivery's GUID stands for one body. The first one was kept.",
    )
}

impl From<SignatureError> for Problem {
    fn from(error: SignatureError) -> Self {
        let kind = match error {
            SignatureError::Missing => "missing-signature",
            SignatureError::Malformed | SignatureError::Wrong => "wrong-signature",
        };
        let title = "The event is not known to be GitHub's";
        Self::new(StatusCode::UNAUTHORIZED, kind, title, format!("{}.", sentence(&error.to_string())))
            .with_header(header::WWW_AUTHENTICATE, "X-Hub-Signature-256")
    }
}

impl From<HookError> for Problem {
    fn from(error: HookError) -> Self {
        let detail = format!("{}.", sentence(&error.to_string()));
        match error {
            HookError::NotUtf8(_) | HookError::NotJson(_) | HookError::TooDeep => {
                Self::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON", detail)
            }
            HookError::Field(field) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not-such-an-event",
                "The body is not such an event",
                "It lacks what GitHub sends with an event of that name; the errors say where.",
            )
            .with_errors(vec![field]),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
