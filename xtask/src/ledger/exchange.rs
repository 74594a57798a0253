//! A job of GitHub's gets a token of the ledger's for GitHub's word.

use super::address::Address;
use super::call::{Method, Sending, Stumble, ask};
use crate::error::Problem;
use crate::secret::{Redactor, Secret};
use serde::Deserialize;
use std::time::Instant;
use ureq::Agent;

#[derive(Deserialize)]
struct Vouched {
    value: String,
}

#[derive(Deserialize)]
struct Exchanged {
    token: String,
}

/// Who vouches for this job, and what is shown there.
pub struct Voucher {
    agent: Agent,
    url: String,
    token: Secret,
}

impl Voucher {
    /// At this address; nothing is asked yet.
    pub fn new(agent: Agent, url: String, token: Secret) -> Self {
        Self { agent, url, token }
    }

    /// GitHub's word for this job, exchanged for a token of the ledger's. Each word is good for one exchange.
    pub fn exchange(
        &self,
        ledger: &Agent,
        address: &Address,
        until: Instant,
        redactor: &mut Redactor,
    ) -> Result<Secret, Stumble> {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}audience={}", self.url, encoded(&address.origin));
        let within = until.saturating_duration_since(Instant::now());
        let shown = Some(&self.token);
        let question = Sending { method: Method::Get, url: &url, body: &[], shown, within };
        let answer = ask(&self.agent, &question, redactor)?;
        if answer.status != 200 {
            let problem = format!("GitHub does not vouch for this job ({})", answer.said(redactor));
            let next = "give the job `permissions: id-token: write`";
            return Err(Stumble::Final(Problem::missing(problem).next(next)));
        }
        let vouched = Secret::new(answer.json::<Vouched>()?.value);
        redactor.learn(&vouched);
        let url = format!("{}/v1/oidc/exchange", address.base);
        let body = serde_json::json!({ "token": vouched.reveal() }).to_string();
        let within = until.saturating_duration_since(Instant::now());
        let question =
            Sending { method: Method::Post, url: &url, body: body.as_bytes(), shown: None, within };
        let answer = ask(ledger, &question, redactor)?;
        if answer.status != 200 {
            let said = answer.said(redactor);
            let problem = format!("{} gives this job no token for GitHub's word ({said})", address.base);
            let next = "docs/evidence.md says what the ledger has to be told of this repository and workflow";
            return Err(Stumble::Final(Problem::missing(problem).next(next)));
        }
        let token = Secret::new(answer.json::<Exchanged>()?.token);
        redactor.learn(&token);
        Ok(token)
    }
}

/// Text as a value in a query.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
        out
    })
}
