//! Somebody has seen an incident.

use super::auth::Keeper;
use super::body::{check_json, unreadable};
use super::conditional::Fresh;
use super::read::At;
use super::{App, BODY_LIMIT, Problem};
use crate::service::acknowledge::{self, AcknowledgeError, Acknowledging, BodyError};
use crate::service::incident::Incident;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// Writes down that somebody has seen an incident, which must still be the one that `If-Match` names.
#[utoipa::path(post, path = "/v1/incidents/{id}/ack", operation_id = "acknowledge_incident", tag = "ledger",
    security(("token" = ["admin"])),
    params(
        ("id" = String, Path, description = "The incident's id"),
        ("If-Match" = String, Header, description = "The incident's ETag, as the caller has seen it")),
    request_body = Option<Acknowledging>,
    responses(
        (status = 200, description = "The incident with the acknowledgement", body = Incident,
         headers(("ETag" = String, description = "Another one than before"))),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No token, or an unknown or expired one", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token without the scope admin", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such incident in the token's project", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The incident is not what the caller has seen", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large a body", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Another content type than JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A body of another form", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "No If-Match", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn post(
    State(app): State<App>,
    Keeper(access): Keeper,
    At(id): At<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| unreadable(&rejection, BODY_LIMIT, "a note is much shorter"))?;
    if !body.is_empty() {
        check_json(&headers, "Send the body as application/json.")?;
    }
    if !headers.contains_key(header::IF_MATCH) {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-missing",
            "Say which state of it was seen",
            format!("Send the header If-Match with the ETag that GET /v1/incidents/{id} answered."),
        ));
    }
    let what = acknowledge::read(&body)?;
    let seen = |present: &str| matches(&headers, present);
    let incident = acknowledge::acknowledge(&app.store, &access, &id, seen, &what).await.map_err(
        |error| match error {
            AcknowledgeError::Store(error) => error.into(),
            AcknowledgeError::Unknown => Problem::not_found(format!(
                "The project {} has no incident of that id; GET /v1/incidents?state=all lists them.",
                access.project
            )),
            AcknowledgeError::Stale(present) => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "It has changed since it was seen",
                format!(
                    "Its ETag is {present} now: GET /v1/incidents/{id}, look at it again, and send that."
                ),
            ),
        },
    )?;
    let fresh = Fresh::tagged(incident.etag.clone(), false);
    let mut response = fresh.mark(Json(incident).into_response());
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let detail = format!("{error}.");
        match error {
            BodyError::NotJson(_) => {
                Self::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not JSON", detail)
            }
            BodyError::OtherForm(field) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "not-an-acknowledgement",
                "The body is not an acknowledgement",
                "Expected nothing, or {\"note\": \"…\"}; the errors say where it differs.",
            )
            .with_errors(vec![field]),
        }
    }
}

/// Strong comparison, as RFC 9110 asks for with `If-Match`; a weak tag never matches.
fn matches(headers: &HeaderMap, present: &str) -> bool {
    let lines = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).any(|tag| tag == "*" || tag == present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_takes_lists_and_the_star_and_no_weak_tags() {
        let matches = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::IF_MATCH, line.parse().unwrap());
            }
            matches(&headers, "\"incident-1\"")
        };
        assert!(matches(&["\"incident-1\""]) && matches(&["*"]));
        assert!(matches(&["\"x\", \"incident-1\""]) && matches(&["\"x\"", "\"incident-1\""]));
        for stale in ["", "incident-1", "W/\"incident-1\"", "\"incident-2\""] {
            assert!(!matches(&[stale]), "{stale}");
        }
    }
}
