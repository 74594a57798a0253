//! Deployments: announced once, told state by state, and never taken for a success when nobody says so.

use crate::support::*;
use axum::body::Body;
use axum::http::{Request, header};
use evidence::DeploymentId;
use portbook::service::clock;
use portbook::service::deployment::{self, DeploymentError, DeploymentReceipt};
use portbook::service::token::{self, Access, Token};
use portbook::store::Store;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const ID: &str = "0b0e1a5c-6a4e-4d3a-9f2b-7f6f0f6d1c11";
const OTHER: &str = "0b0e1a5c-6a4e-4d3a-9f2b-7f6f0f6d1c12";
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

fn start(environment: &str) -> Value {
    json!({"occurred_at": "2026-03-01T12:00:00Z", "service": "web", "environment": environment,
           "commit": sha(1), "digest": digest(1), "reference": "registry.example/shop:v1.0.1",
           "mode": "deploy", "version": "1.0.1", "actor": "ada"})
}

fn event(sequence: u32, state: &str) -> Value {
    json!({"occurred_at": "2026-03-01T12:00:30Z", "sequence": sequence, "state": state})
}

/// A ledger and someone who deploys.
struct Story {
    ledger: Arc<Ledger>,
    token: String,
}

impl Story {
    async fn new(scopes: &[&str]) -> Self {
        let ledger = Arc::new(Ledger::new().await);
        let token = ledger.token("shop", scopes).await;
        Self { ledger, token }
    }

    /// The same ledger for someone else.
    async fn with(&self, project: &str, scopes: &[&str]) -> Self {
        Self { ledger: Arc::clone(&self.ledger), token: self.ledger.token(project, scopes).await }
    }

    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1/deployments/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        self.ledger.send(request.body(body.into()).unwrap()).await
    }

    async fn put(&self, id: &str, body: &Value) -> Answer {
        self.send("PUT", id, body.to_string()).await
    }

    async fn event(&self, id: &str, body: &Value) -> Answer {
        self.send("POST", &format!("{id}/events"), body.to_string()).await
    }

    async fn kinds(&self) -> Vec<String> {
        let sql = "SELECT kind || ' ' || trust FROM evidence ORDER BY seq";
        self.ledger.database.texts(sql).await
    }

    /// The state that the projection has.
    async fn state(&self, id: &str) -> String {
        self.ledger.project().await;
        let sql = format!(
            "SELECT state || ' ' || COALESCE(outcome, '-') FROM deployment_outcome WHERE id = '{id}'"
        );
        self.ledger.database.texts(&sql).await.remove(0)
    }
}

#[tokio::test]
async fn a_deployment_is_announced_once_and_ends_once() {
    let story = Story::new(&["deploy:write:dev"]).await;
    let first = story.put(ID, &start("dev")).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!((&first.json()["id"], &first.json()["new"]), (&json!(ID), &json!(true)));
    let again = story.put(ID, &start("dev")).await;
    assert_eq!((again.status.as_u16(), &again.json()["sha256"]), (200, &first.json()["sha256"]));
    assert_eq!(again.json()["new"], false);
    // The same instant in another time zone is the same document.
    let mut same = start("dev");
    same["occurred_at"] = "2026-03-01T13:00:00+01:00".into();
    assert_eq!(story.put(ID, &same).await.status, 200);
    assert_eq!(story.state(ID).await, "pending -");

    // Another commit is another subject, and still the same deployment.
    let mut other = start("dev");
    other["commit"] = sha(2).into();
    other["version"] = "1.0.2".into();
    let problem = story.put(ID, &other).await.problem(409, "deployment-conflict");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(pointers, ["/commit", "/version"]);

    let pulling = story.event(ID, &event(1, "pulling")).await;
    assert_eq!(pulling.status, 201, "{pulling:?}");
    assert_eq!(story.event(ID, &event(1, "pulling")).await.status, 200);
    let problem = story.event(ID, &event(1, "migrating")).await.problem(409, "deployment-conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/state");
    assert_eq!(story.event(ID, &event(3, "switching")).await.status, 201);
    // The end cannot stand before what was told already; what is told late can.
    story.event(ID, &event(2, "succeeded")).await.problem(409, "deployment-conflict");
    assert_eq!(story.event(ID, &event(2, "starting")).await.status, 201);
    let mut failed = event(4, "failed");
    failed["failure"] = "health".into();
    failed["detail"] = "never became healthy".into();
    assert_eq!(story.event(ID, &failed).await.status, 201);
    assert_eq!(story.event(ID, &failed).await.status, 200);
    let problem = story.event(ID, &event(5, "succeeded")).await.problem(409, "deployment-conflict");
    assert!(problem["detail"].as_str().unwrap().contains("ended as failed"), "{problem}");
    assert_eq!(story.state(ID).await, "failed failure");
    assert_eq!(story.kinds().await.len(), 5);
}

#[tokio::test]
async fn nothing_is_inferred() {
    let story = Story::new(&["deploy:write:dev"]).await;
    let without = |field: &str| {
        let mut body = start("dev");
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let with = |field: &str, value: Value| {
        let mut body = start("dev");
        body[field] = value;
        body
    };
    for (body, pointer) in [
        (without("environment"), "/environment"),
        (without("service"), "/service"),
        (without("mode"), "/mode"),
        (without("commit"), "/commit"),
        (without("occurred_at"), "/occurred_at"),
        (with("id", ID.into()), "/id"),
        (with("a/b", 1.into()), "/a~1b"),
        (with("environment", "Dev".into()), "/environment"),
        (with("environment", Value::Null), "/environment"),
        (with("digest", "sha256:0".into()), "/digest"),
        (with("mode", "redeploy".into()), "/mode"),
        (with("rollback_of", "7".into()), "/rollback_of"),
        (with("version", "".into()), "/version"),
        (with("actor", "a".repeat(101).into()), "/actor"),
        (with("occurred_at", "yesterday".into()), "/occurred_at"),
        (json!([start("dev")]), ""),
    ] {
        let problem = story.put(ID, &body).await.problem(422, "invalid-deployment");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    assert_eq!(story.put(ID, &start("dev")).await.status, 201);
    for (body, pointer) in [
        (json!({"occurred_at": minute(1), "sequence": 1}), "/state"),
        (json!({"occurred_at": minute(1), "state": "pulling"}), "/sequence"),
        (json!({"sequence": 1, "state": "pulling"}), "/occurred_at"),
        (json!({"occurred_at": minute(1), "sequence": 0, "state": "pulling"}), "/sequence"),
        (json!({"occurred_at": minute(1), "sequence": -1, "state": "pulling"}), "/sequence"),
        (json!({"occurred_at": minute(1), "sequence": 1, "state": "done"}), "/state"),
        (json!({"occurred_at": minute(1), "sequence": 1, "state": "failed", "failure": "x"}), "/failure"),
        (
            json!({"occurred_at": minute(1), "sequence": 1, "state": "succeeded", "failure": "pull"}),
            "/failure",
        ),
        (
            json!({"occurred_at": minute(1), "sequence": 1, "state": "pulling", "outcome": "success"}),
            "/outcome",
        ),
    ] {
        let problem = story.event(ID, &body).await.problem(422, "invalid-deployment");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let two = format!("{0} {0}", start("dev")).into_bytes();
    for body in [b"".to_vec(), b"{".to_vec(), b"\xff\xfe".to_vec(), two, b"[".repeat(100_000)] {
        story.send("PUT", ID, body).await.problem(400, "malformed-json");
    }
    for id in ["7", "0B0E1A5C-6A4E-4D3A-9F2B-7F6F0F6D1C11"] {
        story.put(id, &start("dev")).await.problem(400, "malformed-id");
    }
    assert_eq!(story.kinds().await, ["deployment_started token"]);
}

#[tokio::test]
async fn a_token_deploys_where_its_scope_says_and_sees_no_other_project() {
    let story = Story::new(&["deploy:write:dev"]).await;
    let problem = story.put(ID, &start("prod")).await.problem(403, "missing-scope");
    assert!(problem["detail"].as_str().unwrap().contains("deploy:write:prod"), "{problem}");
    assert_eq!(story.put(ID, &start("dev")).await.status, 201);
    story.event(OTHER, &event(1, "pulling")).await.problem(404, "unknown-deployment");

    let reader = story.with("shop", &["read", "evidence:write", "admin"]).await;
    reader.put(OTHER, &start("dev")).await.problem(403, "missing-scope");
    let prod = story.with("shop", &["deploy:write:prod"]).await;
    prod.event(ID, &event(1, "pulling")).await.problem(403, "missing-scope");
    // Another project has its own identities.
    let bakery = story.with("bakery", &["deploy:write:dev"]).await;
    bakery.event(ID, &event(1, "pulling")).await.problem(404, "unknown-deployment");
    assert_eq!(bakery.put(ID, &start("dev")).await.status, 201);
    let nobody = Story { ledger: Arc::clone(&story.ledger), token: "pb_0_0".to_owned() };
    nobody.put(OTHER, &start("dev")).await.problem(401, "unknown-token");
    assert_eq!(story.kinds().await.len(), 2);
}

/// What becomes of bodies that come at once, each to a process with connections of its own.
async fn race<F>(story: &Story, bodies: Vec<Value>, send: impl Fn(Store, Access, Value) -> F) -> [usize; 3]
where
    F: Future<Output = Result<DeploymentReceipt, DeploymentError>> + Send + 'static,
{
    let access =
        token::authenticate(&story.ledger.store, &Token::parse(&story.token).unwrap()).await.unwrap();
    let mut tasks = JoinSet::new();
    for body in bodies {
        let store = Store::new(&story.ledger.database.config());
        tasks.spawn(send(store, access.clone(), body));
    }
    let mut counts = [0; 3];
    for result in tasks.join_all().await {
        match result {
            Ok(receipt) if receipt.new => counts[0] += 1,
            Ok(_) => counts[1] += 1,
            Err(DeploymentError::Conflict { .. }) => counts[2] += 1,
            Err(error) => panic!("{error}"),
        }
    }
    counts
}

#[tokio::test]
async fn of_many_bodies_at_once_one_is_taken() {
    let story = Story::new(&["deploy:write:dev"]).await;
    let id: DeploymentId = ID.parse().unwrap();
    let bodies = (0..8).map(|number| {
        let mut body = start("dev");
        body["commit"] = sha(number % 4).into();
        body
    });
    let counts = race(&story, bodies.collect(), |store, access, body| {
        let id = id.clone();
        async move { deployment::start(&store, &access, id, body.to_string().as_bytes()).await }
    })
    .await;
    assert_eq!(counts, [1, 1, 6]);
    let bodies = ["succeeded", "failed", "cancelled", "unknown"].map(|state| event(1, state));
    let counts = race(&story, bodies.to_vec(), |store, access, body| {
        let id = id.clone();
        async move { deployment::advance(&store, &access, id, body.to_string().as_bytes()).await }
    })
    .await;
    assert_eq!(counts, [1, 0, 3]);
    assert_eq!(story.kinds().await.len(), 2);
}

#[tokio::test]
async fn a_deployment_whose_reporter_died_ends_as_unknown_and_never_as_success() {
    let story = Story::new(&["deploy:write:dev"]).await;
    assert_eq!(story.put(ID, &start("dev")).await.status, 201);
    assert_eq!(story.event(ID, &event(4, "switching")).await.status, 201);
    assert_eq!(story.put(OTHER, &start("dev")).await.status, 201);
    assert_eq!(story.event(OTHER, &event(1, "succeeded")).await.status, 201);
    story.ledger.project().await;
    let give_up = async |minutes: i64| {
        let now = clock::now() + minutes * 60_000_000;
        deployment::give_up_stale(&story.ledger.store, HALF_AN_HOUR, now).await.unwrap()
    };
    // It happened long ago, but was heard of just now.
    assert_eq!(give_up(29).await, 0);
    assert_eq!(give_up(31).await, 1);
    // Before that is projected, and after.
    assert_eq!(give_up(32).await, 0);
    assert_eq!(story.state(ID).await, "unknown unknown");
    assert_eq!(give_up(33).await, 0);
    assert_eq!(story.state(OTHER).await, "succeeded success");
    let last = story.kinds().await.pop().unwrap();
    assert_eq!(last, "deployment_state poll");
    let sequence = "SELECT MAX(sequence) FROM deployment_event";
    assert_eq!(story.ledger.database.number(sequence).await, 5);

    // Who deployed comes back, and knows better; even under the number that the guess had.
    let mut failed = event(5, "failed");
    failed["failure"] = "health".into();
    assert_eq!(story.event(ID, &failed).await.status, 201);
    assert_eq!(story.state(ID).await, "failed failure");
}
