//! Others that tell the ledger things, and try again until they are told that it has them.

use crate::support::client::{Client, Reply};
use crate::support::{commit, deployed, github};
use crate::world::{Addresses, World, hook_headers};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// As many as tell things at the same time.
const TELLERS: usize = 8;

/// The run of the sample payload, which each event replaces by its own.
const SAMPLE_RUN: &str = "8800000001";

/// The tellers, at work until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    tellers: Vec<JoinHandle<Told>>,
}

/// What was acknowledged.
#[derive(Default)]
pub struct Told {
    /// The names of deliveries.
    pub guids: Vec<String>,
    /// The SHA-256 of documents.
    pub documents: Vec<String>,
    /// Answers that nobody should get, whatever was killed.
    pub wrong: Vec<String>,
}

struct Teller {
    number: usize,
    addresses: Addresses,
    token: String,
    sample: String,
    stop: Arc<AtomicBool>,
    client: Option<Client>,
    told: Told,
}

impl Load {
    pub fn start(world: &World) -> Self {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let sample = github::workflow_run("completed", 1).to_string();
        assert!(sample.contains(SAMPLE_RUN));
        let tellers = (0..TELLERS)
            .map(|number| {
                let mut teller = Teller {
                    number,
                    addresses: Arc::clone(&world.addresses),
                    token: world.token.clone(),
                    sample: sample.clone(),
                    stop: Arc::clone(&stop),
                    client: None,
                    told: Told::default(),
                };
                let acknowledged = Arc::clone(&acknowledged);
                std::thread::spawn(move || {
                    let mut turn = 0;
                    while !teller.stop.load(Ordering::Relaxed) {
                        turn += 1;
                        if turn % 4 == 0 {
                            teller.documents(turn)
                        } else {
                            teller.event(turn)
                        }
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    teller.told
                })
            })
            .collect();
        Self { stop, acknowledged, tellers }
    }

    /// How many requests were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Ends it; answers what was acknowledged.
    pub fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for teller in self.tellers {
            let told = teller.join().unwrap();
            all.guids.extend(told.guids);
            all.documents.extend(told.documents);
            all.wrong.extend(told.wrong);
        }
        all
    }
}

impl Teller {
    /// Ten digits that are nobody else's.
    fn own(&self, turn: usize) -> usize {
        1_000_000_000 + self.number * 10_000_000 + turn
    }

    /// One event of GitHub; every eighth is sent again after it was acknowledged.
    fn event(&mut self, turn: usize) {
        let own = self.own(turn);
        let guid = format!("guid-{own}");
        let body = self.sample.replace(SAMPLE_RUN, &own.to_string()).into_bytes();
        let headers = hook_headers("workflow_run", &guid, &body);
        if self.until_acknowledged("/v1/hooks/github", &headers, &body, 202).is_none() {
            return;
        }
        if turn.is_multiple_of(8)
            && let Some(reply) = self.until_acknowledged("/v1/hooks/github", &headers, &body, 202)
            && reply.json()["status"] != "duplicate"
        {
            self.told.wrong.push(format!("{guid} was acknowledged and then new: {reply:?}"));
        }
        self.told.guids.push(guid);
    }

    /// One to three documents.
    fn documents(&mut self, turn: usize) {
        let number = u32::try_from(self.own(turn)).unwrap();
        let minute = u32::try_from(turn).unwrap() % 600;
        let mut documents: Vec<Value> = vec![deployed(minute, "web", "dev", number, "success")];
        documents.extend((0..turn as u32 % 3).map(|more| commit(minute, number + (more << 30), &[])));
        let body = json!({ "evidence": documents }).to_string();
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        let Some(reply) = self.until_acknowledged("/v1/evidence", &headers, body.as_bytes(), 200) else {
            return;
        };
        let report = reply.json();
        for result in report["results"].as_array().unwrap() {
            match (&result["status"], result["sha256"].as_str()) {
                (Value::String(status), Some(sha256)) if status == "recorded" || status == "duplicate" => {
                    self.told.documents.push(sha256.to_owned());
                }
                _ => self.told.wrong.push(result.to_string()),
            }
        }
    }

    /// Sends it until it is acknowledged, or all is to end.
    fn until_acknowledged(&mut self, path: &str, headers: &str, body: &[u8], good: u16) -> Option<Reply> {
        let mut tries = 0;
        while !self.stop.load(Ordering::Relaxed) {
            tries += 1;
            let mut client = self.client.take().unwrap_or_else(|| {
                let addresses = self.addresses.lock().unwrap();
                Client::new(addresses[(self.number + tries) % addresses.len()])
            });
            match client.send("POST", path, headers, body) {
                Ok(reply) if reply.status == good => {
                    self.client = Some(client);
                    return Some(reply);
                }
                Ok(reply) if reply.status == 503 && reply.header("retry-after").is_some() => {
                    self.client = Some(client);
                    // Sooner than the server asks for, because it is back sooner.
                    std::thread::sleep(Duration::from_millis(10));
                }
                Ok(reply) => {
                    self.told.wrong.push(format!("{path}: {reply:?}"));
                    std::thread::sleep(Duration::from_millis(10));
                }
                // The server was killed; another one is about to listen.
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        None
    }
}
