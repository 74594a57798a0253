//! The worker's loops, step by step. Time that must pass is told and not waited for.

use crate::support::web::Web;
use crate::support::*;
use portbook::service::{clock, purge};
use portbook::worker::lease::{Held, Lease};
use serde_json::json;
use std::time::Duration;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

#[tokio::test]
async fn a_lease_is_one_workers_and_outlives_a_dead_one_only_for_its_time() {
    let ledger = Ledger::new().await;
    let lease = |holder: &str| Lease::new(ledger.store.clone(), "reconcile", holder.into());
    let (first, second) = (lease("first"), lease("second"));
    let minute = Duration::from_secs(60);
    assert_eq!(first.take(0, minute).await.unwrap(), Some(Held { memory: None }));
    assert_eq!(second.take(MINUTE - 1, minute).await.unwrap(), None);
    assert!(first.remember("{\"page\":7}").await.unwrap());
    // It makes its own last longer.
    assert!(first.take(MINUTE / 2, minute).await.unwrap().is_some());
    assert_eq!(second.take(MINUTE, minute).await.unwrap(), None);
    // Then it dies, and another goes on where it was.
    let memory = Some("{\"page\":7}".to_owned());
    assert_eq!(second.take(MINUTE * 3 / 2, minute).await.unwrap(), Some(Held { memory: memory.clone() }));
    // Should it wake up again, it can neither take nor change what is another's.
    assert_eq!(first.take(MINUTE * 3 / 2, minute).await.unwrap(), None);
    assert!(!first.remember("{}").await.unwrap());
    first.release().await.unwrap();
    assert_eq!(first.take(MINUTE * 2, minute).await.unwrap(), None);
    second.release().await.unwrap();
    assert_eq!(first.take(MINUTE * 2, minute).await.unwrap(), Some(Held { memory }));
}

#[tokio::test]
async fn what_is_kept_for_a_time_goes_in_batches_and_nothing_else() {
    let ledger = Ledger::new().await;
    let now = clock::now();
    let body = if ledger.database.file().is_some() { "x'7b7d'" } else { "'\\x7b7d'" };
    let delivery = |guid: &str, days: i64, state: &str| {
        let received_at = now - days * DAY;
        format!(
            "INSERT INTO delivery (source, guid, event, received_at, body, body_sha256, state, next_attempt_at) \
             VALUES ('github', '{guid}', 'push', {received_at}, {body}, 'hash', '{state}', 0);"
        )
    };
    let mut rows: Vec<_> =
        (0..250).map(|number| delivery(&format!("old{number}"), 91, "processed")).collect();
    rows.push(delivery("failed", 91, "failed"));
    rows.push(delivery("waiting", 91, "pending"));
    rows.push(delivery("young", 89, "processed"));
    for (jti, hours) in [("used", 2), ("fresh", -1)] {
        rows.push(format!(
            "INSERT INTO oidc_jti (jti, expires_at) VALUES ('{jti}', {});",
            now - hours * 60 * MINUTE
        ));
    }
    for (id, trust, hours) in [("o1", "oidc", 2), ("o2", "oidc", -1), ("p1", "token", 2)] {
        rows.push(format!(
            "INSERT INTO token (id, secret_hash, project, scopes, created_at, expires_at, trust, claims) \
             VALUES ('{id}', 'hash', 'shop', 'read', 0, {}, '{trust}', '{{}}');",
            now - hours * 60 * MINUTE
        ));
    }
    for (id, state, days) in [("n1", "sent", 31), ("n2", "failed", 31), ("n3", "sent", 29)] {
        rows.push(format!(
            "INSERT INTO outbox (id, event, body, created_at, state, next_attempt_at) \
             VALUES ('{id}', 'x', '{{}}', {}, '{state}', 0);",
            now - days * DAY
        ));
    }
    ledger.database.execute(&rows.concat()).await.unwrap();

    let mut steps = Vec::new();
    loop {
        match purge::purge(&ledger.store, 90, now).await.unwrap() {
            0 => break,
            gone => steps.push(gone),
        }
    }
    assert_eq!(steps, [103, 100, 51], "bodies go a hundred at a time");
    let texts = async |sql: &str| ledger.database.texts(sql).await;
    let kept = "SELECT guid FROM delivery WHERE body IS NOT NULL ORDER BY guid";
    assert_eq!(texts(kept).await, ["waiting", "young"]);
    assert_eq!(ledger.database.number("SELECT COUNT(*) FROM delivery WHERE body_sha256 = 'hash'").await, 253);
    assert_eq!(texts("SELECT jti FROM oidc_jti").await, ["fresh"]);
    let usable = "SELECT id FROM token WHERE secret_hash <> '' AND claims IS NOT NULL ORDER BY id";
    assert_eq!(texts(usable).await, ["o2", "p1"]);
    assert_eq!(texts("SELECT id FROM outbox ORDER BY id").await, ["n2", "n3"]);
}

#[tokio::test]
async fn a_worker_does_all_of_it_side_by_side_and_ends_in_good_order() {
    let ledger = Ledger::new().await;
    // A service that never answers holds up neither the others nor the end.
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let service = Web::start(|_| (200, vec![], json!({"digest": digest(1)}).to_string().into())).await;
    let receiver = Web::start(|_| (204, vec![], vec![])).await;
    let registry = Web::start(|asked| match asked.path.contains("/tags/list") {
        true => (200, vec![], b"{\"tags\":[\"v1\"]}".to_vec()),
        false => (200, vec![("docker-content-digest", digest(2))], vec![]),
    })
    .await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret of more than twenty-four bytes").unwrap();
    let (url, notify) = (ledger.database.url(), receiver.url("/"));
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("PORTBOOK_WORKER_INTERVAL_MS", "10"),
        ("PORTBOOK_NOTIFY_URL", notify.as_str()),
        ("PORTBOOK_NOTIFY_SECRET_FILE", secret.path().to_str().unwrap()),
    ];
    let admin = |arguments: &[&str]| {
        let output = run(&[&["admin"], arguments].concat(), &environment[..1]);
        assert!(output.status.success(), "{output:?}");
    };
    let cell = |service: &'static str| ["--project", "shop", "--environment", "prod", "--service", service];
    let stuck_url = format!("http://{}/version", stuck.local_addr().unwrap());
    admin(&[&["watch", "runtime", "add", "--url", &stuck_url], &cell("stuck")[..]].concat());
    admin(&[&["watch", "runtime", "add", "--url", &service.url("/version")], &cell("web")[..]].concat());
    let repository = format!("{}/octo/shop", registry.address);
    admin(&["watch", "registry", "add", "--project", "shop", "--repository", &repository]);

    let worker = Process::start(&["worker"], &environment, "working").await;
    ledger.record(&[commit(1, 1, &[]), image(2, 1), published(3, 1, &["v1.0.0"])]).await;
    let facts = "SELECT (SELECT COUNT(*) FROM runtime_fact) * 100 + (SELECT COUNT(*) FROM tag_observation) * 10 \
                 + (SELECT COUNT(*) FROM publication_fact)";
    eventually("all is projected", || async { ledger.database.number(facts).await == 111 }).await;
    eventually("somebody is told", || async { !receiver.take().is_empty() }).await;
    worker.signal("TERM");
    worker.logged("stopped working").await;
    assert_eq!(worker.exit().await.code(), Some(0));
}
