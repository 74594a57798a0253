//! What Prometheus reads.

use crate::support::*;
use portbook::service::clock;
use serde_json::json;

/// The value of a sample, by its whole name with labels.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line =
        text.lines().find(|line| line.strip_prefix(sample).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn scrape(ledger: &Ledger) -> String {
    let answer = ledger.get("/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1);
    text
}

#[tokio::test]
async fn requests_are_counted_by_the_template_of_their_route() {
    let ledger = Ledger::with(false, None).await;
    for path in ["/v1/incidents/a", "/v1/incidents/b", "/nowhere", "/elsewhere", "/v1/board"] {
        ledger.get(path).await;
    }
    let text = scrape(&ledger).await;
    let requests = |route: &str, status: u16| {
        value(
            &text,
            &format!("portbook_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"),
        )
    };
    assert_eq!(requests("/v1/incidents/{id}", 401), Some(2.0), "{text}");
    assert_eq!(requests("other", 404), Some(2.0), "{text}");
    assert_eq!(requests("/v1/board", 401), Some(1.0), "{text}");
    assert!(!text.contains("elsewhere"), "{text}");
    let duration =
        "portbook_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/incidents/{id}\"}";
    assert_eq!(value(&text, duration), Some(2.0), "{text}");
    assert_eq!(value(&text, "portbook_http_problems_total{type=\"missing-token\"}"), Some(3.0), "{text}");
}

#[tokio::test]
async fn the_ledger_tells_how_it_is_and_nothing_of_its_projects() {
    let ledger = Ledger::with(false, None).await;
    ledger.record(&[commit(1, 1, &[])]).await;
    ledger.project().await;
    ledger.record(&[commit(2, 2, &[1]), commit(3, 3, &[2])]).await;
    let mut over = incident(3, "R2", 1);
    over["resolved_at"] = json!(micros(2));
    ledger.insert("incident", &[incident(1, "R1", 1), incident(2, "R1", 1), over]).await;
    let now = clock::now();
    let delivery = |guid: &str, state: &str, ago: i64| {
        json!({"source": "github", "guid": guid, "event": "push", "received_at": now - ago * 1_000_000,
               "body_sha256": "x", "state": state, "next_attempt_at": now})
    };
    let deliveries = [
        delivery("a", "pending", 90),
        delivery("b", "pending", 5),
        delivery("c", "failed", 500),
        delivery("d", "processed", 900),
    ];
    ledger.insert("delivery", &deliveries).await;
    ledger.insert("worker_heartbeat", &[json!({"worker": "w", "at": now - 30_000_000})]).await;

    let text = scrape(&ledger).await;
    let is = |sample: &str| value(&text, sample).unwrap_or_else(|| panic!("no {sample} in {text}"));
    assert_eq!(is("portbook_database_up"), 1.0);
    assert!(is("portbook_database_connections_open") >= 1.0);
    assert_eq!(is("portbook_deliveries{state=\"pending\"}"), 2.0);
    assert_eq!(is("portbook_deliveries{state=\"failed\"}"), 1.0);
    assert_eq!(is("portbook_deliveries{state=\"ignored\"}"), 0.0);
    assert_eq!(is("portbook_delivery_last_id"), 4.0);
    assert!((90.0..100.0).contains(&is("portbook_delivery_pending_age_seconds")), "{text}");
    assert!((30.0..40.0).contains(&is("portbook_worker_heartbeat_age_seconds")), "{text}");
    assert_eq!(is("portbook_evidence_last_seq"), 3.0);
    assert_eq!(is("portbook_projection_lag"), 2.0);
    assert_eq!(is("portbook_projection_version"), 1.0);
    assert_eq!(is("portbook_incidents_open{rule=\"R1\"}"), 2.0);
    assert_eq!(is("portbook_incidents_open{rule=\"R2\"}"), 0.0);
    assert!(text.contains(&format!("version=\"{}\"", env!("CARGO_PKG_VERSION"))), "{text}");
    assert!(!text.contains("shop"), "{text}");
}

#[tokio::test]
async fn without_a_database_there_are_still_numbers() {
    let ledger = Ledger::new().await;
    ledger.database.take_away().await;
    ledger.get("/v1/board").await.problem(503, "unavailable");
    let text = scrape(&ledger).await;
    assert_eq!(value(&text, "portbook_database_up"), Some(0.0));
    assert_eq!(value(&text, "portbook_evidence_last_seq"), None);
    assert_eq!(value(&text, "portbook_http_problems_total{type=\"unavailable\"}"), Some(1.0), "{text}");
    // What the database said last is good for a second, and then it is asked again.
    ledger.database.put_back().await;
    eventually("the database is seen to be back", || async {
        value(&scrape(&ledger).await, "portbook_database_up") == Some(1.0)
    })
    .await;
}
