//! Workflows exchange their own tokens for ours.

use crate::support::*;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

impl Ledger {
    async fn exchange(&self, token: &str) -> Answer {
        self.exchange_raw(json!({ "token": token }).to_string()).await
    }

    async fn exchange_raw(&self, body: impl Into<Body>) -> Answer {
        let request = Request::post("/v1/oidc/exchange").header("content-type", "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }
}

/// A ledger that trusts the workflow `ci.yml` on the main branch with evidence.
async fn trusting() -> (Issuer, Ledger) {
    let issuer = Issuer::start();
    let ledger = Ledger::with_issuer(&issuer).await;
    ledger.trust("ci.yml@refs/heads/main", None, "evidence:write").await;
    (issuer, ledger)
}

#[track_caller]
fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_trusted_workflow_gets_a_token_and_its_evidence_says_where_it_is_from() {
    let (issuer, ledger) = trusting().await;
    let answer = ledger.exchange(&KEYS[0].token(&issuer.claims("one"))).await;
    let token = token_of(&answer);
    let body = answer.json();
    assert_eq!((&body["project"], &body["scopes"]), (&json!("shop"), &json!(["evidence:write"])));
    assert_eq!(answer.header("cache-control"), "no-store");
    let end = time::OffsetDateTime::parse(body["expires_at"].as_str().unwrap(), evidence::RFC3339).unwrap();
    let left = end - time::OffsetDateTime::now_utc();
    assert!(left <= time::Duration::minutes(10) && left > time::Duration::minutes(9), "{left}");

    assert_eq!(
        statuses(&ledger.post(&token, &[commit(1, 1, &[]), ci(2, 1, "success")]).await),
        ["recorded"; 2]
    );
    let trusts = ledger.database.texts("SELECT trust FROM evidence ORDER BY seq").await;
    assert_eq!(trusts, ["oidc", "oidc"]);
    let source = ledger.database.texts("SELECT source FROM evidence WHERE kind = 'ci_verdict'").await;
    let source: Value = serde_json::from_str(&source[0]).unwrap();
    let expected = json!({
        "actor": "ada", "environment": null, "event_name": "push", "ref": "refs/heads/main", "repository": "octo/shop",
        "job_workflow_ref": "octo/shop/.github/workflows/ci.yml@refs/heads/main", "repository_id": 1_296_269,
        "run_attempt": "2", "run_id": "4711", "sha": sha(1),
        "workflow_ref": "octo/shop/.github/workflows/ci.yml@refs/heads/main",
    });
    assert_eq!(source, expected);
    assert_eq!(ledger.project().await, 2);
}

#[tokio::test]
async fn what_contradicts_the_token_is_refused_and_the_rest_is_taken() {
    let (issuer, ledger) = trusting().await;
    let token = token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("one"))).await);
    let mut own = deployed(5, "web", "dev", 2, "success");
    own["claim"]["actor"] = "ada".into();
    let batch = [
        ci(1, 2, "success"),
        image(2, 2),
        smoke(3, 2, "success"),
        deployed(4, "web", "dev", 2, "success"),
        own,
        rolled_back(6, "web", "dev", 1),
        ci(7, 1, "success"),
        published(8, 2, &["v1"]),
    ];
    let answer = ledger.post(&token, &batch).await;
    let [no, yes] = ["rejected", "recorded"];
    assert_eq!(statuses(&answer), [no, no, no, no, yes, yes, yes, yes]);
    let results = answer.json();
    let pointer = |index: usize| results["results"][index]["errors"][0]["pointer"].clone();
    assert_eq!(pointer(0), "/evidence/0/claim/commit");
    assert_eq!(pointer(3), "/evidence/3/claim/actor");
    assert!(results["results"][2]["errors"][0]["detail"].as_str().unwrap().contains(&sha(1)), "{results}");

    // Under `workflow_run` the token's commit is the default branch's tip, and not what the evidence is about.
    let mut claims = issuer.claims("two");
    claims["event_name"] = "workflow_run".into();
    let token = token_of(&ledger.exchange(&KEYS[0].token(&claims)).await);
    assert_eq!(statuses(&ledger.post(&token, &[ci(1, 2, "success"), image(2, 2)]).await), ["recorded"; 2]);
    // A token that a person made says nothing of commits or actors.
    let token = ledger.token("shop", &["evidence:write"]).await;
    assert_eq!(statuses(&ledger.post(&token, &[ci(9, 3, "success")]).await), ["recorded"]);
}

#[tokio::test]
async fn each_token_is_good_once_also_for_two_at_once() {
    let (issuer, ledger) = trusting().await;
    let token = KEYS[0].token(&issuer.claims("one"));
    let (a, b) = tokio::join!(ledger.exchange(&token), ledger.exchange(&token));
    let mut all = [a.status.as_u16(), b.status.as_u16()];
    all.sort_unstable();
    assert_eq!(all, [200, 409]);
    ledger.exchange(&token).await.problem(409, "workflow-token-used");
    assert_eq!(ledger.database.number("SELECT count(*) FROM token").await, 1);
    // Another token for the same job is another.
    token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("two"))).await);
    // One that is long over is forgotten when the next comes.
    ledger.database.execute("UPDATE oidc_jti SET expires_at = 1 WHERE jti = 'one'").await.unwrap();
    token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("three"))).await);
    assert_eq!(ledger.database.texts("SELECT jti FROM oidc_jti ORDER BY jti").await, ["three", "two"]);
}

#[tokio::test]
async fn what_does_not_hold_is_not_believed() {
    let (issuer, ledger) = trusting().await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let changed = |field: &str, value: Value| {
        let mut claims = issuer.claims("one");
        claims[field] = value;
        KEYS[0].token(&claims)
    };
    let good = issuer.claims("one");
    let header = |alg: &str| json!({ "alg": alg, "kid": "first" });
    let whole = KEYS[0].token(&good);
    let (signed, signature) = whole.rsplit_once('.').unwrap();
    let other = KEYS[0].token(&issuer.claims("other"));
    // The claims of one token with the signature of another.
    let swapped = format!("{signed}.{}", other.rsplit_once('.').unwrap().1);
    for (token, says) in [
        (changed("iss", json!("https://token.actions.githubusercontent.com")), "its issuer is another"),
        (
            changed("aud", json!("https://other.example")),
            "its audience is not this ledger, but https://other.example",
        ),
        (changed("aud", json!([AUDIENCE, "https://other.example"])), "several"),
        (changed("exp", json!(now - 62)), "it has expired"),
        (changed("nbf", json!(now + 90)), "it is not valid yet"),
        (changed("jti", Value::Null), "cannot be read"),
        (changed("sha", json!(1)), "cannot be read"),
        (KEYS[0].sign(&header("HS256"), &good), "RS256"),
        (KEYS[0].sign(&header("none"), &good), "RS256"),
        (format!("{}.", KEYS[0].sign(&header("none"), &good).rsplit_once('.').unwrap().0), "RS256"),
        (KEYS[1].sign(&header("RS256"), &good), "its signature does not hold"),
        (swapped, "its signature does not hold"),
        (format!("{signed}."), "its signature does not hold"),
        (format!("{signed}.{signature}AA"), "its signature does not hold"),
        ("pb_1_2".to_owned(), "not a signed token"),
        (String::new(), "not a signed token"),
    ] {
        let problem = ledger.exchange(&token).await.problem(401, "workflow-token-refused");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail:?} does not say {says:?}");
        assert!(!detail.contains(signature));
    }
    assert_eq!(ledger.database.number("SELECT count(*) FROM oidc_jti").await, 0);
    // A minute's difference between two clocks is nobody's fault.
    token_of(&ledger.exchange(&changed("exp", json!(now - 30))).await);
    let mut early = issuer.claims("two");
    early["nbf"] = json!(now + 30);
    early["iat"] = json!(now + 30);
    token_of(&ledger.exchange(&KEYS[0].token(&early)).await);
}

#[tokio::test]
async fn who_is_not_trusted_gets_nothing_and_is_told_what_was_looked_for() {
    let (issuer, ledger) = trusting().await;
    for (field, value) in [
        ("repository_id", json!("1296270")),
        ("repository_id", json!("x")),
        ("repository_owner_id", json!("1")),
        ("job_workflow_ref", json!("octo/shop/.github/workflows/ci.yml@refs/heads/topic")),
        ("job_workflow_ref", json!("octo/shop/.github/workflows/ci.yml@refs/heads/main2")),
        ("job_workflow_ref", json!("mallory/shop/.github/workflows/ci.yml@refs/heads/main")),
    ] {
        let mut claims = issuer.claims("one");
        claims[field] = value.clone();
        let problem = ledger.exchange(&KEYS[0].token(&claims)).await.problem(403, "workflow-not-trusted");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("repository") && detail.contains("portbook admin github trust"), "{detail}");
    }
    // What was refused in vain is not used up.
    token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("one"))).await);
}

#[tokio::test]
async fn production_is_for_jobs_in_an_environment_and_trusts_add_up() {
    let issuer = Issuer::start();
    let ledger = Ledger::with_issuer(&issuer).await;
    ledger.trust("ci.yml@refs/heads/*", None, "evidence:write").await;
    ledger.trust("ci.yml@refs/heads/main", Some("production"), "deploy:write:prod read").await;
    // Nobody can make such rows by the command line; nothing is given for them all the same.
    ledger.trust("ci.yml@refs/tags/*", None, "deploy:write:prod admin").await;
    let scopes = async |jti: &str, environment: Option<&str>, reference: &str| {
        let mut claims = issuer.claims(jti);
        claims["job_workflow_ref"] = format!("octo/shop/.github/workflows/ci.yml@{reference}").into();
        if let Some(name) = environment {
            claims["environment"] = name.into();
        }
        ledger.exchange(&KEYS[0].token(&claims)).await
    };
    let answer = scopes("one", Some("production"), "refs/heads/main").await;
    assert_eq!(answer.json()["scopes"], json!(["evidence:write", "deploy:write:prod", "read"]));
    assert_eq!(scopes("two", None, "refs/heads/main").await.json()["scopes"], json!(["evidence:write"]));
    let elsewhere = scopes("three", Some("staging"), "refs/heads/topic").await;
    assert_eq!(elsewhere.json()["scopes"], json!(["evidence:write"]));
    scopes("four", Some("production"), "refs/tags/v1").await.problem(403, "workflow-not-trusted");
}

#[tokio::test]
async fn keys_are_kept_replaced_and_not_asked_for_by_everybody() {
    let (issuer, ledger) = trusting().await;
    token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("one"))).await);
    token_of(&ledger.exchange(&KEYS[0].token(&issuer.claims("two"))).await);
    assert_eq!(issuer.asked(), 1, "the keys are kept");
    // A new key so soon after the last look: not now, and later yes.
    issuer.has_keys(&[&KEYS[1]]);
    let answer = ledger.exchange(&KEYS[1].token(&issuer.claims("three"))).await;
    answer.problem(503, "issuer-keys-unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    // Whoever makes up names of keys makes no requests of ours.
    let made_up = json!({ "alg": "RS256", "kid": "made-up" });
    for _ in 0..20 {
        let answer = ledger.exchange(&KEYS[1].sign(&made_up, &issuer.claims("x"))).await;
        answer.problem(503, "issuer-keys-unavailable");
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_and_the_withdrawn_one_is_not() {
    let issuer = Issuer::start();
    let known = issuer.known();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let old = KEYS[0].token(&issuer.claims("one"));
    known.verify(&old, now).await.unwrap();
    issuer.has_keys(&[&KEYS[1]]);
    let new = KEYS[1].token(&issuer.claims("two"));
    assert!(known.verify(&new, now).await.is_err(), "it was asked a moment ago");
    known.forget_when_asked().await;
    known.verify(&new, now).await.unwrap();
    assert!(known.verify(&old, now).await.is_err(), "the first key was withdrawn");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn a_crowd_makes_one_request() {
    let (issuer, ledger) = trusting().await;
    let tokens: Vec<_> = (0..8).map(|number| KEYS[0].token(&issuer.claims(&number.to_string()))).collect();
    let mut crowd = tokio::task::JoinSet::new();
    let known = issuer.known();
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    for token in tokens {
        let known = known.clone();
        crowd.spawn(async move { known.verify(&token, now).await.is_ok() });
    }
    assert!(crowd.join_all().await.into_iter().all(|good| good));
    assert_eq!(issuer.asked(), 1);
    drop(ledger);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_not_now_and_bodies_that_are_none_are_told_so() {
    let (issuer, ledger) = trusting().await;
    issuer.goes_away(true);
    let token = KEYS[0].token(&issuer.claims("one"));
    let answer = ledger.exchange(&token).await;
    let problem = answer.problem(503, "issuer-keys-unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("it answers 500"), "{problem}");
    for (body, status, name) in [
        ("", 400, "malformed-json"),
        ("{\"token\": \"\u{0}", 400, "malformed-json"),
        ("{}", 422, "not-an-exchange"),
        ("[\"secret\"]", 422, "not-an-exchange"),
        ("{\"token\": 7}", 422, "not-an-exchange"),
        ("{\"token\": \"a\", \"secret\": 1}", 422, "not-an-exchange"),
    ] {
        let problem = ledger.exchange_raw(body).await.problem(status, name);
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
    ledger
        .exchange_raw(format!("{{\"token\": \"{}\"}}", "a".repeat(40_000)))
        .await
        .problem(413, "body-too-large");
    let request =
        Request::post("/v1/oidc/exchange").header("content-type", "text/plain").body(Body::from("{}"));
    ledger.send(request.unwrap()).await.problem(415, "not-json");
    let closed = Ledger::new().await;
    closed.exchange(&token).await.problem(501, "no-oidc-audience");
}
