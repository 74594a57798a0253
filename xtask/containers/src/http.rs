//! A small blocking HTTP client for what runs on this machine.

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::Duration;

/// No answer of the application may take longer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client for one server.
pub struct Client {
    base: String,
    runtime: tokio::runtime::Runtime,
    hyper: Hyper<HttpConnector, Full<Bytes>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: hyper::HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("expected JSON, got {} bytes: {:.200}", self.body.len(), self.text()))
    }

    /// An error unless the status is the expected one.
    pub fn expect(&self, status: u16) -> Result<&Self> {
        if self.status != status {
            bail!("expected status {status}, got {}: {:.300}", self.status, self.text());
        }
        Ok(self)
    }
}

impl Client {
    /// A client for the server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let hyper = Hyper::builder(TokioExecutor::new()).build_http();
        Ok(Self { base: base.to_owned(), runtime, hyper })
    }

    /// The server's base, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, &[], Vec::new())
    }

    /// `GET path` with headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        self.send(Method::GET, path, headers, Vec::new())
    }

    /// `POST path` with a JSON body, and a bearer token where one is given.
    pub fn post(&self, path: &str, token: Option<&str>, body: &serde_json::Value) -> Result<Answer> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.send(Method::POST, path, &headers, serde_json::to_vec(body)?)
    }

    fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method.clone()).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        let answer = self.runtime.block_on(async {
            tokio::time::timeout(TIMEOUT, async {
                let (head, body) = self.hyper.request(request).await?.into_parts();
                let body = body.collect().await?.to_bytes().to_vec();
                anyhow::Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
            })
            .await
        });
        match answer {
            Ok(answer) => answer.with_context(|| format!("{method} {url}")),
            Err(_) => bail!("{method} {url} did not answer within {} s", TIMEOUT.as_secs()),
        }
    }
}
