//! The board goes out.

use super::{App, Problem, auth};
use crate::service::board::{self, Board};
use crate::service::token::Scope;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What runs where, and the newest commits. Polling costs a 304 while nothing changes.
#[utoipa::path(get, path = "/v1/board", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the board that the caller has")),
    responses(
        (status = 200, description = "The board", body = Board,
         headers(("ETag" = String, description = "`\"board-<version>\"`"))),
        (status = 304, description = "The caller's board is the present one"),
        (status = 401, description = "The board is not public, and there is no valid token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The board is not public, and the token has not the scope read", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn board(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let project = if app.server.public_board {
        None
    } else {
        Some(auth::require(&app, &headers, &Scope::Read).await?.project)
    };
    // Each project's board is another document, so it has another tag.
    let tag = |version: i64| match &project {
        None => format!("\"board-{version}\""),
        Some(project) => format!("\"board-{version}-{project}\""),
    };
    let caching = |tag: String| {
        let cache = if project.is_none() { "no-cache" } else { "private, no-cache" };
        let vary = "Authorization".to_owned();
        [(header::ETAG, tag), (header::CACHE_CONTROL, cache.to_owned()), (header::VARY, vary)]
    };
    if let Some(wanted) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) {
        let present = tag(board::version(&app.store).await?);
        if matches(wanted, &present) {
            return Ok((StatusCode::NOT_MODIFIED, caching(present)).into_response());
        }
    }
    let board = board::board(&app.store, project.as_ref()).await?;
    Ok((caching(tag(board.version)), Json(board)).into_response())
}

/// Weak comparison, as RFC 9110 asks for with `If-None-Match`.
fn matches(wanted: &str, present: &str) -> bool {
    let mut tags = wanted.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == present)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_star() {
        for wanted in ["\"board-1\"", "W/\"board-1\"", "\"x\", \"board-1\"", "*"] {
            assert!(matches(wanted, "\"board-1\""), "{wanted}");
        }
        for wanted in ["", "board-1", "\"board-11\"", "\"board-2\""] {
            assert!(!matches(wanted, "\"board-1\""), "{wanted}");
        }
    }
}
