//! Servers and workers on one database.

use crate::ground::Ground;
use crate::support::client::{Client, Reply};
use crate::support::github::REPOSITORY_ID;
use crate::support::{Process, WEBHOOK_SECRET, eventually, run, sign};
use portbook::config::{DatabaseConfig, Reader};
use portbook::service::log;
use portbook::service::project::verify_projections;
use portbook::store::Store;
use serde_json::json;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;

/// Where each server listens now.
pub type Addresses = Arc<Mutex<Vec<SocketAddr>>>;

/// Servers and workers on one database; all are killed when this is dropped.
pub struct World {
    servers: Vec<Process>,
    workers: Vec<Process>,
    pub addresses: Addresses,
    pub token: String,
    secret: NamedTempFile,
    // Dropped last: it takes the database away.
    pub ground: Ground,
}

impl World {
    /// Migrates the database, and starts as many servers and workers on it.
    pub async fn new(ground: Ground, servers: usize, workers: usize) -> Self {
        let secret = NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), WEBHOOK_SECRET).unwrap();
        let url = ground.url();
        let environment = [("DATABASE_URL", url.as_str())];
        let migrated = run(&["migrate"], &environment);
        assert!(migrated.status.success(), "{migrated:?}");
        let create = ["admin", "token", "create", "--project", "shop", "--scope", "evidence:write"];
        let created = run(&create, &environment);
        assert!(created.status.success(), "{created:?}");
        let token = String::from_utf8(created.stdout).unwrap().trim().to_owned();
        ground
            .execute(&format!(
                "INSERT INTO github_repository (repository_id, owner_id, project, full_name, added_at) \
                 VALUES ({REPOSITORY_ID}, 1, 'shop', 'harbour/quay', 0)"
            ))
            .await;
        let mut world = Self {
            servers: Vec::new(),
            workers: Vec::new(),
            addresses: Addresses::default(),
            token,
            secret,
            ground,
        };
        world.start(servers, workers).await;
        world
    }

    async fn process(&self, entry: &str, message: &str) -> Process {
        let (url, secret) = (self.ground.url(), self.secret.path().to_str().unwrap());
        let environment = [
            ("DATABASE_URL", url.as_str()),
            ("PORTBOOK_LISTEN", "127.0.0.1:0"),
            ("PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE", secret),
            ("PORTBOOK_WORKER_INTERVAL_MS", "10"),
            // Thousands of answered requests say nothing here.
            ("PORTBOOK_LOG", "info,portbook::http=warn"),
        ];
        Process::start(&[entry], &environment, message).await
    }

    async fn server(&self) -> Process {
        self.process("server", "listening").await
    }

    async fn worker(&self) -> Process {
        self.process("worker", "working").await
    }

    /// `kill -9` of a server; another one takes its place.
    pub async fn kill_server(&mut self, number: usize) {
        let number = number % self.servers.len();
        self.servers[number].kill().await;
        let server = self.server().await;
        let address = server.address().await;
        self.addresses.lock().unwrap()[number] = address;
        self.servers[number] = server;
    }

    /// `kill -9` of a worker; another one takes its place.
    pub async fn kill_worker(&mut self, number: usize) {
        let number = number % self.workers.len();
        self.workers[number].kill().await;
        self.workers[number] = self.worker().await;
    }

    /// Ends all processes in good order.
    pub async fn stop(&mut self) {
        for process in self.servers.drain(..).chain(self.workers.drain(..)) {
            process.signal("TERM");
            assert_eq!(process.exit().await.code(), Some(0));
        }
        self.addresses.lock().unwrap().clear();
    }

    /// Starts as many more.
    pub async fn start(&mut self, servers: usize, workers: usize) {
        for _ in 0..servers {
            let server = self.server().await;
            let address = server.address().await;
            self.addresses.lock().unwrap().push(address);
            self.servers.push(server);
        }
        for _ in 0..workers {
            let worker = self.worker().await;
            self.workers.push(worker);
        }
    }

    /// Waits until the first worker says that.
    pub async fn worker_logged(&self, message: &str) {
        self.workers[0].logged(message).await;
    }

    /// A connection to the first server.
    pub fn client(&self) -> Client {
        Client::new(self.addresses.lock().unwrap()[0])
    }

    /// One signed event that is not among the known ones.
    pub fn hook(&self, guid: &str, size: usize) -> std::io::Result<Reply> {
        // Of letters that no database can make smaller.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let letters = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'0' + (state >> 32) as u8 % 40).to_ascii_lowercase()
        });
        let filling: String = letters.filter(char::is_ascii_alphanumeric).take(size).collect();
        let body = json!({ "filling": filling }).to_string().into_bytes();
        let headers = hook_headers("watch", guid, &body);
        self.client().send("POST", "/v1/hooks/github", &headers, &body)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.client().send("GET", path, "", b"").unwrap()
    }

    /// Waits until nothing is left to do.
    async fn settled(&self) {
        eventually("every event was made evidence of", || async {
            self.ground.number("SELECT COUNT(*) FROM delivery WHERE state = 'pending'").await == 0
        })
        .await;
        eventually("everything is projected", || async {
            let left =
                "SELECT COUNT(*) FROM evidence WHERE seq > (SELECT cursor FROM projection WHERE id = 1)";
            self.ground.number(left).await == 0
        })
        .await;
    }

    /// Asserts that each of these is there exactly once, that the chain holds, and that the projections are what the
    /// log makes of it.
    pub async fn verify(&self, guids: &[String], documents: &[String]) {
        self.settled().await;
        let kept = self.ground.texts("SELECT guid FROM delivery").await;
        assert_each_once("delivery", kept, guids);
        let kept = self.ground.texts("SELECT sha256 FROM evidence").await;
        assert_each_once("evidence", kept, documents);
        let number = async |sql: &str| self.ground.number(sql).await;
        assert_eq!(number("SELECT COUNT(*) FROM delivery WHERE state = 'failed'").await, 0);
        // Each event is about a run of its own.
        let events = number("SELECT COUNT(*) FROM delivery WHERE event = 'workflow_run'").await;
        assert_eq!(number("SELECT COUNT(*) FROM evidence WHERE kind = 'ci_run'").await, events);
        assert_eq!(number("SELECT COUNT(*) FROM ci_run").await, events);
        let store = Store::new(&config(&self.ground.url()));
        assert_eq!(log::verify(&store).await.unwrap().broken, [], "the chain holds");
        let differing = verify_projections(&store).await.unwrap();
        assert!(differing.is_empty(), "a rebuild makes other rows of {differing:?}");
        store.close().await;
    }
}

/// What the processes had to say last, if the test failed.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for process in self.servers.iter().chain(&self.workers) {
                let log = process.log();
                eprintln!("{:#?}", &log[log.len().saturating_sub(12)..]);
            }
        }
    }
}

/// Asserts that nothing is there twice, and that all that was acknowledged is there.
fn assert_each_once(what: &str, mut kept: Vec<String>, acknowledged: &[String]) {
    // Databases sort texts by rules of their own.
    kept.sort_unstable();
    for pair in kept.windows(2) {
        assert_ne!(pair[0], pair[1], "{what} is there twice");
    }
    let lost: Vec<_> = acknowledged.iter().filter(|one| kept.binary_search(one).is_err()).collect();
    assert!(
        lost.is_empty(),
        "{what}: {} of {} acknowledged are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
}

/// The lines that go with an event.
pub fn hook_headers(event: &str, guid: &str, body: &[u8]) -> String {
    let signature = sign(WEBHOOK_SECRET, body);
    format!(
        "X-GitHub-Event: {event}\r\nX-GitHub-Delivery: {guid}\r\nX-Hub-Signature-256: {signature}\r\n\
         Content-Type: application/json\r\n"
    )
}

/// Asserts that the ledger says to come back later, and when.
pub fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{reply:?}");
    assert_eq!(reply.json()["type"], "urn:portbook:problem:unavailable");
}

/// How the program is told of a database.
pub fn config(url: &str) -> DatabaseConfig {
    let environment = |name: &str| (name == "DATABASE_URL").then(|| OsString::from(url));
    DatabaseConfig::read(&Reader::new(&environment))
}
