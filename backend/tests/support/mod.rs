//! A ledger of one's own for each test.

pub mod client;
mod database;
mod documents;
pub mod github;
mod issuer;
mod log;
mod postgres;
mod process;
mod rows;
pub mod web;

pub use database::Database;
pub use documents::*;
pub use issuer::{AUDIENCE, Issuer, KEYS};
pub use postgres::remove_at_exit;
pub use process::{Process, eventually, get, read_all, run, send};
pub use rows::*;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use portbook::config::{BuildConfig, GithubConfig, Reader, ServerConfig};
use portbook::github::Secrets;
use portbook::http::{App, Reading, router};
use portbook::service::board::{self, Board};
use portbook::service::intake::Intake;
use portbook::service::project::project_next;
use portbook::service::token;
use portbook::store::Store;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

/// What webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "a secret that only tests know";

/// A migrated database with the routes on it.
pub struct Ledger {
    pub store: Store,
    router: Router,
    // Dropped last: it takes the database away.
    pub database: Database,
}

/// What a request was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Ledger {
    pub async fn new() -> Self {
        Self::with(true, None).await
    }

    pub async fn with(public_board: bool, web_root: Option<PathBuf>) -> Self {
        Self::on(Database::migrated().await, public_board, web_root)
    }

    pub fn on(database: Database, public_board: bool, web_root: Option<PathBuf>) -> Self {
        Self::with_secrets(database, public_board, web_root, Secrets::parse(WEBHOOK_SECRET).ok(), None)
    }

    pub fn without_webhook_secret(database: Database) -> Self {
        Self::with_secrets(database, true, None, None, None)
    }

    pub async fn with_issuer(issuer: &Issuer) -> Self {
        Self::with_secrets(Database::migrated().await, true, None, None, Some(issuer.known()))
    }

    pub fn with_secrets(
        database: Database,
        public_board: bool,
        web_root: Option<PathBuf>,
        secrets: Option<Secrets>,
        oidc: Option<Arc<portbook::github::oidc::Issuer>>,
    ) -> Self {
        let github = GithubConfig { secrets, ..GithubConfig::read(&Reader::new(&|_| None)) };
        let store = Store::new(&database.config());
        let listen = "127.0.0.1:0".parse().unwrap();
        let router = router(App {
            store: store.clone(),
            build: Arc::new(BuildConfig::default()),
            server: Arc::new(ServerConfig { listen, web_root, public_board }),
            github: Arc::new(github),
            oidc,
            intake: Intake::new(store.clone()),
            reading: Reading::default(),
        });
        Self { store, router, database }
    }

    pub async fn token(&self, project: &str, scopes: &[&str]) -> String {
        self.token_for(project, scopes, Duration::from_secs(3600)).await
    }

    pub async fn token_for(&self, project: &str, scopes: &[&str], lifetime: Duration) -> String {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let made = token::create(&self.store, project.parse().unwrap(), &scopes, lifetime).await;
        made.unwrap().token.reveal()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request and leaves the answer's body to come.
    pub async fn open(&self, path: &str, headers: &[(&str, &str)]) -> axum::response::Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post_raw(&self, token: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post("/v1/evidence")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn post(&self, token: &str, documents: &[Value]) -> Answer {
        self.post_raw(token, json!({ "evidence": documents }).to_string()).await
    }

    /// Posts documents of the project `shop`, and expects all of them to be new.
    pub async fn record(&self, documents: &[Value]) {
        let token = self.token("shop", &["evidence:write"]).await;
        for batch in documents.chunks(500) {
            let answer = self.post(&token, batch).await;
            assert_eq!(statuses(&answer), vec!["recorded"; batch.len()], "{answer:?}");
        }
    }

    /// Does the worker's work until nothing is left; answers how many documents that took.
    pub async fn project(&self) -> usize {
        let mut documents = 0;
        for _ in 0..1000 {
            match project_next(&self.store).await.unwrap().documents {
                0 => return documents,
                some => documents += some,
            }
        }
        panic!("the projection does not come to an end");
    }

    pub async fn board(&self) -> Board {
        board::board(&self.store, None).await.unwrap()
    }

    pub async fn board_json(&self) -> Value {
        serde_json::to_value(self.board().await).unwrap()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that this is a problem of that status and type, and answers it.
    pub fn problem(&self, status: u16, name: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:portbook:problem:{name}"));
        assert_eq!(problem["status"], status);
        for field in ["title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }
}

/// The status of each item of an ingest report.
pub fn statuses(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let report = answer.json();
    let results = report["results"].as_array().unwrap();
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index);
    }
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

/// The value of `X-Hub-Signature-256` for a body.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = ring::hmac::sign(&key, body);
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}
