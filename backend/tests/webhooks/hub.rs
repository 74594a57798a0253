//! GitHub, as far as it sends.

use crate::samples::{OWNER_ID, REPOSITORY, REPOSITORY_ID};
use crate::support::{Answer, Database, Ledger};
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use portbook::github::Secrets;
use portbook::service::delivery::{self, Processed};
use ring::hmac;
use serde_json::Value;

/// What this GitHub signs with.
pub const SECRET: &str = "the-secret-that-is-used-now";

/// What it may sign with from tomorrow on.
pub const NEXT_SECRET: &str = "the-secret-that-replaces-it";

/// A ledger that hears GitHub.
pub struct Hub {
    pub ledger: Ledger,
}

/// A request that GitHub might send.
#[derive(Clone)]
pub struct Sent {
    pub event: String,
    pub guid: String,
    pub body: Bytes,
    pub signature: Option<String>,
    pub content_type: &'static str,
}

impl Sent {
    pub fn new(event: &str, guid: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let signature = Some(sign(SECRET, &body));
        Self {
            event: event.to_owned(),
            guid: guid.to_owned(),
            body,
            signature,
            content_type: "application/json",
        }
    }

    pub fn json(event: &str, guid: &str, body: &Value) -> Self {
        Self::new(event, guid, body.to_string())
    }

    pub fn signed(self, signature: Option<String>) -> Self {
        Self { signature, ..self }
    }
}

/// The header that goes with a body.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

impl Hub {
    /// A ledger to which the samples' repository is connected, as the project `quay`.
    pub async fn connected() -> Self {
        let hub = Self::unconnected().await;
        hub.connect("quay").await;
        hub
    }

    pub async fn unconnected() -> Self {
        let secrets = Secrets::parse(&format!("{SECRET}\n{NEXT_SECRET}\n")).unwrap();
        Self { ledger: Ledger::with_secrets(Database::migrated().await, true, None, Some(secrets), None) }
    }

    pub async fn connect(&self, project: &str) {
        let sql = format!(
            "INSERT INTO github_repository (repository_id, owner_id, project, full_name, added_at) \
             VALUES ({REPOSITORY_ID}, {OWNER_ID}, '{project}', '{REPOSITORY}', 0)"
        );
        self.ledger.database.execute(&sql).await.unwrap();
    }

    pub async fn send(&self, sent: Sent) -> Answer {
        let mut request = Request::post("/v1/hooks/github")
            .header("content-type", sent.content_type)
            .header("x-github-event", sent.event)
            .header("x-github-delivery", sent.guid)
            .header("x-github-hook-id", "77001")
            .header("user-agent", "GitHub-Hookshot/7b1e2a9");
        if let Some(signature) = sent.signature {
            request = request.header("x-hub-signature-256", signature);
        }
        self.ledger.send(request.body(Body::from(sent.body)).unwrap()).await
    }

    /// Sends what must be accepted.
    pub async fn deliver(&self, event: &str, guid: &str, body: &Value) {
        let answer = self.send(Sent::json(event, guid, body)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{event} {guid}: {answer:?}");
    }

    /// Does the worker's work on deliveries until none is due.
    pub async fn process(&self) -> Processed {
        let mut sum = Processed::default();
        for _ in 0..1000 {
            let step = delivery::process_next(&self.ledger.store).await.unwrap();
            if step.deliveries == 0 {
                return sum;
            }
            sum.deliveries += step.deliveries;
            sum.recorded += step.recorded;
            sum.failed += step.failed;
        }
        panic!("the deliveries do not come to an end");
    }

    /// A number that a query answers.
    pub async fn number(&self, sql: &str) -> i64 {
        self.ledger.database.number(sql).await
    }

    /// How many deliveries are in a state.
    pub async fn deliveries(&self, state: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) FROM delivery WHERE state = '{state}'")).await
    }
}
