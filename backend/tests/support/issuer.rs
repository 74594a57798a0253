//! Who signs the tokens of workflows: a small issuer on loopback, with keys that are made for the run.

use super::Ledger;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portbook::github::oidc::Issuer as Known;
use portbook::net::Client;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use time::OffsetDateTime;

/// For whom the tokens are meant.
pub const AUDIENCE: &str = "https://ledger.example.org";

/// A key pair and the name that it has in the key set.
pub struct SigningKey {
    pub id: &'static str,
    pair: RsaKeyPair,
}

/// Two keys: making one takes openssl a part of a second.
pub static KEYS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [SigningKey::make("first"), SigningKey::make("second")]);

impl SigningKey {
    fn make(id: &'static str) -> Self {
        let output = Command::new("openssl")
            .args(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            .output()
            .expect("openssl makes the keys of these tests; install it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        Self { id, pair: RsaKeyPair::from_pkcs8(&STANDARD.decode(lines).unwrap()).unwrap() }
    }

    fn jwk(&self) -> Value {
        let public: PublicKeyComponents<Vec<u8>> = self.pair.public().into();
        let number = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let (modulus, exponent) = (number(&public.n), number(&public.e));
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": modulus, "e": exponent })
    }

    /// A token with this header and these claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token as GitHub makes it.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": self.id }), claims)
    }
}

/// What the issuer answers.
#[derive(Default)]
struct Answers {
    keys: Vec<Value>,
    away: bool,
    asked: usize,
}

pub struct Issuer {
    pub address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
}

impl Issuer {
    /// One that has the first key.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answers = Arc::new(Mutex::new(Answers { keys: vec![KEYS[0].jwk()], ..Answers::default() }));
        let shared = Arc::clone(&answers);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let line = lines.next().unwrap_or_default();
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let answer = answer(&mut shared.lock().unwrap(), address, &line);
                // Whoever asked may be gone.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, answers }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn has_keys(&self, keys: &[&SigningKey]) {
        self.answers.lock().unwrap().keys = keys.iter().map(|key| key.jwk()).collect();
    }

    pub fn goes_away(&self, away: bool) {
        self.answers.lock().unwrap().away = away;
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.answers.lock().unwrap().asked
    }

    /// What the ledger knows of it.
    pub fn known(&self) -> Arc<Known> {
        Arc::new(Known::new(&self.url(), AUDIENCE, Client::new(None).unwrap()))
    }

    /// What GitHub claims of a job on the main branch, under a name of its own.
    pub fn claims(&self, jti: &str) -> Value {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        json!({
            "iss": self.url(), "aud": AUDIENCE, "jti": jti, "sub": "repo:octo/shop:ref:refs/heads/main",
            "exp": now + 300, "nbf": now - 5, "iat": now, "repository_id": "1296269",
            "repository_owner_id": "583231", "repository": "octo/shop", "repository_owner": "octo",
            "job_workflow_ref": "octo/shop/.github/workflows/ci.yml@refs/heads/main",
            "workflow_ref": "octo/shop/.github/workflows/ci.yml@refs/heads/main", "ref": "refs/heads/main",
            "sha": super::sha(1), "run_id": "4711", "run_attempt": "2", "actor": "ada", "event_name": "push",
        })
    }
}

fn answer(answers: &mut Answers, address: SocketAddr, line: &str) -> String {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        _ if answers.away => ("500 Away", String::new()),
        "/.well-known/openid-configuration" => {
            let issuer = format!("http://{address}");
            let keys = format!("{issuer}/.well-known/jwks");
            ("200 OK", json!({ "issuer": issuer, "jwks_uri": keys }).to_string())
        }
        "/.well-known/jwks" => {
            answers.asked += 1;
            ("200 OK", json!({ "keys": answers.keys }).to_string())
        }
        _ => ("404 Not Found", String::new()),
    };
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

impl Ledger {
    /// Trusts a workflow of the repository that [`Issuer::claims`] speaks of.
    pub async fn trust(&self, workflow: &str, environment: Option<&str>, scopes: &str) {
        let mut session = self.store.write(portbook::store::Lock::None).await.unwrap();
        let row = portbook::store::OidcTrustRow {
            id: format!("trust-{workflow}-{environment:?}-{scopes}"),
            project: "shop".parse().unwrap(),
            repository_id: 1_296_269,
            owner_id: 583_231,
            workflow_ref: format!("octo/shop/.github/workflows/{workflow}"),
            environment: environment.map(str::to_owned),
            scopes: scopes.to_owned(),
            created_at: 0,
        };
        session.insert_oidc_trust(&row).await.unwrap();
        session.commit().await.unwrap();
    }
}
