//! A small ledger on loopback that goes wrong where a test says so. One request to a connection.

use evidence::Evidence;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    pub method: String,
    pub target: String,
    pub authorization: String,
    pub body: String,
}

/// What is done with a request.
pub enum Act {
    /// What a ledger does.
    Record,
    /// It records, and rejects the documents that this is said of.
    Reject(fn(&Evidence) -> bool),
    /// A status line with headers, and a body; nothing is recorded.
    Answer(&'static str, String),
    /// The connection is reset, and nothing is recorded.
    Reset,
    /// Nothing comes, for as long as the other side waits.
    Silence,
    /// It records, something is done, and its answer is lost.
    Lost(Box<dyn FnOnce() + Send>),
    /// It records, and its answer ends in the middle.
    Cut,
}

type Rule = Box<dyn FnMut(usize, &Seen) -> Act + Send>;

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    rule: Option<Rule>,
    /// How often each document was new.
    recorded: BTreeMap<String, usize>,
}

pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                // A peer that goes away in the middle is what these tests are about.
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets what was asked, not what was recorded, and does this from now on; requests are counted from 0.
    pub fn rule(&self, rule: impl FnMut(usize, &Seen) -> Act + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        state.seen.clear();
        state.rule = Some(Box::new(rule));
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// The identities of what is recorded; none was ever recorded twice.
    pub fn recorded(&self) -> Vec<String> {
        self.state.lock().unwrap().recorded.keys().cloned().collect()
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    let seen = read(&mut client)?;
    let act = {
        let mut state = state.lock().unwrap();
        let number = state.seen.len();
        state.seen.push(seen.clone());
        state.rule.as_mut().map_or(Act::Record, |rule| rule(number, &seen))
    };
    let (head, body) = match act {
        Act::Answer(head, body) => (head, body),
        Act::Reset => return reset(client),
        Act::Silence => return client.read(&mut [0]).map(drop),
        Act::Record => ("200 OK", record(state, &seen, |_| false)),
        Act::Reject(bad) => ("200 OK", record(state, &seen, bad)),
        Act::Lost(then) => {
            record(state, &seen, |_| false);
            then();
            return reset(client);
        }
        Act::Cut => {
            let body = record(state, &seen, |_| false);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            client.write_all(head.as_bytes())?;
            client.write_all(&body.as_bytes()[..body.len() / 2])?;
            return client.shutdown(Shutdown::Write);
        }
    };
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    client.write_all(head.as_bytes())?;
    client.write_all(body.as_bytes())?;
    client.shutdown(Shutdown::Write)
}

/// Closing without lingering sends a reset and not an end.
fn reset(client: TcpStream) -> std::io::Result<()> {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))
}

/// Records a batch, and answers as the ledger does.
fn record(state: &Mutex<State>, seen: &Seen, bad: fn(&Evidence) -> bool) -> String {
    let batch: Value = serde_json::from_str(&seen.body).unwrap();
    let mut state = state.lock().unwrap();
    let results: Vec<Value> = batch["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, document)| {
            let document: Evidence = serde_json::from_value(document.clone()).unwrap();
            let sha256 = document.sha256();
            if bad(&document) {
                let pointer = format!("/evidence/{index}/claim/engine");
                return json!({ "index": index, "status": "rejected", "sha256": null,
                    "errors": [{ "pointer": pointer, "detail": "expected another engine" }] });
            }
            let new = !state.recorded.contains_key(&sha256);
            *state.recorded.entry(sha256.clone()).or_default() += usize::from(new);
            let status = if new { "recorded" } else { "duplicate" };
            json!({ "index": index, "status": status, "sha256": sha256, "errors": [] })
        })
        .collect();
    json!({ "results": results }).to_string()
}

fn read(client: &mut TcpStream) -> std::io::Result<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end);
    let find = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length = find("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while body.len() < length {
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => body.extend(&buffer[..n]),
        }
    }
    let mut words = head.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let authorization = find("authorization").unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Seen { at: Instant::now(), method, target, authorization, body })
}
