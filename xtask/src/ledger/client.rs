//! The ledger as it is asked: who posts, how often, and what the answer means.

use super::address::Address;
use super::call::{Answer, FieldError, Stumble, ask};
use super::credential::Credential;
use crate::context::{Context, Stop};
use crate::error::Problem;
use crate::net;
use crate::patience::{Patience, random, rest};
use crate::secret::{Redactor, Secret};
use evidence::Evidence;
use serde::Deserialize;
use std::time::Duration;
use ureq::Agent;

/// The right that posting needs.
const SCOPE: &str = "evidence:write";

/// One ledger, posted to by one right.
pub struct Ledger {
    /// Where it is.
    pub address: Address,
    agent: Agent,
    /// Asks GitHub, where it is GitHub that vouches for this job.
    vouching: Option<Agent>,
    credential: Credential,
    /// What is shown at present.
    token: Option<Secret>,
    redactor: Redactor,
    patience: Patience,
    stop: Stop,
}

/// What the ledger says to a batch.
#[derive(Debug)]
pub enum Verdict {
    /// What became of each document, in order.
    Each(Vec<Status>),
    /// Something on the way takes no batch of this size.
    TooLarge,
}

/// What became of a document.
#[derive(Clone, Debug)]
pub enum Status {
    /// It is new, and durable.
    Recorded,
    /// It was there already.
    Duplicate,
    /// It is no evidence, for these reasons.
    Rejected(Vec<FieldError>),
    /// The ledger said nothing about it.
    Unsaid,
}

#[derive(Deserialize)]
struct Report {
    results: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    status: String,
    sha256: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

impl Ledger {
    /// The ledger at this address; nothing is asked yet.
    ///
    /// # Errors
    /// Exit 4 when there is no credential, exit 2 when there is one that cannot be used.
    pub fn open(ctx: &Context, address: Address, mut patience: Patience) -> Result<Self, Problem> {
        if let Some(pause) = ctx.env.get("PORTBOOK_LEDGER_PAUSE_MS").and_then(|text| text.parse().ok()) {
            patience.base = Duration::from_millis(pause);
        }
        let credential = Credential::of_env(&ctx.env)?;
        let mut redactor = Redactor::default();
        let (token, vouching) = match &credential {
            Credential::Token(token, _) => {
                redactor.learn(token);
                (Some(token.clone()), None)
            }
            Credential::Job { url, token } => {
                redactor.learn(token);
                (None, Some(net::agent(&ctx.env, url)))
            }
        };
        let agent = net::agent(&ctx.env, &address.base);
        Ok(Self { address, agent, vouching, credential, token, redactor, patience, stop: ctx.stop.clone() })
    }

    /// Posts a batch until the ledger has said what became of it.
    ///
    /// # Errors
    /// When it cannot be asked, or refuses the batch as a whole. Nothing is known then of what it recorded.
    pub fn post(&mut self, batch: &[&Evidence]) -> Result<Verdict, Problem> {
        let documents: Vec<String> = batch.iter().map(|document| document.canonical_json()).collect();
        let body = format!("{{\"evidence\":[{}]}}", documents.join(","));
        let mut attempt = 1;
        loop {
            if self.stop.requested() {
                return Err(stopped());
            }
            let (why, asked) = match self.once(batch, body.as_bytes()) {
                Ok(verdict) => return Ok(verdict),
                Err(Stumble::Final(problem)) => return Err(problem),
                Err(Stumble::Cut(why, asked)) => (why, asked),
            };
            let base = &self.address.base;
            if attempt >= self.patience.attempts {
                let times = if attempt == 1 { "once".to_owned() } else { format!("{attempt} times") };
                return Err(Problem::missing(format!(
                    "{base} cannot be used at present, asked {times}: {why}"
                )));
            }
            let pause = self.patience.pause(attempt, asked, random());
            if pause >= Duration::from_secs(2) {
                eprintln!("  {base} is asked again in {:.0} s", pause.as_secs_f64());
            }
            if !rest(&self.stop, pause) {
                return Err(stopped());
            }
            attempt += 1;
        }
    }

    fn once(&mut self, batch: &[&Evidence], body: &[u8]) -> Result<Verdict, Stumble> {
        let token = match &self.token {
            Some(token) => token.clone(),
            None => self.exchange()?,
        };
        let url = format!("{}/v1/evidence", self.address.base);
        let answer = ask(&self.agent, &url, Some(body), Some(&token), &self.redactor)?;
        match answer.status {
            200 => read(batch, &answer, &self.redactor).map(Verdict::Each),
            413 => Ok(Verdict::TooLarge),
            401 if self.vouching.is_some() => {
                // Its ten minutes are over: the next try gets another.
                self.token = None;
                Err(Stumble::Cut(answer.said(&self.redactor), None))
            }
            401 | 403 => Err(Stumble::Final(self.denied(batch, &answer))),
            _ => Err(Stumble::Final(answer.refusal(&self.address.base, &self.redactor))),
        }
    }

    fn denied(&self, batch: &[&Evidence], answer: &Answer) -> Problem {
        let (base, source) = (&self.address.base, self.credential.source());
        let said = answer.said(&self.redactor);
        let project = batch.first().map(|document| document.project.to_string()).unwrap_or_default();
        let message = match answer.status {
            401 => format!("{base} does not accept the token from {source} ({said})"),
            _ => format!(
                "{base} denied it: the token from {source} has not the scope {SCOPE} for {project} ({said})"
            ),
        };
        Problem::missing(message).next(format!(
            "portbook admin token create --project {project} --scope {SCOPE}, and set PORTBOOK_TOKEN"
        ))
    }

    /// GitHub's word for this job, exchanged for a token of the ledger's. Each word is good for one exchange.
    fn exchange(&mut self) -> Result<Secret, Stumble> {
        #[derive(Deserialize)]
        struct Vouched {
            value: String,
        }
        #[derive(Deserialize)]
        struct Exchanged {
            token: String,
        }
        let (Some(agent), Credential::Job { url, token }) = (&self.vouching, &self.credential) else {
            return Err(Stumble::Final(Problem::missing("there is no credential for the ledger")));
        };
        let mark = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{mark}audience={}", encoded(&self.address.origin));
        let answer = ask(agent, &url, None, Some(token), &self.redactor)?;
        if answer.status != 200 {
            let problem = format!("GitHub does not vouch for this job ({})", answer.said(&self.redactor));
            let next = "give the job `permissions: id-token: write`";
            return Err(Stumble::Final(Problem::missing(problem).next(next)));
        }
        let vouched = Secret::new(answer.json::<Vouched>()?.value);
        self.redactor.learn(&vouched);
        let url = format!("{}/v1/oidc/exchange", self.address.base);
        let body = serde_json::json!({ "token": vouched.reveal() }).to_string();
        let answer = ask(&self.agent, &url, Some(body.as_bytes()), None, &self.redactor)?;
        if answer.status != 200 {
            let said = answer.said(&self.redactor);
            let problem = format!("{} gives this job no token for GitHub's word ({said})", self.address.base);
            let next = "docs/evidence.md says what the ledger has to be told of this repository and workflow";
            return Err(Stumble::Final(Problem::missing(problem).next(next)));
        }
        let token = Secret::new(answer.json::<Exchanged>()?.token);
        self.redactor.learn(&token);
        self.token = Some(token.clone());
        Ok(token)
    }
}

/// What became of each document. What the ledger says of another document than ours is not believed.
fn read(batch: &[&Evidence], answer: &Answer, redactor: &Redactor) -> Result<Vec<Status>, Stumble> {
    let report: Report = answer.json()?;
    let mut all = vec![Status::Unsaid; batch.len()];
    for item in report.results {
        let Some(document) = batch.get(item.index) else { continue };
        let ours = item.sha256.is_some_and(|sha256| sha256 == document.sha256());
        all[item.index] = match item.status.as_str() {
            "recorded" if ours => Status::Recorded,
            "duplicate" if ours => Status::Duplicate,
            "rejected" => {
                let prefix = format!("/evidence/{}", item.index);
                let own = |error: FieldError| {
                    let pointer = error.pointer.strip_prefix(&prefix).unwrap_or(&error.pointer);
                    FieldError { pointer: redactor.clean(pointer), detail: redactor.clean(&error.detail) }
                };
                Status::Rejected(item.errors.into_iter().map(own).collect())
            }
            _ => Status::Unsaid,
        };
    }
    Ok(all)
}

/// Text as a value in a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
        out
    })
}

fn stopped() -> Problem {
    Problem::new(crate::error::Exit::Interrupted, "interrupted: what was not sent stays in the spool")
}
