//! The built pages: hashed assets, a few files beside them, and index.html for the routes of the app.

use super::{App, Problem};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::path::Path;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

/// Paths that never are a page.
const RESERVED: [&str; 7] = ["v1", "assets", "healthz", "readyz", "version", "metrics", "openapi.json"];

/// Everything that is no route of the API.
pub(super) async fn pages(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if path.split('/').any(|segment| segment == "..") {
        return Problem::not_found("An address that climbs out of its folder names nothing.").into_response();
    }
    let reserved = RESERVED.contains(&first);
    if reserved && first != "assets" {
        return Problem::not_found("No route of the API has this address; GET /openapi.json lists them.")
            .into_response();
    }
    let Some(root) = &app.server.web_root else {
        return Problem::not_found("This server has the API alone: PORTBOOK_WEB_ROOT names no pages.")
            .into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::method_not_allowed("Pages are only read.")
            .with_header(header::ALLOW, "GET,HEAD")
            .into_response();
    }
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if first == "assets" || is_file {
        let immutable = first == "assets";
        return file(root, request, immutable).await;
    }
    if !accepts_html(request.headers()) {
        return Problem::not_found("Only a page could be here, and the request takes no text/html.")
            .into_response();
    }
    let (mut parts, body) = request.into_parts();
    parts.uri = Uri::from_static("/index.html");
    file(root, Request::from_parts(parts, body), false).await
}

async fn file(root: &Path, mut request: Request, immutable: bool) -> Response {
    // Equal sources give equal images, modification times included, and a page that names other hashes
    // has the same length: the validators that are made of time and length would call another file the same.
    for validator in [
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::IF_NONE_MATCH,
        header::IF_MATCH,
        header::IF_RANGE,
    ] {
        request.headers_mut().remove(validator);
    }
    let files =
        ServeDir::new(root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let Ok(response) = files.oneshot(request).await;
    let mut response = response.map(Body::new);
    let status = response.status();
    if status == StatusCode::NOT_FOUND || status.is_redirection() {
        return Problem::not_found("The built pages have no such file.").into_response();
    }
    let caching = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.remove(header::LAST_MODIFIED);
    headers.remove(header::ETAG);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT) else {
        return true;
    };
    let ranges = accept.to_str().unwrap_or_default().split(',');
    ranges
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| matches!(range, "text/html" | "text/*" | "*/*"))
}
