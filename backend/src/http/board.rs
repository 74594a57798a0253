//! The board goes out.

use super::read::{Reader, Refused};
use super::{App, Problem};
use crate::service::board::Board;
use crate::store;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

/// What runs where, and the newest commits. Polling costs a 304 while nothing changes.
#[utoipa::path(get, path = "/v1/board", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the board that the caller has")),
    responses(
        (status = 200, description = "The board", body = Board,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's board is the present one"),
        Refused))]
pub(super) async fn board(State(app): State<App>, reader: Reader) -> Result<Response, Problem> {
    let project = reader.bound_to();
    let fresh = |state: &store::State| reader.caching("board", state, project);
    let mut session = app.store.read().await?;
    let state = session.state().await?;
    if let Some(unchanged) = fresh(&state).unchanged(reader.headers()) {
        return Ok(unchanged);
    }
    let made = app.reading.boards.board(&app.store, session, project, &state).await?;
    let json = Body::from(axum::body::Bytes::from_owner(made.json));
    Ok(fresh(&made.state).mark(([(header::CONTENT_TYPE, "application/json")], json).into_response()))
}
