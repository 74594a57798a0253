//! What every answer has in common: a request id, security headers, a time limit, a line in the log, and
//! no connection that just breaks off.

use super::Problem;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

/// The longest that a request may take, its body's arrival included.
const TIME_LIMIT: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Puts the layers around the routes.
pub(super) fn common(router: Router) -> Router {
    router.layer(CatchPanicLayer::custom(panicked)).layer(from_fn(around))
}

async fn around(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    // The path alone: a query can hold what should not be in a log.
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    async move {
        let mut response = match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => timed_out().into_response(),
        };
        let status = response.status().as_u16();
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Probes come every few seconds and say nothing as long as they are well.
        if matches!(path.as_str(), "/healthz" | "/readyz") && status == 200 {
            tracing::debug!(%method, path, status, milliseconds, "answered");
        } else {
            tracing::info!(%method, path, status, milliseconds, "answered");
        }
        let headers = response.headers_mut();
        for (name, value) in SECURITY_HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

/// The caller's request id, if it is a decent one, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let decent = |value: &&HeaderValue| {
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=64).contains(&value.len()) && value.as_bytes().iter().all(legal)
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(decent) {
        return given.clone();
    }
    let random = getrandom::u64().unwrap_or_default();
    HeaderValue::try_from(format!("{random:016x}")).unwrap_or(HeaderValue::from_static("unknown"))
}

fn timed_out() -> Problem {
    let detail = format!("The request took longer than {} seconds.", TIME_LIMIT.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The request took too long", detail)
        .with_header(header::CONNECTION, "close")
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(message = message.unwrap_or("unknown"), "a request panicked");
    Problem::internal().into_response()
}
