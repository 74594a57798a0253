//! GitHub's REST interface: the check runs of a commit, and whether a reference exists.

use crate::context::Env;
use crate::error::Problem;
use crate::net;
use crate::policy::checks::{Check, read_checks};
use anyhow::Result;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use ureq::Agent;

/// The most pages of check runs that are read: 5000 runs on one commit.
const PAGES: usize = 50;
/// How long a whole answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// Pauses before a request is repeated.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// GitHub, asked with a token.
pub struct GitHub {
    api: String,
    token: String,
    agent: Agent,
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("api", &self.api).finish_non_exhaustive()
    }
}

/// An answer that came whole.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl GitHub {
    /// From `GITHUB_TOKEN` and `GITHUB_API_URL`; nothing without a token.
    ///
    /// # Errors
    /// Exit 2 when the token would travel in the clear.
    pub fn of_env(env: &Env) -> Result<Option<Self>> {
        let Some(token) = env.get("GITHUB_TOKEN") else {
            return Ok(None);
        };
        let api =
            env.get("GITHUB_API_URL").unwrap_or("https://api.github.com").trim_end_matches('/').to_owned();
        if !api.starts_with("https://") && !is_loopback(&api) {
            let message = format!("GITHUB_API_URL is {api}: a token is sent by https alone");
            return Err(Problem::usage(message).into());
        }
        let agent = net::agent(env, &api);
        Ok(Some(Self { api, token: token.to_owned(), agent }))
    }

    /// Every check run of a commit, the latest of each name.
    ///
    /// # Errors
    /// Exit 4 when GitHub does not answer or the token may not ask.
    pub fn check_runs(&self, repository: &str, sha: &str) -> Result<Vec<Check>> {
        let mut checks = Vec::new();
        for page in 1..=PAGES {
            let path = format!("repos/{}/commits/{}/check-runs", encoded(repository), encoded(sha));
            let answer = self.get(&format!("{path}?filter=latest&per_page=100&page={page}"))?;
            if answer.status != 200 {
                return Err(self.refused(&answer, &path, "checks: read"));
            }
            let document: Value = serde_json::from_slice(&answer.body)
                .map_err(|error| self.missing(format!("the answer to {path} is not JSON: {error}")))?;
            let found = read_checks(&document).map_err(|what| self.missing(format!("{path}: {what}")))?;
            let total = document.get("total_count").and_then(Value::as_u64).unwrap_or_default();
            let last = found.is_empty();
            checks.extend(found);
            if last || checks.len() as u64 >= total {
                return Ok(checks);
            }
        }
        Err(self.missing(format!("{sha} has more check runs than {PAGES} pages of 100")))
    }

    /// Whether a reference, `heads/…` or `tags/…`, exists.
    ///
    /// # Errors
    /// Exit 4 when GitHub does not answer or the token may not ask.
    pub fn has_reference(&self, repository: &str, reference: &str) -> Result<bool> {
        let path = format!("repos/{}/git/ref/{}", encoded(repository), encoded(reference));
        let answer = self.get(&path)?;
        match answer.status {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refused(&answer, &path, "contents: read")),
        }
    }

    /// Asks, and asks again where the fault may pass.
    fn get(&self, path: &str) -> Result<Answer> {
        let mut pauses = PAUSES.iter();
        loop {
            let answer = self.once(path);
            let passing = answer.as_ref().map_or(true, |answer| answer.status >= 500 || answer.status == 429);
            match pauses.next() {
                Some(pause) if passing => std::thread::sleep(*pause),
                _ => {
                    let shown = path.split('?').next().unwrap_or(path);
                    return answer.map_err(|error| self.missing(format!("{shown}: {error}")));
                }
            }
        }
    }

    fn once(&self, path: &str) -> Result<Answer, ureq::Error> {
        let mut response = self
            .agent
            .get(format!("{}/{path}", self.api))
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header("authorization", format!("Bearer {}", self.token))
            .config()
            .timeout_global(Some(ANSWER))
            .build()
            .call()?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: response.body_mut().with_config().limit(16 << 20).read_to_vec()? })
    }

    fn refused(&self, answer: &Answer, path: &str, scope: &str) -> anyhow::Error {
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let said =
            said.as_ref().and_then(|said| said.get("message")).and_then(Value::as_str).unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        let why = match answer.status {
            401 => "GITHUB_TOKEN is not valid, or no longer".to_owned(),
            403 | 404 => format!("GITHUB_TOKEN lacks `{scope}`, or there is no such repository or commit"),
            _ => "GitHub cannot answer now".to_owned(),
        };
        self.missing(format!("{path}: {} {said}: {why}", answer.status))
    }

    /// Whatever GitHub sends back, the token is not shown.
    fn missing(&self, what: String) -> anyhow::Error {
        let what = what.replace(&self.token, "***");
        Problem::missing(format!("GitHub was asked at {} and gave no answer to go by: {what}", self.api))
            .into()
    }
}

fn is_loopback(api: &str) -> bool {
    let host = api.strip_prefix("http://").unwrap_or_default();
    net::is_this_machine(host.split(['/', '?', '#']).next().unwrap_or_default())
}

/// A path's text with everything encoded that a path may not have as it is.
fn encoded(text: &str) -> String {
    let mut path = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_sent_in_the_clear_nor_shown() {
        let env = |api| Env::from([("GITHUB_TOKEN", "t0psecret"), ("GITHUB_API_URL", api)]);
        for bad in
            ["http://github.example/api/v3", "http://127.0.0.1.example", "http://127.0.0.1@evil.example"]
        {
            assert!(GitHub::of_env(&env(bad)).is_err(), "{bad}");
        }
        let github = GitHub::of_env(&env("http://127.0.0.1:1/x")).unwrap().unwrap();
        assert!(!format!("{github:?}").contains("t0psecret"));
        assert!(GitHub::of_env(&Env::default()).unwrap().is_none());
    }

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encoded("heads/a b?c#ü%"), "heads/a%20b%3Fc%23%C3%BC%25");
    }
}
