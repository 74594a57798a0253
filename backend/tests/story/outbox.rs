//! Notices about incidents, as a receiver sees them.

use crate::support::web::{Asked, Web};
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portbook::config::{NotifyConfig, NotifySecret};
use portbook::net::Client;
use portbook::service::project::project_and_tell;
use portbook::service::{clock, outbox};
use portbook::store::Lock;
use serde_json::{Value, json};

const SECOND: i64 = 1_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A ledger with somebody to tell.
struct Telling {
    ledger: Ledger,
    client: Client,
    receiver: Web,
    notify: NotifyConfig,
    began: i64,
}

impl Telling {
    async fn new() -> Self {
        let receiver = Web::start(|_| (204, vec![], vec![])).await;
        let notify =
            NotifyConfig { url: receiver.url("/hook?room=1"), secret: NotifySecret::parse(SECRET).unwrap() };
        let began = clock::now();
        Self { ledger: Ledger::new().await, client: Client::new(None).unwrap(), receiver, notify, began }
    }

    async fn enqueue(&self, id: &str) -> bool {
        let mut session = self.ledger.store.write(Lock::None).await.unwrap();
        let new =
            session.enqueue_outbox(id, "incident.opened", "{\"type\":\"x\"}", self.began).await.unwrap();
        session.commit().await.unwrap();
        new
    }

    async fn send(&self, seconds: i64) -> usize {
        let now = self.began + seconds * SECOND;
        outbox::send_due(&self.ledger.store, &self.client, &self.notify, now).await.unwrap()
    }

    async fn states(&self) -> Vec<String> {
        let sql = "SELECT id || ' ' || state || ' ' || attempts || ' ' || COALESCE(error, '') FROM outbox ORDER BY id";
        self.ledger.database.texts(sql).await
    }
}

/// Verifies a notice as its receiver would, with nothing of what sent it; answers what it tells.
fn verified(asked: &Asked) -> Value {
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let (id, timestamp) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &asked.body].concat();
    let signature = asked.header("webhook-signature").strip_prefix("v1,").unwrap();
    ring::hmac::verify(&key, &signed, &STANDARD.decode(signature).unwrap()).unwrap();
    let age = clock::now() / SECOND - timestamp.parse::<i64>().unwrap();
    assert!(age.abs() < 300, "{age} s old");
    assert_eq!(asked.header("content-type"), "application/json");
    serde_json::from_slice(&asked.body).unwrap()
}

#[tokio::test]
async fn an_incident_is_told_once_signed_and_with_what_it_is_about() {
    let telling = Telling::new().await;
    telling.ledger.record(&[commit(1, 1, &[]), image(2, 1), published(3, 1, &["v1.0.0"])]).await;
    assert!(!project_and_tell(&telling.ledger.store, true).await.unwrap().incidents.is_empty());
    assert!(telling.send(60).await > 0);
    let asked = telling.receiver.take();
    let told: Vec<_> = asked.iter().map(verified).collect();
    let notice =
        told.iter().find(|notice| notice["data"]["rule"] == "R1").unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(notice["type"], "incident.opened");
    assert_eq!((&notice["data"]["project"], &notice["data"]["commit"]), (&json!("shop"), &json!(sha(1))));
    assert!(notice["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/hook?room=1"));

    assert_eq!(telling.send(600).await, 0);
    portbook::service::project::rebuild(&telling.ledger.store).await.unwrap();
    assert_eq!(telling.send(700).await, 0, "projecting again tells nothing again");
    assert!(telling.receiver.take().is_empty());
}

#[tokio::test]
async fn a_receiver_that_does_not_take_it_is_asked_again_for_a_day_and_then_given_up() {
    let telling = Telling::new().await;
    assert!(telling.enqueue("a").await && !telling.enqueue("a").await);
    telling.receiver.answer_always(500, &[], "");
    let mut at = 0;
    let mut attempts = 0;
    while telling.send(at).await == 1 {
        attempts += 1;
        let state = telling.states().await.remove(0);
        if state.starts_with("a failed") {
            break;
        }
        assert!(state.starts_with(&format!("a pending {attempts} ")) && state.contains("500"), "{state}");
        let next = telling.ledger.database.number("SELECT next_attempt_at FROM outbox").await;
        let next = (next - telling.began) / SECOND;
        assert_eq!(telling.send(next - 1).await, 0, "not sooner");
        at = next;
    }
    assert!((23 * 3600..25 * 3600).contains(&at), "{at} s");
    assert_eq!((attempts, telling.send(at * 2).await), (9, 0));
    let asked = telling.receiver.take();
    assert!(asked.iter().all(|asked| asked.header("webhook-id") == "a"), "one identity, however often");

    // A keeper sends it again.
    telling.receiver.answer_always(200, &[], "");
    let url = telling.ledger.database.url();
    let outbox = |arguments: &[&str]| {
        let output = run(&[&["admin", "outbox"], arguments, &["--json"]].concat(), &[("DATABASE_URL", &url)]);
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let (_, listed) = outbox(&["list", "--state", "failed"]);
    assert_eq!((&listed[0]["id"], &listed[0]["attempts"]), (&json!("a"), &json!(9)));
    assert_eq!(outbox(&["retry", "z"]).0, Some(1));
    assert_eq!(outbox(&["retry", "--failed"]), (Some(0), json!({"queued": 1})));
    assert_eq!(telling.send(60).await, 1);
    assert_eq!(telling.states().await, ["a sent 1 "]);
    verified(&telling.receiver.take()[0]);
}

#[tokio::test]
async fn a_notice_is_not_sent_elsewhere_and_not_to_who_wants_no_more() {
    let telling = Telling::new().await;
    let elsewhere = Web::start(|_| (200, vec![], vec![])).await;
    telling.enqueue("a").await;
    telling.receiver.answer_always(307, &[("location", &elsewhere.url("/"))], "");
    telling.send(0).await;
    assert!(elsewhere.take().is_empty());
    assert!(telling.states().await[0].contains("307"), "{:?}", telling.states().await);
    // A redirect that turns it into a GET is no receipt either.
    telling.receiver.answer(|asked| match asked.method.as_str() {
        "POST" => (302, vec![("location", "/login".to_owned())], vec![]),
        _ => (200, vec![], vec![]),
    });
    telling.send(10).await;
    assert!(telling.states().await[0].contains("redirects"), "{:?}", telling.states().await);
    telling.receiver.answer_always(410, &[], "");
    telling.send(100).await;
    assert!(telling.states().await[0].starts_with("a failed 3 "), "{:?}", telling.states().await);
}

#[tokio::test]
async fn several_workers_share_the_work_and_a_dead_one_strands_nothing() {
    let telling = Telling::new().await;
    for number in 0..30 {
        telling.enqueue(&format!("n{number:02}")).await;
    }
    let sent = tokio::join!(telling.send(0), telling.send(0), telling.send(0), telling.send(0));
    assert_eq!(sent.0 + sent.1 + sent.2 + sent.3, 30);
    let mut ids: Vec<_> =
        telling.receiver.take().iter().map(|asked| asked.header("webhook-id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 30);

    telling.enqueue("late").await;
    let mut session = telling.ledger.store.write(Lock::None).await.unwrap();
    let until = telling.began + 180 * SECOND;
    assert_eq!(session.claim_notices(telling.began, until, 9).await.unwrap().len(), 1);
    session.commit().await.unwrap();
    assert_eq!((telling.send(179).await, telling.send(180).await), (0, 1));
}
