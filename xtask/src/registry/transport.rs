//! Every request to a registry goes through here: it is authenticated, counted, and repeated where that helps.

use super::auth::{self, Token};
use super::call::{Answer, Call, Payload, Stumble};
use super::credentials::{Credentials, Kind};
use super::fault;
use crate::context::{Env, Stop};
use crate::error::{Exit, Problem};
use crate::net;
use crate::patience::{Patience, passes, random, rest, retry_after};
use crate::secret::{Redactor, Secret};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom};
use std::time::Duration;
use time::OffsetDateTime;
use ureq::{Agent, SendBody, http};

/// The largest body that is read into memory: manifests have at most 4 MiB, configurations are smaller still.
const LARGEST_ANSWER: u64 = 16 << 20;

/// The way to one registry, as one user, for one purpose.
pub struct Transport {
    /// The registry as people write it.
    pub host: String,
    /// Scheme and authority.
    pub base: String,
    pub(super) env: Env,
    stop: Stop,
    pub(super) agent: Agent,
    pub(super) credentials: Credentials,
    pub(super) scopes: Vec<String>,
    patience: Patience,
    pub(super) basic: Cell<bool>,
    pub(super) token: RefCell<Option<Token>>,
    pub(super) redactor: RefCell<Redactor>,
    requests: RefCell<Vec<String>>,
    sent: Cell<u64>,
    progress: Box<dyn Fn(u64)>,
}

impl Transport {
    /// A way to the registry at `base`; nothing is asked yet.
    pub fn new(host: &str, base: &str, env: &Env, stop: &Stop, credentials: Credentials) -> Self {
        let mut patience = Patience::default();
        if let Some(milliseconds) = env.get("PORTBOOK_REGISTRY_PAUSE_MS").and_then(|text| text.parse().ok()) {
            patience.base = Duration::from_millis(milliseconds);
        }
        let mut redactor = Redactor::default();
        match &credentials.kind {
            Kind::Anonymous => {}
            Kind::Password(user, password) => {
                redactor.learn(password);
                let header = auth::basic(user, password);
                redactor.learn(&Secret::new(header.reveal().trim_start_matches("Basic ")));
            }
            Kind::Identity(secret) | Kind::Bearer(secret) => redactor.learn(secret),
        }
        Self {
            host: host.to_owned(),
            base: base.to_owned(),
            env: env.clone(),
            stop: stop.clone(),
            agent: net::agent(env, base),
            credentials,
            scopes: Vec::new(),
            patience,
            basic: Cell::new(false),
            token: RefCell::default(),
            redactor: RefCell::new(redactor),
            requests: RefCell::default(),
            sent: Cell::new(0),
            progress: Box::new(|_| {}),
        }
    }

    /// Asks token services for this scope too, such as `repository:a/b:pull,push`.
    pub fn want(&mut self, scope: String) {
        self.scopes.push(scope);
    }

    /// Calls `progress` with the bytes of each piece of a file that is sent.
    pub fn on_progress(&mut self, progress: impl Fn(u64) + 'static) {
        self.progress = Box::new(progress);
    }

    /// The requests that were sent so far, each a line with its answer.
    pub fn requests(&self) -> Vec<String> {
        self.requests.borrow().clone()
    }

    /// The bytes of blobs that were sent so far, those that had to be sent again included.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Text of the registry's, fit to be shown.
    pub fn clean(&self, text: &str) -> String {
        self.redactor.borrow().clean(text)
    }

    /// An answer for a message.
    pub fn said(&self, answer: &Answer) -> String {
        self.clean(&fault::said(answer).1)
    }

    /// How patiently requests are repeated.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Sends a request until it is answered with something other than "not now". Only for requests that may be repeated.
    ///
    /// # Errors
    /// When nobody answers, or the registry does not let us.
    pub fn send(&self, call: &Call) -> Result<Answer, Problem> {
        let mut attempt = 1;
        loop {
            let last = attempt >= self.patience.attempts;
            match self.once(call) {
                Ok(answer) if passes(answer.status) && last => {
                    return Err(fault::unavailable(&self.host, &call.line(), &self.said(&answer), attempt));
                }
                Ok(answer) if passes(answer.status) => self.wait(attempt, Some(&answer))?,
                Ok(answer) => return Ok(answer),
                Err(Stumble::Final(problem)) => return Err(problem),
                Err(Stumble::Cut(why)) if last => return Err(fault::unreachable(&self.host, &why, attempt)),
                Err(Stumble::Cut(_)) => self.wait(attempt, None)?,
            }
            attempt += 1;
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// When the user asks to stop.
    pub fn wait(&self, attempt: u32, answer: Option<&Answer>) -> Result<(), Problem> {
        let asked =
            answer.and_then(|answer| retry_after(answer.header("retry-after"), OffsetDateTime::now_utc()));
        let pause = self.patience.pause(attempt, asked, random());
        if pause >= Duration::from_secs(2) {
            eprintln!("  {} is asked again in {:.0} s", self.host, pause.as_secs_f64());
        }
        if rest(&self.stop, pause) { Ok(()) } else { Err(stopped()) }
    }

    /// Sends a request once; a registry that asks for authentication gets it.
    pub fn once(&self, call: &Call) -> Result<Answer, Stumble> {
        if self.stop.requested() {
            return Err(Stumble::Final(stopped()));
        }
        let ours = call.url == self.base || call.url.starts_with(&format!("{}/", self.base));
        if !ours {
            // Where a registry sends uploads to another service, that is none of our credentials' business.
            let agent = net::agent(&self.env, &call.url);
            return self.exchange(&agent, call, None);
        }
        let shown = self.authorization();
        let answer = self.exchange(&self.agent, call, shown.as_ref())?;
        match answer.status {
            401 => self.answer_challenge(call, &answer, shown.is_some()),
            403 => Err(Stumble::Final(self.denied(call, &answer))),
            _ => Ok(answer),
        }
    }

    /// Sends a request as it stands, and notes it.
    pub(super) fn exchange(
        &self,
        agent: &Agent,
        call: &Call,
        authorization: Option<&Secret>,
    ) -> Result<Answer, Stumble> {
        let outcome = self.perform(agent, call, authorization);
        let shown = match &outcome {
            Ok(answer) => answer.status.to_string(),
            Err(Stumble::Cut(why)) => why.clone(),
            Err(Stumble::Final(_)) => "not sent".to_owned(),
        };
        self.requests.borrow_mut().push(format!("{} → {shown}", call.line()));
        outcome
    }

    fn perform(&self, agent: &Agent, call: &Call, authorization: Option<&Secret>) -> Result<Answer, Stumble> {
        let local = |error: String| Stumble::Final(Problem::new(Exit::Failed, error));
        let mut request = http::Request::builder().method(call.method).uri(&call.url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(secret) = authorization {
            request = request.header("authorization", secret.reveal());
        }
        // The URL may be a registry's own and hold state: it is not quoted.
        let bad = |_| local(format!("{}: not a request that can be sent", call.line()));
        let response = match &call.body {
            Payload::Empty if matches!(call.method, "GET" | "HEAD" | "DELETE") => {
                agent.run(request.body(()).map_err(bad)?)
            }
            Payload::Empty => agent.run(request.body(Vec::new()).map_err(bad)?),
            Payload::Bytes(bytes) => agent.run(request.body(bytes).map_err(bad)?),
            Payload::File(path, from, length) => {
                let open = || {
                    let mut file = File::open(path)?;
                    file.seek(SeekFrom::Start(*from))?;
                    std::io::Result::Ok(file.take(*length))
                };
                let file =
                    open().map_err(|error| local(format!("cannot read {}: {error}", path.display())))?;
                let mut body = Counted { file, transport: self };
                request = request.header("content-length", *length);
                agent.run(request.body(SendBody::from_reader(&mut body)).map_err(bad)?)
            }
        };
        let response = response.map_err(|error| self.stumble(call, &error))?;
        let (head, body) = response.into_parts();
        let body = body.into_with_config().limit(LARGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| self.stumble(call, &error))?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn stumble(&self, call: &Call, error: &ureq::Error) -> Stumble {
        let text = self.clean(&error.to_string());
        match error {
            ureq::Error::BodyExceedsLimit(_) => Stumble::Final(Problem::new(
                Exit::Failed,
                format!("{}: {} answers with more than {LARGEST_ANSWER} bytes", call.line(), self.host),
            )),
            ureq::Error::RequireHttpsOnly(_)
            | ureq::Error::BadUri(_)
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_) => Stumble::Final(fault::unreachable(&self.host, &text, 1)),
            _ => Stumble::Cut(text),
        }
    }
}

fn stopped() -> Problem {
    Problem::new(
        Exit::Interrupted,
        "interrupted: what was uploaded stays, and running it again goes on from there",
    )
}

/// A file that counts what is read of it, and ends when the user asks to stop.
struct Counted<'a, R> {
    file: R,
    transport: &'a Transport,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.transport.stop.requested() {
            return Err(std::io::Error::other("interrupted"));
        }
        let read = self.file.read(buffer)?;
        self.transport.sent.set(self.transport.sent.get() + read as u64);
        (self.transport.progress)(read as u64);
        Ok(read)
    }
}
