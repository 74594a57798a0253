//! The built pages.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use tempfile::TempDir;

const INDEX: &str = "<!doctype html><title>Portbook</title>";

/// A ledger with pages; beside their folder lies a file that must never be served.
async fn with_pages() -> (Ledger, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("web");
    std::fs::create_dir_all(root.join("assets")).unwrap();
    for (file, content) in [
        ("web/index.html", INDEX),
        ("web/index.html.br", "index in br"),
        ("web/favicon.svg", "<svg/>"),
        ("web/assets/app-1a2b.js", "plain"),
        ("web/assets/app-1a2b.js.br", "in br"),
        ("web/assets/app-1a2b.js.gz", "in gzip"),
        ("secret.txt", "secret"),
    ] {
        std::fs::write(folder.path().join(file), content).unwrap();
    }
    (Ledger::with(true, Some(root)).await, folder)
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test]
async fn routes_of_the_app_are_the_index() {
    let (ledger, _folder) = with_pages().await;
    for path in ["/", "/commits", "/services/web/prod?tab=1"] {
        for accept in ["text/html,application/xhtml+xml;q=0.9", "*/*"] {
            let answer = ledger.get_with(path, &[("accept", accept)]).await;
            assert_eq!((answer.status.as_u16(), text(&answer)), (200, INDEX), "{path}");
            assert_eq!(answer.header("content-type"), "text/html");
            assert_eq!(answer.header("cache-control"), "no-cache");
        }
    }
    ledger.get_with("/commits", &[("accept", "application/json")]).await.problem(404, "not-found");
    let compressed = ledger.get_with("/commits", &[("accept-encoding", "br")]).await;
    assert_eq!(text(&compressed), "index in br");
}

#[tokio::test]
async fn pages_are_told_to_trust_themselves_alone() {
    let (ledger, _folder) = with_pages().await;
    let answer = ledger.get("/").await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                  font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
                  frame-ancestors 'none'";
    assert_eq!(answer.header("content-security-policy"), policy);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
}

#[tokio::test]
async fn hashed_assets_are_kept_for_ever_and_sent_compressed() {
    let (ledger, _folder) = with_pages().await;
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", "br", "in br"),
        ("gzip", "gzip", "in gzip"),
        ("identity", "", "plain"),
        ("br;q=0, gzip", "gzip", "in gzip"),
    ] {
        let answer = ledger.get_with("/assets/app-1a2b.js", &[("accept-encoding", accepted)]).await;
        assert_eq!((answer.status.as_u16(), text(&answer)), (200, body), "{accepted}");
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("content-type"), "text/javascript");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(answer.header("vary").eq_ignore_ascii_case("accept-encoding"));
    }
}

#[tokio::test]
async fn no_validator_is_made_of_time_and_length() {
    let (ledger, _folder) = with_pages().await;
    let answer = ledger.get_with("/", &[("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!((answer.header("etag"), answer.header("last-modified")), ("", ""));
}

#[tokio::test]
async fn a_missing_file_is_never_the_index() {
    let (ledger, _folder) = with_pages().await;
    for path in ["/assets/app-0000.js", "/assets/none", "/assets/", "/assets", "/robots.txt", "/a/b.css"] {
        let answer = ledger.get_with(path, &[("accept", "*/*")]).await;
        answer.problem(404, "not-found");
        assert!(!answer.header("cache-control").contains("immutable"), "{path}");
    }
    assert_eq!(text(&ledger.get("/favicon.svg").await), "<svg/>");
    assert_eq!(ledger.get("/favicon.svg").await.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn nothing_outside_the_folder_can_be_reached() {
    let (ledger, _folder) = with_pages().await;
    for path in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/assets//../../secret.txt",
        "/secret.txt%00",
    ] {
        let answer = ledger.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(!text(&answer).contains("secret\""), "{path}");
    }
}

#[tokio::test]
async fn head_answers_like_get_without_a_body_and_writing_is_refused() {
    let (ledger, _folder) = with_pages().await;
    for path in ["/", "/assets/app-1a2b.js"] {
        let request = Request::head(path).body(Body::empty()).unwrap();
        let (head, get) = (ledger.send(request).await, ledger.get(path).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        let request = Request::post(path).body(Body::empty()).unwrap();
        let answer = ledger.send(request).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}

#[tokio::test]
async fn a_server_without_pages_says_so() {
    let ledger = Ledger::new().await;
    let problem = ledger.get("/").await.problem(404, "not-found");
    assert!(problem["detail"].as_str().unwrap().contains("PORTBOOK_WEB_ROOT"), "{problem}");
}
