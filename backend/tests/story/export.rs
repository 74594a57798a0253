//! The whole log goes out, and whoever has it can check it.

use crate::support::*;
use portbook::service::log::Trust;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lines(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

/// Checks a whole export by the words of its documentation alone; answers how many lines it has.
fn verify(project: &str, lines: &[String]) -> usize {
    let mut chain = hex(format!("portbook.chain/v1\n{project}").as_bytes());
    let mut last = 0;
    for line in lines {
        let parsed: Value = serde_json::from_str(line).unwrap();
        let (_, evidence) = line.split_once(",\"evidence\":").unwrap();
        let evidence = evidence.strip_suffix('}').unwrap();
        assert_eq!(hex(evidence.as_bytes()), parsed["sha256"], "{line}");
        assert_eq!(parsed["prev_hash"], chain, "{line}");
        chain = hex(format!("{chain}{}", parsed["sha256"].as_str().unwrap()).as_bytes());
        let seq = parsed["seq"].as_i64().unwrap();
        assert!(seq > last, "{line}");
        last = seq;
    }
    lines.len()
}

#[tokio::test]
async fn whoever_has_the_log_can_check_it() {
    let ledger = Ledger::new().await;
    // More than are read at a time, and another project's in between.
    let commits: Vec<_> = (1..=450).map(|number| commit(number, number, &[])).collect();
    ledger.record(&commits[..300]).await;
    let bakery = ledger.token("bakery", &["evidence:write"]).await;
    let mut theirs = commit(1, 1, &[]);
    theirs["project"] = json!("bakery");
    ledger.post(&bakery, &[theirs]).await;
    ledger.record(&commits[300..]).await;
    ledger.append(Trust::Webhook, Some("a GUID"), &[ci(1, 1, "success")]).await;

    let all = lines(&ledger.get("/v1/export.ndjson?project=shop").await);
    assert_eq!(verify("shop", &all), 451);
    let last: Value = serde_json::from_str(&all[450]).unwrap();
    assert_eq!((&last["trust"], &last["source"]), (&json!("webhook"), &json!("a GUID")));
    assert_eq!(last["evidence"], ci(1, 1, "success"));
    let first: Value = serde_json::from_str(&all[0]).unwrap();
    assert_eq!((&first["trust"], first.get("source")), (&json!("token"), None));
    assert_eq!(verify("bakery", &lines(&ledger.get("/v1/export.ndjson?project=bakery").await)), 1);

    // From any line on it goes on as it was.
    let middle: Value = serde_json::from_str(&all[123]).unwrap();
    let rest = lines(&ledger.get(&format!("/v1/export.ndjson?project=shop&after={}", middle["seq"])).await);
    assert_eq!(rest, all[124..]);
    let end = ledger.get(&format!("/v1/export.ndjson?project=shop&after={}", last["seq"])).await;
    assert_eq!(lines(&end).len(), 0);
}

#[tokio::test]
#[should_panic(expected = "assertion `left == right` failed")]
async fn a_line_that_is_left_out_is_found() {
    let ledger = Ledger::new().await;
    ledger.record(&[commit(1, 1, &[]), commit(2, 2, &[]), commit(3, 3, &[])]).await;
    let mut all = lines(&ledger.get("/v1/export.ndjson").await);
    all.remove(1);
    verify("shop", &all);
}

#[tokio::test]
async fn the_log_is_for_readers_of_its_project() {
    let ledger = Ledger::with(false, None).await;
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.get("/v1/export.ndjson").await.problem(401, "missing-token");
    let reader = format!("Bearer {}", ledger.token("bakery", &["read"]).await);
    let answer = ledger.get_with("/v1/export.ndjson", &[("authorization", &reader)]).await;
    assert_eq!(lines(&answer).len(), 0);
    let foreign = ledger.get_with("/v1/export.ndjson?project=shop", &[("authorization", &reader)]).await;
    foreign.problem(403, "other-project");
    let wrong = ledger.get_with("/v1/export.ndjson?after=x", &[("authorization", &reader)]).await;
    wrong.problem(422, "wrong-parameter");
}

#[tokio::test]
async fn an_export_that_cannot_be_finished_breaks_off_instead_of_ending() {
    use axum::body::HttpBody as _;
    let ledger = Ledger::new().await;
    let commits: Vec<_> = (1..=300).map(|number| commit(number, number, &[])).collect();
    ledger.record(&commits).await;
    let response = ledger.open("/v1/export.ndjson", &[]).await;
    let mut body = std::pin::pin!(response.into_body());
    let first = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await;
    assert!(first.unwrap().is_ok());
    ledger.database.take_away().await;
    let second = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await;
    assert!(second.unwrap().is_err());
}
