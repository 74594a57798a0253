//! Evidence comes in.

use crate::support::*;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test]
async fn the_same_document_is_recorded_once() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let (first, second) = (commit(1, 1, &[]), commit(2, 2, &[1]));

    let answer = ledger.post(&token, &[first.clone(), second.clone(), first.clone()]).await;
    assert_eq!(statuses(&answer), ["recorded", "recorded", "duplicate"]);
    let results = answer.json();
    assert_eq!(results["results"][0]["sha256"], results["results"][2]["sha256"]);

    // Another spelling of the same instant and another order of keys are the same document.
    let mut respelled = second.clone();
    respelled["occurred_at"] = "2026-03-01T13:02:00+01:00".into();
    let answer = ledger.post(&token, &[respelled, first]).await;
    assert_eq!(statuses(&answer), ["duplicate", "duplicate"]);
    assert_eq!(ledger.project().await, 2);
}

#[tokio::test]
async fn what_is_stored_hashes_to_its_name() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[]), ci(2, 1, "success"), image(3, 1)]).await;
    let stored = ledger.store.read().await.unwrap().evidence_after(0, 10).await.unwrap();
    assert_eq!(stored.len(), 3);
    for row in stored {
        let hash = Sha256::digest(row.body.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, row.sha256);
    }
}

#[tokio::test]
async fn one_bad_document_does_not_lose_the_good_ones() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let with = |pointer: &str, value: Value| {
        let mut document = deployed(5, "web", "dev", 1, "success");
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let nested = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let mut no_outcome = ci(3, 1, "success");
    no_outcome["claim"].as_object_mut().unwrap().remove("outcome");
    let mut too_large = image(3, 1);
    too_large["claim"]["size_bytes"] = (1_u64 << 53).into();
    let mut no_reason = deployed(5, "web", "prod", 1, "success");
    no_reason["claim"]["break_glass"] = json!("");
    let bad = [
        (no_reason, "/claim/break_glass"),
        (no_outcome, "/claim/outcome"),
        (too_large, "/claim/size_bytes"),
        (with("/claim/kind", json!("deplyed")), "/claim/kind"),
        (with("/claim/outcome", json!("fine")), "/claim/outcome"),
        (with("/claim/commit", json!("abc")), "/claim/commit"),
        (with("/claim/actor", json!("a\u{0}b")), "/claim/actor"),
        (with("/claim/environment", json!("Prod")), "/claim/environment"),
        (with("/claim/version", json!("")), "/claim/version"),
        (with("/claim/version", nested), "/claim/version/0/0/0/0/0/0"),
        (with("/schema", json!("portbook.evidence/v2")), "/schema"),
        (with("/occurred_at", json!("yesterday")), "/occurred_at"),
        (with("/occurred_at", json!("9999-12-31T23:59:59-01:00")), "/occurred_at"),
        (with("/occurred_at", json!("0001-01-01T00:00:00Z")), "/occurred_at"),
        (json!(null), ""),
        (json!("text"), ""),
        (json!({}), "/schema"),
        (json!(["portbook.evidence/v1", "shop", minute(1), {}]), ""),
    ];
    let mut batch = vec![commit(1, 1, &[])];
    batch.extend(bad.iter().map(|(document, _)| document.clone()));
    batch.push(commit(2, 2, &[1]));

    let answer = ledger.post(&token, &batch).await;
    let mut expected = vec!["rejected"; batch.len()];
    expected[0] = "recorded";
    expected[batch.len() - 1] = "recorded";
    assert_eq!(statuses(&answer), expected, "{answer:?}");
    let report = answer.json();
    for (index, (_, pointer)) in bad.iter().enumerate() {
        let result = &report["results"][index + 1];
        assert_eq!(result["sha256"], Value::Null);
        let expected = format!("/evidence/{}{pointer}", index + 1);
        assert_eq!(result["errors"][0]["pointer"], expected, "{result}");
        assert!(!result["errors"][0]["detail"].as_str().unwrap().is_empty());
    }
    assert_eq!(ledger.project().await, 2);
}

#[tokio::test]
async fn bodies_that_are_no_batch_are_refused_as_a_whole() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let many = json!({ "evidence": vec![commit(1, 1, &[]); 501] }).to_string();
    let deep = "[".repeat(200_000);
    let deep_and_whole = format!("{{\"evidence\":{{\"a\":{deep}{}}}}}", "]".repeat(200_000));
    let mut not_utf8 = json!({ "evidence": [commit(1, 1, &[])] }).to_string().into_bytes();
    let place = not_utf8.iter().position(|byte| *byte == b'C').unwrap();
    not_utf8[place] = 0xff;
    let cases: [(Vec<u8>, u16, &str); 14] = [
        (Vec::new(), 400, "malformed-json"),
        (b"{".to_vec(), 400, "malformed-json"),
        (b"{\"evidence\":[]} x".to_vec(), 400, "malformed-json"),
        (not_utf8, 400, "malformed-json"),
        (format!("{{\"evidence\":[{deep}").into_bytes(), 400, "malformed-json"),
        (deep.into_bytes(), 400, "malformed-json"),
        (deep_and_whole.into_bytes(), 422, "not-a-batch"),
        (b"[]".to_vec(), 422, "not-a-batch"),
        (b"[[{}]]".to_vec(), 422, "not-a-batch"),
        (b"{}".to_vec(), 422, "not-a-batch"),
        (b"{\"evidence\":7}".to_vec(), 422, "not-a-batch"),
        (b"{\"evidence\":[],\"more\":1}".to_vec(), 422, "not-a-batch"),
        (b"{\"evidence\":[]}".to_vec(), 422, "not-a-batch"),
        (many.into_bytes(), 422, "not-a-batch"),
    ];
    for (body, status, name) in cases {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = ledger.post_raw(&token, body).await;
        assert_eq!(answer.status, status, "{start}: {answer:?}");
        let problem = answer.problem(status, name);
        assert_eq!(status == 422, problem["errors"][0]["pointer"].is_string(), "{start}: {problem}");
    }
    assert_eq!(ledger.project().await, 0);
}

#[tokio::test]
async fn size_and_type_of_the_body_are_bounded() {
    let ledger = Ledger::new().await;
    let token = ledger.token("shop", &["evidence:write"]).await;
    let batch = json!({ "evidence": [commit(1, 1, &[])] }).to_string();

    let limit = 5 * 1024 * 1024;
    let full = format!("{batch}{}", " ".repeat(limit - batch.len()));
    assert_eq!(statuses(&ledger.post_raw(&token, full.clone()).await), ["recorded"]);
    ledger.post_raw(&token, format!("{full} ")).await.problem(413, "body-too-large");

    for (media_type, status) in [("text/plain", 415), ("Application/JSON; charset=utf-8", 200)] {
        let request = Request::post("/v1/evidence")
            .header(header::AUTHORIZATION, format!("bearer {token}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(batch.clone()));
        assert_eq!(ledger.send(request.unwrap()).await.status, status, "{media_type}");
    }
}

#[tokio::test]
async fn concurrent_posts_record_each_document_once() {
    let ledger = Arc::new(Ledger::new().await);
    let token = ledger.token("shop", &["evidence:write"]).await;
    // Each document stands in two batches, and half of the batches count backwards.
    let batch = |number: u32| {
        let mut documents: Vec<_> = (number * 10..number * 10 + 20).map(|n| ci(1, n, "success")).collect();
        if number % 2 == 1 {
            documents.reverse();
        }
        documents
    };
    let mut posts = JoinSet::new();
    for number in 0..8 {
        let (ledger, token, documents) = (Arc::clone(&ledger), token.clone(), batch(number));
        posts.spawn(async move { statuses(&ledger.post(&token, &documents).await) });
    }
    let statuses = posts.join_all().await.concat();
    let recorded = statuses.iter().filter(|status| *status == "recorded").count();
    assert_eq!(statuses.len(), 160);
    assert_eq!(recorded, 90);
    assert_eq!(ledger.project().await, 90);
}

#[tokio::test]
async fn evidence_is_append_only_in_the_database_itself() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[])]).await;
    for statement in ["UPDATE evidence SET kind = 'x'", "DELETE FROM evidence"] {
        let error = ledger.database.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
}
