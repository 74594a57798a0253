//! Webhooks per second, each durable when it is acknowledged, beside a loop that does nothing but insert.

use crate::figure::Figure;
use crate::ground::{Ground, Program};
use crate::support::client::Client;
use crate::support::{WEBHOOK_SECRET, github, sign};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// As many deliver at the same time.
const CONNECTIONS: usize = 64;

const WARMING: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);
const BARE: Duration = Duration::from_secs(4);

const INSERT: &str = "INSERT INTO delivery (source, guid, event, action, repository_id, received_at, \
     next_attempt_at, body_sha256, body) VALUES ('github', $1, 'workflow_run', 'completed', 700100200, $2, $2, $3, $4)";

pub async fn figure(ground: &Ground) -> Figure {
    let body = github::workflow_run("completed", 1).to_string().into_bytes();
    eprintln!("{}: an event has {} bytes", ground.name(), body.len());
    let bare_url = ground.database("bare").await;
    // Before and after, because the machine is not the same all the time.
    let before = bare(&bare_url, &body, "before").await;
    let value = served(&ground.database("ingest").await, &body).await;
    let after = bare(&bare_url, &body, "after").await;
    let ratio = value / f64::midpoint(before, after);
    let (goal, enough) = match ground {
        Ground::Sqlite(_) => ("5000 events/s or 0.5 times", 5000.0),
        Ground::Postgres(_) => ("3000 events/s or 0.5 times", 3000.0),
    };
    Figure {
        name: format!("{}: durable webhook ingest", ground.name()),
        value,
        unit: "events/s",
        against: "a bare loop of inserts, each durable by itself",
        ratio,
        goal,
        reached: value >= enough || ratio >= 0.5,
    }
    .say()
}

async fn served(url: &str, body: &[u8]) -> f64 {
    let server = Program::server(url).await;
    let (signature, address) = (sign(WEBHOOK_SECRET, body), server.address);
    let (counting, stop, count) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (counting, stop, count, signature) = (&counting, &stop, &count, &signature);
            scope.spawn(move || {
                let mut client = Client::new(address);
                let mut turn = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    let headers = format!(
                        "X-GitHub-Event: workflow_run\r\nX-GitHub-Delivery: {number:08x}-{turn:027x}\r\n\
                         X-Hub-Signature-256: {signature}\r\nContent-Type: application/json\r\n"
                    );
                    let reply = client.send("POST", "/v1/hooks/github", &headers, body).unwrap();
                    assert_eq!(reply.status, 202, "{reply:?}");
                    if counting.load(Ordering::Relaxed) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        std::thread::sleep(WARMING);
        counting.store(true, Ordering::Relaxed);
        let started = Instant::now();
        std::thread::sleep(MEASURED);
        counting.store(false, Ordering::Relaxed);
        let seconds = started.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        count.load(Ordering::Relaxed) as f64 / seconds
    })
}

/// The same rows by one connection, with a commit each and the durability that the server uses.
async fn bare(url: &str, body: &[u8], run: &str) -> f64 {
    let hash = "0".repeat(64);
    let mut connection = Bare::connect(url).await;
    let (started, mut count) = (Instant::now(), 0_u32);
    while started.elapsed() < BARE {
        count += 1;
        connection.insert(&format!("{run}-{count:030x}"), &hash, body).await;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

enum Bare {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Bare {
    async fn connect(url: &str) -> Self {
        let Some(path) = url.strip_prefix("sqlite://") else {
            return Self::Postgres(PgConnection::connect(url).await.unwrap());
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        Self::Sqlite(options.connect().await.unwrap())
    }

    async fn insert(&mut self, guid: &str, hash: &str, body: &[u8]) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(INSERT)
                    .bind(guid)
                    .bind(1_i64)
                    .bind(hash)
                    .bind(body)
                    .execute(connection)
                    .await
                    .unwrap();
            }
            Self::Postgres(connection) => {
                sqlx::query(INSERT)
                    .bind(guid)
                    .bind(1_i64)
                    .bind(hash)
                    .bind(body)
                    .execute(connection)
                    .await
                    .unwrap();
            }
        }
    }
}
