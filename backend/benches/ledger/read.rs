//! How long readers wait, on a ledger that has seen a lot.

use crate::figure::{Figure, p99};
use crate::ground::{Ground, Program, store};
use crate::support::client::{Client, Reply};
use evidence::Digest;
use portbook::service::token;
use serde_json::json;
use std::time::{Duration, Instant};

const REQUESTS: usize = 4000;

/// How often something is deployed and the board looked at.
const CHANGES: usize = 400;

pub async fn figures(ground: &Ground, digests: &[Digest]) -> Vec<Figure> {
    let url = ground.url("seeded");
    let server = Program::server(&url).await;
    let token = {
        let store = store(&url);
        let scopes = ["evidence:write".parse().unwrap()];
        let lifetime = Duration::from_secs(3600);
        let made = token::create(&store, "shop".parse().unwrap(), &scopes, lifetime).await.unwrap();
        store.close().await;
        made.token.reveal()
    };
    let mut client = Client::new(server.address);
    let mut least = timed(REQUESTS, |_| expect(client.send("GET", "/healthz", "", b"").unwrap(), 200));
    let least = p99(&mut least);

    let board = client.send("GET", "/v1/board", "", b"").unwrap();
    let etag = board.header("etag").unwrap().to_owned();
    eprintln!("{}: the board has {} bytes", ground.name(), board.body.len());
    let conditional = format!("If-None-Match: {etag}\r\n");
    let mut unchanged =
        timed(REQUESTS, |_| expect(client.send("GET", "/v1/board", &conditional, b"").unwrap(), 304));
    let mut decisions = timed(REQUESTS, |turn| {
        let digest = &digests[turn * 7919 % digests.len()];
        let path = format!("/v1/decisions?digest={digest}&env=prod");
        expect(client.send("GET", &path, "", b"").unwrap(), 200)
    });
    let worker = Program::worker(&url);
    let mut changed = changes(&server, &token);
    drop(worker);

    let figure = |what: &str, times: &mut [Duration], goal, most| {
        let value = p99(times);
        Figure {
            name: format!("{}: {what}, p99", ground.name()),
            value,
            unit: "ms",
            against: "an answer that asks no database, p99",
            ratio: value / least,
            goal,
            reached: value < most,
        }
        .say()
    };
    vec![
        figure("board that has just changed", &mut changed, "under 10 ms", 10.0),
        figure("board that the caller has (304)", &mut unchanged, "under 1 ms", 1.0),
        figure("decision", &mut decisions, "under 20 ms", 20.0),
    ]
}

fn timed(requests: usize, mut request: impl FnMut(usize)) -> Vec<Duration> {
    (0..requests)
        .map(|turn| {
            let started = Instant::now();
            request(turn);
            started.elapsed()
        })
        .collect()
}

fn expect(reply: Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
}

/// What whoever asks first waits for, each time that something was deployed.
fn changes(server: &Program, token: &str) -> Vec<Duration> {
    let mut client = Client::new(server.address);
    let authorization = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let mut etag = String::new();
    let mut times = Vec::new();
    for number in 0..=CHANGES {
        let document = json!({"evidence": [{
            "schema": "portbook.evidence/v1", "project": "shop",
            "occurred_at": format!("2026-11-20T01:{:02}:{:02}Z", number / 60, number % 60),
            "claim": {"kind": "deployed", "service": format!("service-{}", number % 20), "environment": "dev",
                      "commit": format!("{number:040x}"), "version": format!("2.{number}.0"),
                      "outcome": "success", "actor": "ci"}
        }]});
        let body = document.to_string();
        if number > 0 {
            expect(client.send("POST", "/v1/evidence", &authorization, body.as_bytes()).unwrap(), 200);
        }
        loop {
            let conditional = format!("If-None-Match: {etag}\r\n");
            let started = Instant::now();
            let reply = client.send("GET", "/v1/board", &conditional, b"").unwrap();
            let time = started.elapsed();
            if reply.status == 200 {
                etag = reply.header("etag").unwrap().to_owned();
                times.push(time);
                break;
            }
            expect(reply, 304);
        }
    }
    // The first had nothing to wait for.
    times.split_off(1)
}
