//! What holds for every answer, and the document that describes them.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_committed_openapi_document_is_fresh() {
    let output = run(&["openapi"], &[]);
    assert!(output.status.success());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let committed = std::fs::read(path).unwrap();
    assert!(
        committed == output.stdout,
        "backend/openapi.json is stale; run: cargo run -p portbook -- openapi > backend/openapi.json"
    );
}

#[tokio::test]
async fn the_openapi_document_is_served_and_names_every_route() {
    let ledger = Ledger::new().await;
    let document = ledger.get("/openapi.json").await.json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/v1/board",
        "/v1/commits",
        "/v1/commits/{sha}",
        "/v1/decisions",
        "/v1/deployments/{id}",
        "/v1/deployments/{id}/events",
        "/v1/environments/{environment}/services/{service}/history",
        "/v1/environments/{environment}/services/{service}/rollback-candidates",
        "/v1/events",
        "/v1/evidence",
        "/v1/export.ndjson",
        "/v1/hooks/github",
        "/v1/images/{digest}",
        "/v1/incidents",
        "/v1/incidents/{id}",
        "/v1/incidents/{id}/ack",
        "/v1/metrics",
        "/v1/metrics/{name}",
        "/v1/oidc/exchange",
        "/v1/tags",
        "/version",
    ];
    assert_eq!(paths, expected);
    let referred = document.to_string();
    for name in referred.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
    }
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_problems() {
    let ledger = Ledger::new().await;
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/board/", "/healthz/x"] {
        ledger.get(path).await.problem(404, "not-found");
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/board", "GET,HEAD"),
        ("GET", "/v1/evidence", "POST"),
        ("POST", "/healthz", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = ledger.send(request).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[tokio::test]
async fn each_answer_has_a_request_id_that_is_safe_to_log() {
    let ledger = Ledger::new().await;
    let answer = ledger.get_with("/healthz", &[("x-request-id", "build-17.a_b")]).await;
    assert_eq!(answer.header("x-request-id"), "build-17.a_b");
    let long = "a".repeat(65);
    for indecent in ["", "a b", "a\"b", long.as_str()] {
        let answer = ledger.get_with("/healthz", &[("x-request-id", indecent)]).await;
        let id = answer.header("x-request-id");
        assert!(id.len() == 16 && id != indecent, "{indecent:?} became {id:?}");
    }
}

#[tokio::test]
async fn the_process_and_its_version_are_told_without_a_database() {
    let ledger = Ledger::on(Database::empty().await, true, None);
    assert_eq!(ledger.get("/healthz").await.json(), serde_json::json!({"status": "ok"}));
    let version = ledger.get("/version").await.json();
    assert_eq!(version["name"], "portbook");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&version["commit"], &version["image_digest"]), (&Value::Null, &Value::Null));
    // An empty database is there and tells that; a SQLite file is not there yet.
    let none = ledger.database.file().is_none().then_some(0);
    let schema = serde_json::json!({"min": 6, "max": 6, "current": none, "floor": none});
    assert_eq!(version["schema"], schema);
}
