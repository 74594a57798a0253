//! GitHub's REST interface, as far as it is needed to learn what webhooks missed.
//!
//! Answers are read like events, so that the same fact is the same document whichever way it came.

mod answers;
mod links;

pub use answers::{HookDelivery, Job, Run, Webhook};

use crate::config::GithubToken;
use crate::net::{self, Client, NetError};
use answers::{HookJson, JobsJson, RunsJson};
use links::{next_page, same_origin};
use reqwest::{Method, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::time::Duration;
use time::OffsetDateTime;

/// The most bytes of an answer: a page of a hundred runs has two million.
const LARGEST: usize = 32 * 1024 * 1024;

/// How often a request is sent that fails on the way, or for a fault of the server's.
const TRIES: u32 = 3;

/// The pause before the second try; before the third it is four times as long.
const PAUSE: Duration = Duration::from_millis(200);

/// How long GitHub wants to be left alone that limits without saying for how long.
const UNSAID: i64 = 60;

/// How many pages of jobs one attempt may have.
const JOB_PAGES: usize = 20;

/// GitHub, asked with a token.
#[derive(Clone, Debug)]
pub struct Github {
    client: Client,
    api: String,
    token: GithubToken,
}

/// Why there is no answer that could be used.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// It could not be reached, or has a fault of its own.
    #[error("GitHub cannot be reached: {0}")]
    Unreachable(String),
    /// It has been asked too often, and is to be left alone until then, in microseconds.
    #[error("GitHub wants to be left alone for a while")]
    Limited(i64),
    /// It does not let the token do this.
    #[error(
        "GitHub refuses {0}: the token of PORTBOOK_GITHUB_TOKEN_FILE needs to read Actions and to read and write webhooks of this repository"
    )]
    Refused(String),
    /// It does not know this, or the token may not know of it.
    #[error("GitHub knows nothing of {0}, or does not let the token know")]
    NotFound(String),
    /// It says something else than is documented.
    #[error("GitHub answers {0} unexpectedly: {1}")]
    Unexpected(String, String),
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many were on it that could not be read.
    pub unread: usize,
    /// What it can be asked for again by, to hear only whether it changed.
    pub etag: Option<String>,
    /// Where the next one is.
    pub next: Option<String>,
}

impl Github {
    /// GitHub at an address.
    pub fn new(client: Client, api: &str, token: GithubToken) -> Self {
        Self { client, api: api.to_owned(), token }
    }

    /// The webhooks of a repository.
    ///
    /// # Errors
    /// When GitHub does not tell them.
    pub async fn webhooks(&self, repository: &str) -> Result<Vec<Webhook>, RestError> {
        let url = self.url(repository, "/hooks?per_page=100")?;
        let hooks: Vec<HookJson> = self.get(&url).await?.1;
        Ok(hooks.into_iter().filter_map(HookJson::webhook).collect())
    }

    /// Where the newest attempts to deliver are, the newest first.
    ///
    /// # Errors
    /// When the name is none of a repository.
    pub fn deliveries_url(&self, repository: &str, hook: u64) -> Result<String, RestError> {
        self.url(repository, &format!("/hooks/{hook}/deliveries?per_page=100"))
    }

    /// A page of attempts to deliver.
    ///
    /// # Errors
    /// When GitHub does not tell them.
    pub async fn deliveries(&self, url: &str) -> Result<Page<HookDelivery>, RestError> {
        let (response, deliveries) = self.get::<Vec<serde_json::Value>>(url).await?;
        self.page(url, &response, deliveries.into_iter().map(HookDelivery::read).collect())
    }

    /// Asks for an event to be delivered again.
    ///
    /// # Errors
    /// When GitHub does not accept that.
    pub async fn redeliver(&self, repository: &str, hook: u64, delivery: u64) -> Result<(), RestError> {
        let url = self.url(repository, &format!("/hooks/{hook}/deliveries/{delivery}/attempts"))?;
        self.exchange(Method::POST, &url, None).await.map(drop)
    }

    /// Where the runs are that began on that day (`2026-02-03`) or later, the newest first.
    ///
    /// # Errors
    /// When the name is none of a repository.
    pub fn runs_url(&self, repository: &str, since: &str) -> Result<String, RestError> {
        self.url(repository, &format!("/actions/runs?per_page=100&created=%3E%3D{since}"))
    }

    /// A page of runs; none if it has not changed since it had that tag.
    ///
    /// # Errors
    /// When GitHub does not tell them.
    pub async fn runs(&self, url: &str, etag: Option<&str>) -> Result<Option<Page<Run>>, RestError> {
        let response = self.exchange(Method::GET, url, etag).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let (response, runs) = read::<RunsJson>(url, response).await?;
        self.page(url, &response, runs.runs()).map(Some)
    }

    /// An earlier attempt of a run.
    ///
    /// # Errors
    /// When GitHub does not tell it.
    pub async fn attempt(&self, repository: &str, run: u64, attempt: u32) -> Result<Run, RestError> {
        let url = self.url(repository, &format!("/actions/runs/{run}/attempts/{attempt}"))?;
        let (_, run) = self.get::<serde_json::Value>(&url).await?;
        Run::read(run).map_err(|error| RestError::Unexpected(url, error))
    }

    /// The jobs of an attempt, and where they were asked for.
    ///
    /// # Errors
    /// When GitHub does not tell them.
    pub async fn jobs(
        &self,
        repository: &str,
        run: u64,
        attempt: u32,
    ) -> Result<(Vec<Job>, String), RestError> {
        let first =
            self.url(repository, &format!("/actions/runs/{run}/attempts/{attempt}/jobs?per_page=100"))?;
        let (mut jobs, mut next) = (Vec::new(), Some(first.clone()));
        for _ in 0..JOB_PAGES {
            let Some(url) = next else { break };
            let (response, page) = self.get::<JobsJson>(&url).await?;
            let page = self.page(&url, &response, page.jobs())?;
            jobs.extend(page.items);
            next = page.next;
        }
        Ok((jobs, first))
    }

    /// An address below a repository's own.
    fn url(&self, repository: &str, path: &str) -> Result<String, RestError> {
        let legal = |part: &str| {
            let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            letters && !part.is_empty() && part != "." && part != ".."
        };
        match repository.split_once('/') {
            Some((owner, name)) if legal(owner) && legal(name) => {
                Ok(format!("{}/repos/{owner}/{name}{path}", self.api))
            }
            _ => Err(RestError::NotFound(format!("{repository:?}, which is not <owner>/<name>"))),
        }
    }

    fn page<T>(&self, url: &str, head: &Head, items: Vec<Result<T, String>>) -> Result<Page<T>, RestError> {
        let count = items.len();
        let mut found = Vec::with_capacity(count);
        for item in items {
            match item {
                Ok(item) => found.push(item),
                Err(error) => tracing::warn!(url, error, "GitHub's answer has something that cannot be read"),
            }
        }
        let next = next_page(head.link.as_deref());
        // The token goes nowhere else, whatever an answer says.
        if let Some(next) = next.as_deref().filter(|next| !same_origin(&self.api, next)) {
            return Err(RestError::Unexpected(
                url.to_owned(),
                format!("the next page is elsewhere, at {next}"),
            ));
        }
        Ok(Page { unread: count - found.len(), items: found, etag: head.etag.clone(), next })
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<(Head, T), RestError> {
        let response = self.exchange(Method::GET, url, None).await?;
        read(url, response).await
    }

    /// One request, tried a few times; answers with a status of success, or 304.
    async fn exchange(&self, method: Method, url: &str, etag: Option<&str>) -> Result<Response, RestError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.once(&method, url, etag).await {
                Ok(response) if !response.status().is_server_error() => return judge(url, response),
                Ok(response) => {
                    RestError::Unreachable(format!("it answers {url} with {}", response.status()))
                }
                Err(error) => RestError::Unreachable(error.to_string()),
            };
            if tries == TRIES {
                return Err(error);
            }
            tokio::time::sleep(PAUSE * 4_u32.pow(tries - 1)).await;
        }
    }

    async fn once(&self, method: &Method, url: &str, etag: Option<&str>) -> Result<Response, NetError> {
        let mut request = self
            .client
            .request(method.clone(), url)?
            .bearer_auth(self.token.reveal())
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        request.send().await.map_err(NetError::from)
    }
}

/// What of an answer's headers is needed once its body is read.
struct Head {
    etag: Option<String>,
    link: Option<String>,
}

async fn read<T: DeserializeOwned>(url: &str, response: Response) -> Result<(Head, T), RestError> {
    let text = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let head = Head { etag: text(header::ETAG), link: text(header::LINK) };
    let body =
        net::body(response, LARGEST).await.map_err(|error| RestError::Unreachable(error.to_string()))?;
    let read = serde_json::from_slice(&body);
    read.map(|read| (head, read)).map_err(|error| RestError::Unexpected(url.to_owned(), error.to_string()))
}

/// The answer, if it is one.
fn judge(url: &str, response: Response) -> Result<Response, RestError> {
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    let number = |name: &str| response.headers().get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let until = match (number("retry-after"), number("x-ratelimit-remaining"), number("x-ratelimit-reset")) {
        (Some(seconds), _, _) => Some(now + seconds),
        (None, Some(0), Some(reset)) => Some(reset + 1),
        _ if status == StatusCode::TOO_MANY_REQUESTS => Some(now + UNSAID),
        _ => None,
    };
    Err(match (status, until) {
        (StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS, Some(until)) => {
            // A day at most, whatever is said: a wrong clock there must not silence us for ever.
            RestError::Limited(until.clamp(now, now + 86_400) * 1_000_000)
        }
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => RestError::Refused(url.to_owned()),
        (StatusCode::NOT_FOUND | StatusCode::GONE, _) => RestError::NotFound(url.to_owned()),
        _ => RestError::Unexpected(url.to_owned(), status.to_string()),
    })
}
