//! What is asked of every request's body.

use super::Problem;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};

/// Refuses a content type other than JSON; `advice` says how the sender chooses it.
pub(super) fn check_json(headers: &HeaderMap, advice: &str) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "The body's type is not taken", advice))
}

/// What a body is answered that is larger than `limit` bytes or did not arrive.
pub(super) fn unreadable(rejection: &BytesRejection, limit: usize, advice: &str) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            format!("At most {limit} bytes are taken; {advice}."),
        );
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "incomplete-body",
        "The body did not arrive whole",
        "The connection ended, or its framing was wrong, before the body did.",
    )
}
