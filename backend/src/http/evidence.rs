//! Evidence comes in.

use super::auth::EvidenceWriter;
use super::body::{check_json, unreadable};
use super::{App, BODY_LIMIT, Problem};
use crate::service::ingest::{self, IngestError, IngestReport};
use ::evidence::Evidence;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use utoipa::ToSchema;

/// A batch of documents, all of the token's project.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the schema alone: documents are read one by one from the raw body")]
pub(super) struct EvidenceBatch {
    /// 1 to 500 documents.
    #[schema(min_items = 1, max_items = 500)]
    evidence: Vec<Evidence>,
}

/// Records a batch of evidence. One bad document never loses the good ones; the same document twice is
/// recorded once.
#[utoipa::path(post, path = "/v1/evidence", operation_id = "record_evidence", tag = "ledger",
    security(("token" = ["evidence:write"])),
    request_body = EvidenceBatch,
    responses(
        (status = 200, description = "A result for each document; what is recorded is durable", body = IngestReport),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or an unknown or expired one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token without the scope, or of another project", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 5 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "JSON, but not a batch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn post(
    State(app): State<App>,
    EvidenceWriter(access): EvidenceWriter,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<IngestReport>, Problem> {
    check_json(&headers, "Send the body as application/json.")?;
    let advice = "send the documents in smaller batches";
    let body = body.map_err(|rejection| unreadable(&rejection, BODY_LIMIT, advice))?;
    Ok(Json(ingest::ingest(&app.intake, &access, &body).await?))
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = format!("{error}.");
        match error {
            IngestError::NotJson(_) => {
                Self::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON", detail)
            }
            IngestError::NotABatch(field) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not-a-batch",
                "The body is not a batch of evidence",
                "Expected {\"evidence\": [ … ]}; the errors say where it differs.",
            )
            .with_errors(vec![field]),
            IngestError::OtherProject(fields) => Self::new(
                StatusCode::FORBIDDEN,
                "other-project",
                "The token is for another project",
                "Nothing of the batch was recorded; the errors name the documents.",
            )
            .with_errors(fields),
            IngestError::Store(error) => error.into(),
        }
    }
}
