//! Changes go out as they happen (server-sent events).

use super::read::{Asked, Reader, Refused};
use super::{App, Problem};
use crate::service::feed::{LISTENERS, Listener, News};
use crate::store;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use std::convert::Infallible;

/// No parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParameters {}

const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream"),
    (header::CACHE_CONTROL, "no-store"),
    // Proxies such as nginx would collect what comes until it is worth sending.
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Server-sent events: one named `board`, with the data `{"version": …}` and the id `<epoch>-<version>`, at once and then
/// whenever anything changes that the board or another answer shows; and a comment after 15 seconds without one. A
/// caller who comes back with the header `Last-Event-ID` is told at once only if something has changed meanwhile.
#[utoipa::path(get, path = "/v1/events", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that the caller got")),
    responses(
        (status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        Refused))]
pub(super) async fn events(
    State(app): State<App>,
    reader: Reader,
    Asked(NoParameters {}): Asked<NoParameters>,
) -> Result<Response, Problem> {
    let listener = app.reading.feed.listen(&app.store, last_event(reader.headers()));
    let listener = listener.ok_or_else(|| {
        let detail = format!("This process tells {LISTENERS} callers already; poll /v1/board instead.");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", "Too many listen", detail)
            .with_header(header::RETRY_AFTER, "30")
    })?;
    let events = stream::unfold(listener, |mut listener: Listener| async move {
        let event = written(&listener.next().await?);
        Some((Ok::<_, Infallible>(event), listener))
    });
    Ok((HEADERS, Body::from_stream(events)).into_response())
}

/// The state that `Last-Event-ID` names.
fn last_event(headers: &HeaderMap) -> Option<store::State> {
    let id = headers.get("last-event-id")?.to_str().ok()?;
    let (epoch, version) = id.rsplit_once('-')?;
    Some(store::State { epoch: epoch.to_owned(), version: version.parse().ok()? })
}

fn written(news: &News) -> String {
    match news {
        News::Changed(store::State { epoch, version }) => {
            format!("event: board\nid: {epoch}-{version}\ndata: {{\"version\":{version}}}\n\n")
        }
        News::Silence => ": nothing has changed\n\n".to_owned(),
    }
}
