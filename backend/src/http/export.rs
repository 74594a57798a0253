//! The whole log goes out.

use super::read::{Asked, Reader, Refused};
use super::{App, Problem};
use crate::service::export::{Export, Line};
use crate::service::reading;
use ::evidence::Name;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which lines are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// The project, where more than one is known and no token says which.
    project: Option<Name>,
    /// The `seq` of the last line that the caller has; 0 or nothing for the whole log.
    after: Option<u64>,
}

/// The whole log of a project, one document a line, in the order in which it was recorded. An answer that was cut off
/// lacks its last chunk; `after` goes on from any line.
///
/// Anyone can check that nothing was changed, left out or put in between. A line's `sha256` is the SHA-256 of its
/// `evidence` exactly as it stands there. The chain begins with the SHA-256, in hexadecimal digits, of
/// `portbook.chain/v1`, a line feed and the project's name. The chain's hash after a line is the SHA-256, in hexadecimal
/// digits, of the hash before it and the line's `sha256`, both as hexadecimal digits, one after the other; a line's
/// `prev_hash` is the chain's hash before it, or null in lines that are older than the chain.
#[utoipa::path(get, path = "/v1/export.ndjson", tag = "ledger",
    security((), ("token" = ["read"])), params(ExportQuery),
    responses(
        (status = 200, description = "The log, each line one of these", body = inline(Line), content_type = "application/x-ndjson"),
        Refused))]
pub(super) async fn export(
    State(app): State<App>,
    reader: Reader,
    Asked(asked): Asked<ExportQuery>,
) -> Result<Response, Problem> {
    let project = reader.project(asked.project)?;
    let snapshot = reading::open(&app.store, project).await?;
    let export = Export::new(
        app.store,
        snapshot.project.clone(),
        i64::try_from(asked.after.unwrap_or(0)).unwrap_or(i64::MAX),
    );
    drop(snapshot);
    let lines = stream::try_unfold(export, |mut export: Export| async move {
        let lines = export.next().await.inspect_err(|error| {
            tracing::warn!(%error, "an export is cut off");
        })?;
        Ok::<_, crate::store::StoreError>(lines.map(|lines| (lines, export)))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(lines)).into_response())
}
