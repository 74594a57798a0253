//! Requests and answers as values.

use super::auth::Challenge;
use crate::error::Problem;
use std::path::PathBuf;
use ureq::http;

/// What a request carries.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    Empty,
    /// Bytes.
    Bytes(Vec<u8>),
    /// A file from an offset to its end, and how long that is.
    File(PathBuf, u64, u64),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// Headers beside authentication and length.
    pub headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub body: Payload,
}

impl Call {
    /// A request without headers and body.
    pub fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Payload::Empty }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets what it carries.
    #[must_use]
    pub fn body(mut self, body: Payload) -> Self {
        self.body = body;
        self
    }

    /// The request as a line: without the state that registries put into upload URLs.
    pub fn line(&self) -> String {
        let path = self.url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        let path = path.map_or("", |(_, path)| path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let plain = ["digest=", "mount=", "from=", "n=", "last="];
        let query: Vec<&str> =
            query.split('&').filter(|one| plain.iter().any(|name| one.starts_with(name))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{} /{path}{mark}{}", self.method, query.join("&"))
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    pub(super) headers: http::HeaderMap,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What a 401 asks for.
    pub fn challenge(&self) -> Option<Challenge> {
        let headers = self.headers.get_all("www-authenticate").into_iter();
        Challenge::parse(headers.filter_map(|value| value.to_str().ok()))
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Stumble {
    /// Nobody answered, or the answer was cut: another try may help.
    Cut(String),
    /// No further try will help.
    Final(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_leave_upload_state_out() {
        let call = Call::new("PUT", "https://r.example/v2/a/blobs/uploads/1?_state=SECRET&digest=sha256:00");
        assert_eq!(call.line(), "PUT /v2/a/blobs/uploads/1?digest=sha256:00");
        assert_eq!(Call::new("GET", "https://r.example/v2/").line(), "GET /v2/");
    }
}
