//! The ledger as it is asked: by whom, how often, and what a refusal means.

use super::address::Address;
use super::call::{Answer, Method, Sending, Stumble, ask};
use super::credential::Credential;
use super::exchange::Voucher;
use super::right::Right;
use crate::context::{Context, Stop};
use crate::error::{Exit, Problem};
use crate::net;
use crate::patience::{Patience, random, rest};
use crate::secret::{Redactor, Secret};
use evidence::Name;
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long a whole exchange may take.
const WHOLE: Duration = Duration::from_secs(30);
/// An exchange that has less time than this left is not begun.
const LEAST: Duration = Duration::from_millis(50);

/// One ledger.
pub struct Ledger {
    /// Where it is.
    pub address: Address,
    pub(super) project: Name,
    agent: Agent,
    /// Who vouches for this job, where it is GitHub.
    voucher: Option<Voucher>,
    /// Where what is shown comes from, for people; none where there is nothing to show.
    source: Option<String>,
    /// On GitHub a job can be given a credential by its workflow.
    in_job: bool,
    /// What is shown at present.
    token: Option<Secret>,
    /// It wants to know who reads.
    private: bool,
    redactor: Redactor,
    patience: Patience,
    within: Option<Duration>,
    stop: Stop,
}

/// What the ledger is asked, or told.
pub struct Request {
    /// Which of both.
    pub method: Method,
    /// Path and query, from `/v1` on.
    pub path: String,
    /// A JSON document; a question has none.
    pub body: String,
    /// What is done by it.
    pub right: Right,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Trouble {
    /// It does not answer, or says that it cannot at present.
    Away(Problem),
    /// It refuses, or the call was wrong: what was asked for will not be had by asking again.
    Refused(Problem),
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        let (Trouble::Away(problem) | Trouble::Refused(problem)) = trouble;
        problem
    }
}

impl Ledger {
    /// The ledger at this address, for a project; nothing is asked yet.
    ///
    /// # Errors
    /// Exit 2 when there is a credential that cannot be used.
    pub fn open(
        ctx: &Context,
        address: Address,
        project: &Name,
        mut patience: Patience,
    ) -> Result<Self, Problem> {
        if let Some(pause) = ctx.env.get("PORTBOOK_LEDGER_PAUSE_MS").and_then(|text| text.parse().ok()) {
            patience.base = Duration::from_millis(pause);
        }
        let credential = Credential::of_env(&ctx.env)?;
        let source = credential.as_ref().map(|credential| credential.source().to_owned());
        let mut redactor = Redactor::default();
        let (token, voucher) = match credential {
            Some(Credential::Token(token, _)) => {
                redactor.learn(&token);
                (Some(token), None)
            }
            Some(Credential::Job { url, token }) => {
                redactor.learn(&token);
                (None, Some(Voucher::new(net::agent(&ctx.env, &url), url, token)))
            }
            None => (None, None),
        };
        Ok(Self {
            agent: net::agent(&ctx.env, &address.base),
            address,
            project: project.clone(),
            voucher,
            source,
            in_job: ctx.env.is_set("GITHUB_ACTIONS"),
            token,
            private: false,
            redactor,
            patience,
            within: None,
            stop: ctx.stop.clone(),
        })
    }

    /// The same, but a request is given up after so long, whatever it waits for.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within: Some(within), ..self }
    }

    /// Asks until there is an answer. `take` reads those that it knows; of any other the meaning is the same everywhere.
    pub fn ask<T>(
        &mut self,
        request: &Request,
        take: impl Fn(&Answer, &Redactor) -> Option<Result<T, Stumble>>,
    ) -> Result<T, Trouble> {
        let end = self.within.map(|within| Instant::now() + within);
        let mut attempt = 1;
        loop {
            if self.stop.requested() {
                return Err(Trouble::Refused(stopped()));
            }
            let (why, asked) = match self.once(request, end, &take) {
                Ok(taken) => return Ok(taken),
                Err(Stumble::Final(problem)) => return Err(Trouble::Refused(problem)),
                Err(Stumble::Cut(why, asked)) => (why, asked),
            };
            let base = &self.address.base;
            let pause = self.patience.pause(attempt, asked, random());
            let in_time = end.is_none_or(|end| Instant::now() + pause + LEAST < end);
            if attempt >= self.patience.attempts || !in_time {
                let times = if attempt == 1 { "once".to_owned() } else { format!("{attempt} times") };
                return Err(Trouble::Away(Problem::missing(format!(
                    "{base} cannot be used at present, asked {times}: {why}"
                ))));
            }
            if pause >= Duration::from_secs(2) {
                eprintln!("  {base} is asked again in {:.0} s", pause.as_secs_f64());
            }
            if !rest(&self.stop, pause) {
                return Err(Trouble::Refused(stopped()));
            }
            attempt += 1;
        }
    }

    fn once<T>(
        &mut self,
        request: &Request,
        end: Option<Instant>,
        take: &impl Fn(&Answer, &Redactor) -> Option<Result<T, Stumble>>,
    ) -> Result<T, Stumble> {
        let until = Instant::now() + WHOLE;
        let until = end.map_or(until, |end| end.min(until));
        let token = self.shown(&request.right, until)?;
        let url = format!("{}{}", self.address.base, request.path);
        let within = until.saturating_duration_since(Instant::now());
        let (method, body, shown) = (request.method, request.body.as_bytes(), token.as_ref());
        let answer = ask(&self.agent, &Sending { method, url: &url, body, shown, within }, &self.redactor)?;
        if let Some(taken) = take(&answer, &self.redactor) {
            return taken;
        }
        match answer.status {
            401 if self.voucher.is_some() => {
                // Its ten minutes are over, or nothing was shown: the next try gets another.
                self.token = None;
                self.private = true;
                Err(Stumble::Cut(answer.said(&self.redactor), None))
            }
            401 | 403 => Err(Stumble::Final(self.denied(&request.right, &answer))),
            _ => Err(Stumble::Final(answer.refusal(&self.address.base, &self.redactor))),
        }
    }

    /// What is shown for this right; none where nobody needs to say who asks.
    fn shown(&mut self, right: &Right, until: Instant) -> Result<Option<Secret>, Stumble> {
        if let Some(token) = &self.token {
            return Ok(Some(token.clone()));
        }
        let may_be_public = matches!(right, Right::Read(_)) && !self.private;
        match &self.voucher {
            _ if may_be_public => Ok(None),
            Some(voucher) => {
                let token = voucher.exchange(&self.agent, &self.address, until, &mut self.redactor)?;
                self.token = Some(token.clone());
                Ok(Some(token))
            }
            None => {
                let problem = Problem::missing("there is no credential for the ledger");
                Err(Stumble::Final(problem.next(self.bring(right))))
            }
        }
    }

    fn denied(&self, right: &Right, answer: &Answer) -> Problem {
        let (base, project, scope) = (&self.address.base, &self.project, right.scope());
        let said = answer.said(&self.redactor);
        let message = match (answer.status, &self.source) {
            (401, Some(source)) => format!("{base} does not accept the token from {source} ({said})"),
            (401, None) => {
                format!("{base} wants a token with the scope {scope}, and there is no credential ({said})")
            }
            (_, source) => {
                let source = source.as_ref().map_or(String::new(), |source| format!(" from {source}"));
                format!(
                    "{base} denied it: the token{source} has not the scope {scope} for {project} ({said})"
                )
            }
        };
        Problem::missing(message).next(self.bring(right))
    }

    /// How a credential is had.
    fn bring(&self, right: &Right) -> String {
        match self.in_job && self.source.is_none() {
            true => {
                "give the job `permissions: id-token: write`, or set PORTBOOK_TOKEN from a secret".to_owned()
            }
            false => right.command(&self.project),
        }
    }
}

fn stopped() -> Problem {
    Problem::new(
        Exit::Interrupted,
        "interrupted while the ledger was asked: what was not sent stays in the spool",
    )
}
