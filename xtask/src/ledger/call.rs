//! One request to the ledger, or to who vouches for this job.

use crate::error::{Exit, Problem};
use crate::patience::{passes, retry_after};
use crate::secret::{Redactor, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use time::OffsetDateTime;
use ureq::Agent;

/// The largest answer that is read: 500 results with their errors are far less.
const LARGEST_ANSWER: u64 = 8 << 20;

/// An answer, read to its end.
pub struct Answer {
    /// The status code.
    pub status: u16,
    body: Vec<u8>,
}

/// Why there is no answer to go by.
pub enum Stumble {
    /// Another try may help; and how long to wait before it, where that was said.
    Cut(String, Option<Duration>),
    /// No further try will help.
    Final(Problem),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Method {
    /// To be told something.
    Get,
    /// To be told what became of something.
    Post,
    /// The same for something that has a name already: doing it again changes nothing.
    Put,
}

/// One request, as it goes out.
pub struct Sending<'a> {
    /// What for.
    pub method: Method,
    /// Where to.
    pub url: &'a str,
    /// A JSON document; a question has none.
    pub body: &'a [u8],
    /// What is shown.
    pub shown: Option<&'a Secret>,
    /// How long the whole exchange may take.
    pub within: Duration,
}

/// Asks once. An answer that means "not now" is a stumble.
pub fn ask(agent: &Agent, sending: &Sending<'_>, redactor: &Redactor) -> Result<Answer, Stumble> {
    let Sending { method, url, body, shown, within } = sending;
    let authorization = shown.map(|secret| format!("Bearer {}", secret.reveal()));
    // A redirect would make another request of it.
    let sent = match method {
        Method::Get => {
            let mut request = agent.get(*url).header("accept", "application/json");
            if let Some(authorization) = &authorization {
                request = request.header("authorization", authorization);
            }
            request.config().timeout_global(Some(*within)).max_redirects(0).build().call()
        }
        Method::Post | Method::Put => {
            let request = if matches!(method, Method::Put) { agent.put(*url) } else { agent.post(*url) };
            let mut request = request.header("content-type", "application/json");
            if let Some(authorization) = &authorization {
                request = request.header("authorization", authorization);
            }
            request.config().timeout_global(Some(*within)).max_redirects(0).build().send(*body)
        }
    };
    let mut response = sent.map_err(|error| stumble(&error, redactor))?;
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let asked = header.and_then(|value| retry_after(value, OffsetDateTime::now_utc()));
    let read = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
    let answer = Answer { status, body: read.map_err(|error| stumble(&error, redactor))? };
    if passes(status) { Err(Stumble::Cut(answer.said(redactor), asked)) } else { Ok(answer) }
}

fn stumble(error: &ureq::Error, redactor: &Redactor) -> Stumble {
    let text = redactor.clean(&error.to_string());
    match error {
        ureq::Error::RequireHttpsOnly(_)
        | ureq::Error::BadUri(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::BodyExceedsLimit(_) => Stumble::Final(Problem::missing(text)),
        _ => Stumble::Cut(text, None),
    }
}

/// An error as RFC 9457 writes it.
#[derive(Deserialize)]
struct ProblemJson {
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

/// One wrong place.
#[derive(Clone, Debug, Deserialize)]
pub struct FieldError {
    /// A JSON pointer.
    pub pointer: String,
    /// What was expected there.
    pub detail: String,
}

impl Answer {
    /// The body as JSON of this form. One that is not whole may have been cut on its way.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Stumble> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Stumble::Cut(format!("the answer is not what was expected: {error}"), None))
    }

    /// What it says, for a message.
    pub fn said(&self, redactor: &Redactor) -> String {
        let text = match serde_json::from_slice::<ProblemJson>(&self.body) {
            Ok(problem) => {
                let more =
                    problem.errors.first().map(|error| format!(" ({}: {})", error.pointer, error.detail));
                format!("{}. {}{}", problem.title, problem.detail, more.unwrap_or_default())
            }
            Err(_) => String::from_utf8_lossy(&self.body).into_owned(),
        };
        format!("{} {}", self.status, redactor.clean(&text)).trim().to_owned()
    }

    /// A refusal that no wording of its own fits.
    pub fn refusal(&self, who: &str, redactor: &Redactor) -> Problem {
        let said = self.said(redactor);
        match self.status {
            300..=399 => Problem::missing(format!("{who} sends us elsewhere ({said})"))
                .next("set PORTBOOK_URL to the ledger's own address"),
            404 | 405 => Problem::missing(format!("there is no ledger at {who} ({said})"))
                .next("is PORTBOOK_URL right?"),
            _ => Problem::new(Exit::Failed, format!("{who} refuses it: {said}")),
        }
    }
}
