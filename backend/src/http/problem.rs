//! Errors as `application/problem+json` (RFC 9457).

use super::metrics::ProblemKind;
use crate::service::ingest::FieldError;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

const URN: &str = "urn:portbook:problem:";

/// What went wrong, for programs (`type`) and for people (`detail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name of this sort of problem, `urn:portbook:problem:…`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort of problem in words; the same for each problem of this type.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and what to do about it.
    pub detail: String,
    /// Each wrong place in the request's body, or in its query as an object of parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of the type `urn:portbook:problem:<name>`.
    pub fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{URN}{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Names the wrong places.
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a header that the status calls for.
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Nothing is at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Nothing is here", detail)
    }

    /// The address exists, but not with this method; the caller adds `Allow`.
    pub fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This address does not take this method",
            detail,
        )
    }

    /// The database is away, locked, read-only or full, or not yet migrated: worth trying again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The ledger cannot answer at present",
            detail,
        )
        .with_header(header::RETRY_AFTER, "2")
    }

    /// A fault of ours: logged in full, told in general.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong in the ledger",
            "The log has the details, under this answer's X-Request-Id.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = self.headers.clone();
        let kind = ProblemKind(self.kind.strip_prefix(URN).unwrap_or(&self.kind).into());
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().extend(headers);
        response.extensions_mut().insert(kind);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the database is away");
                // A commit's answer can be lost on its way, so this does not say that nothing was recorded.
                Self::unavailable(
                    "The database cannot be used at present. Try again: the same evidence sent twice is recorded once.",
                )
            }
            StoreError::Schema(_) => {
                tracing::warn!(%error, "the schema is not at head");
                Self::unavailable("The database's schema is not at head; run `portbook migrate`.")
            }
            StoreError::Ahead(_) => {
                tracing::error!(%error, "the schema is too new");
                Self::unavailable("The database's schema is too new for this version; run a newer one.")
            }
            StoreError::Internal(_) | StoreError::Migration(_) => {
                tracing::error!(%error, "the database refused");
                Self::internal()
            }
        }
    }
}
