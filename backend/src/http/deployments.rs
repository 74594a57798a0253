//! Deployments come in.

use super::auth::{identify, missing_scope};
use super::body::{check_json, unreadable};
use super::{App, BODY_LIMIT, Problem};
use crate::service::deployment::{self, DeploymentError, DeploymentReceipt, EventBody, StartBody};
use crate::service::token::Access;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use evidence::DeploymentId;

/// Someone who may deploy somewhere, and whose body is JSON. As an extractor it runs before the body is read.
pub(super) struct Deployer(Access);

impl FromRequestParts<App> for Deployer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let access = identify(app, &parts.headers).await?;
        if access.deploys() {
            Ok(Self(access))
        } else {
            Err(missing_scope(&access, "deploy:write:<environment>"))
        }
    }
}

/// Announces a deployment under an identity that the caller chose. The same body again changes nothing.
#[utoipa::path(put, path = "/v1/deployments/{id}", operation_id = "start_deployment", tag = "ledger",
    security(("token" = ["deploy:write:<environment>"])),
    params(("id" = DeploymentId, Path, description = "A UUID, chosen by the caller")),
    request_body = StartBody,
    responses(
        (status = 201, description = "It is recorded, and durable", body = DeploymentReceipt),
        (status = 200, description = "It was recorded before", body = DeploymentReceipt),
        (status = 400, description = "Not JSON, or no UUID", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or an unknown, expired or revoked one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token that may not deploy to that environment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another body was sent under this identity", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 5 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Something is missing, unknown or impossible", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn start(
    State(app): State<App>,
    Deployer(access): Deployer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<DeploymentReceipt>), Problem> {
    let (id, body) = (identity(&id)?, taken(&headers, body)?);
    let receipt = deployment::start(&app.store, &access, id, &body).await;
    answer(receipt.map_err(|error| problem(error, &access))?)
}

/// Tells what a deployment has come to. The same state under the same number again changes nothing.
#[utoipa::path(post, path = "/v1/deployments/{id}/events", operation_id = "advance_deployment", tag = "ledger",
    security(("token" = ["deploy:write:<environment>"])),
    params(("id" = DeploymentId, Path, description = "The deployment")),
    request_body = EventBody,
    responses(
        (status = 201, description = "It is recorded, and durable", body = DeploymentReceipt),
        (status = 200, description = "It was recorded before", body = DeploymentReceipt),
        (status = 400, description = "Not JSON, or no UUID", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or an unknown, expired or revoked one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token that may not deploy to that environment", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The project has no such deployment", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another state stands under this number, or the deployment has ended", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 5 MiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Something is missing, unknown or impossible", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn advance(
    State(app): State<App>,
    Deployer(access): Deployer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<DeploymentReceipt>), Problem> {
    let (id, body) = (identity(&id)?, taken(&headers, body)?);
    let receipt = deployment::advance(&app.store, &access, id, &body).await;
    answer(receipt.map_err(|error| problem(error, &access))?)
}

fn taken(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    check_json(headers, "Send the body as application/json.")?;
    body.map_err(|rejection| unreadable(&rejection, BODY_LIMIT, "a deployment needs far fewer"))
}

fn identity(text: &str) -> Result<DeploymentId, Problem> {
    text.parse().map_err(|error: evidence::ParseDeploymentIdError| {
        let title = "The address names no deployment";
        Problem::new(StatusCode::BAD_REQUEST, "malformed-id", title, format!("{error}."))
    })
}

fn answer(receipt: DeploymentReceipt) -> Result<(StatusCode, Json<DeploymentReceipt>), Problem> {
    let status = if receipt.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(receipt)))
}

fn problem(error: DeploymentError, access: &Access) -> Problem {
    let detail = format!("{error}.");
    match error {
        DeploymentError::NotJson(_) => {
            Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON", detail)
        }
        DeploymentError::Invalid(errors) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-deployment",
            "The body does not tell a deployment",
            "Nothing is inferred, so nothing was recorded; the errors say what was expected.",
        )
        .with_errors(errors),
        DeploymentError::Scope(scope) => missing_scope(access, &scope.to_string()),
        DeploymentError::Unknown => Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-deployment",
            "There is no such deployment",
            "The token's project has no deployment of this identity; PUT /v1/deployments/{id} announces one.",
        ),
        DeploymentError::Conflict { errors, .. } => Problem::new(
            StatusCode::CONFLICT,
            "deployment-conflict",
            "It was told otherwise before",
            format!("Nothing was recorded: {detail}"),
        )
        .with_errors(errors),
        DeploymentError::Store(error) => error.into(),
    }
}
