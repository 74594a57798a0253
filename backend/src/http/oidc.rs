//! Workflows exchange their own tokens for ours.

use super::body::{check_json, unreadable};
use super::{App, Problem};
use crate::field::FieldError;
use crate::github::oidc::{KeysError, TokenError};
use crate::service::oidc::{self, ExchangeError};
use crate::service::token::CreateTokenError;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most bytes of a request: a token and its quotes.
pub(super) const EXCHANGE_LIMIT: usize = 32 * 1024;

/// A workflow's own token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    /// What GitHub gave to the job, for this ledger as its audience.
    token: String,
}

/// A token of the ledger's.
#[derive(Serialize, ToSchema)]
pub(super) struct ExchangedToken {
    /// The token, `pb_<id>_<secret>`. It is shown this once.
    token: String,
    /// From when on it is refused, RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The project that it is good for.
    project: String,
    /// What it may do.
    scopes: Vec<String>,
}

/// Exchanges the token that GitHub Actions gave to a job for one of the ledger's that lasts ten minutes. What it may do is
/// what `portbook admin github trust` says of the repository, its owner, the workflow and the environment.
#[utoipa::path(post, path = "/v1/oidc/exchange", operation_id = "exchange_oidc_token", tag = "ledger",
    request_body = Exchange,
    responses(
        (status = 200, description = "A token of ten minutes", body = ExchangedToken),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The workflow's token is not believed", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "It is believed, and the workflow is not trusted", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was exchanged before", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 32 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "JSON, but not such a request", body = Problem, content_type = "application/problem+json"),
        (status = 501, description = "The server exchanges no tokens", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away, or the issuer's keys cannot be had", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn exchange(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<ExchangedToken>), Problem> {
    let issuer = app.oidc.as_ref().ok_or_else(none_exchanged)?;
    check_json(&headers, "Send the body as application/json.")?;
    let body = body.map_err(|rejection| unreadable(&rejection, EXCHANGE_LIMIT, "a token is much smaller"))?;
    let asked = read(&body)?;
    let done = oidc::exchange(&app.store, issuer, &asked.token).await?;
    let answer = ExchangedToken {
        token: done.made.token.reveal(),
        expires_at: done.made.expires_at,
        project: done.project.to_string(),
        scopes: done.scopes.iter().map(ToString::to_string).collect(),
    };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)))
}

fn read(body: &[u8]) -> Result<Exchange, Problem> {
    // serde's messages repeat text that they did not expect, and this text is a secret.
    let malformed = || {
        let detail = "Expected {\"token\": \"…\"} in UTF-8.";
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON", detail)
    };
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| malformed())?;
    // serde would also take a list with the one field's value.
    let is_object = value.is_object();
    let has_token = value["token"].is_string();
    let asked = serde_json::from_value(value).ok().filter(|_| is_object);
    asked.ok_or_else(|| {
        let (pointer, expected) = match (is_object, has_token) {
            (false, _) => ("", "an object"),
            (true, false) => ("/token", "text: the token that GitHub gave to the job"),
            (true, true) => ("", "no other field than token"),
        };
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-an-exchange",
            "The body is not such a request",
            "Expected {\"token\": \"…\"}.",
        )
        .with_errors(vec![FieldError { pointer: pointer.to_owned(), detail: format!("expected {expected}") }])
    })
}

/// Not 503: asking again helps nobody.
fn none_exchanged() -> Problem {
    Problem::new(
        StatusCode::NOT_IMPLEMENTED,
        "no-oidc-audience",
        "The ledger exchanges no tokens",
        "Set PORTBOOK_OIDC_AUDIENCE to the ledger's own origin, such as https://ledger.example.org, and start the server \
         again.",
    )
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        let detail = format!("{error}.");
        match error {
            ExchangeError::Token(TokenError::Refused(_)) => Self::new(
                StatusCode::UNAUTHORIZED,
                "workflow-token-refused",
                "The workflow's token is not believed",
                detail,
            )
            .with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            // A key that was made a moment ago is known a moment later.
            ExchangeError::Token(TokenError::Keys(KeysError::Unknown | KeysError::Unavailable(_))) => {
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "issuer-keys-unavailable",
                    "The workflow's token cannot be checked at present",
                    detail,
                )
                .with_header(header::RETRY_AFTER, "30")
            }
            ExchangeError::Untrusted(_) => Self::new(
                StatusCode::FORBIDDEN,
                "workflow-not-trusted",
                "The workflow is not trusted",
                detail,
            ),
            ExchangeError::Used => Self::new(
                StatusCode::CONFLICT,
                "workflow-token-used",
                "The workflow's token was used",
                detail,
            ),
            ExchangeError::Create(CreateTokenError::Store(error)) | ExchangeError::Store(error) => {
                error.into()
            }
            ExchangeError::Create(error) => {
                tracing::error!(%error, "no token can be made");
                Self::internal()
            }
        }
    }
}
