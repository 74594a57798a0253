//! GitHub, as far as it can be asked: a server on this machine that answers as its documentation says.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use portbook::config::{GithubConfig, Reader};
use portbook::github::Github;
use portbook::net::Client;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

const TOKEN: &str = "ghp_only-this-server-knows-it";

/// What this GitHub knows, and what it was asked.
#[derive(Default)]
pub struct Api {
    /// Lists by their path; the newest first.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// Single things by their path.
    pub things: BTreeMap<String, Value>,
    /// Paths that were moved for good, and where to.
    pub moved: BTreeMap<String, String>,
    /// How many things are on a page, at most.
    pub page_size: usize,
    /// What the next requests are answered, whatever they ask for: a status, and headers.
    pub moods: VecDeque<(u16, Vec<(&'static str, String)>)>,
    /// Where the next pages are said to be, if not here.
    pub elsewhere: Option<String>,
    /// What was asked, with what it was answered.
    pub asked: Vec<(String, u16)>,
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub struct ApiServer {
    pub url: String,
    api: Arc<Mutex<Api>>,
}

impl ApiServer {
    pub async fn start() -> Self {
        let api = Arc::new(Mutex::new(Api { page_size: 100, ..Api::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&api));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(portbook::http::serve(listener, router, std::future::pending()));
        Self { url, api }
    }

    /// Changes what it knows, or looks at what it was asked.
    pub fn with<T>(&self, change: impl FnOnce(&mut Api) -> T) -> T {
        change(&mut self.api.lock().unwrap())
    }

    /// What was asked since the last time that somebody asked this.
    pub fn asked(&self) -> Vec<(String, u16)> {
        self.with(|api| std::mem::take(&mut api.asked))
    }

    /// A file with the token that this server knows.
    pub fn token_file() -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
        file
    }

    /// The client that the worker would have.
    pub fn client(&self) -> Github {
        let file = Self::token_file();
        let environment = |name: &str| match name {
            "PORTBOOK_GITHUB_API" => Some(OsString::from(&self.url)),
            "PORTBOOK_GITHUB_TOKEN_FILE" => Some(file.path().into()),
            _ => None,
        };
        let reader = Reader::new(&environment);
        let config = GithubConfig::read(&reader);
        reader.finish().unwrap();
        Github::new(Client::new(None).unwrap(), &config.api, config.token.unwrap())
    }
}

async fn answer(State(api): State<Arc<Mutex<Api>>>, request: Request) -> Response {
    let mut api = api.lock().unwrap();
    let response = api.answer(&request);
    api.asked.push((format!("{} {}", request.method(), request.uri()), response.status().as_u16()));
    response
}

impl Api {
    fn answer(&mut self, request: &Request) -> Response {
        let text = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        if text("authorization") != format!("Bearer {TOKEN}") {
            return reply(StatusCode::UNAUTHORIZED, &[], &json!({"message": "Bad credentials"}));
        }
        assert_eq!(text("accept"), "application/vnd.github+json");
        assert!(text("user-agent").starts_with("portbook/"));
        if let Some((status, headers)) = self.moods.pop_front() {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.clone())).collect();
            return reply(StatusCode::from_u16(status).unwrap(), &headers, &json!({"message": "No."}));
        }
        let path = request.uri().path();
        if let Some(to) = self.moved.get(path) {
            let to = format!("{to}?{}", request.uri().query().unwrap_or_default());
            return reply(StatusCode::MOVED_PERMANENTLY, &[("location", to)], &json!({"message": "Moved."}));
        }
        if request.method() == Method::POST {
            let known = path.strip_suffix("/attempts").is_some_and(|path| self.things.contains_key(path));
            let status = if known { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND };
            return reply(status, &[], &json!({}));
        }
        if let Some(thing) = self.things.get(path) {
            return reply(StatusCode::OK, &[], thing);
        }
        match self.lists.get(path) {
            Some(list) => self.page(request, list, text("if-none-match")),
            None => reply(StatusCode::NOT_FOUND, &[], &json!({"message": "Not Found"})),
        }
    }

    fn page(&self, request: &Request, list: &[Value], known: &str) -> Response {
        let uri = request.uri();
        let query = uri.query().unwrap_or_default();
        let wanted =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| wanted(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("per_page").unwrap_or(30).min(self.page_size);
        let start = number("cursor").unwrap_or(0);
        let items: Vec<_> = list.iter().skip(start).take(size).collect();
        // Runs and jobs stand in an object with their count, hooks and deliveries for themselves.
        let body = match uri.path().rsplit('/').next().unwrap() {
            "runs" => json!({"total_count": list.len(), "workflow_runs": items}),
            "jobs" => json!({"total_count": list.len(), "jobs": items}),
            _ => json!(items),
        };
        let digits: String =
            Sha256::digest(body.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut headers = vec![("etag", format!("W/\"{digits}\""))];
        if headers[0].1 == known {
            return reply(StatusCode::NOT_MODIFIED, &headers, &Value::Null);
        }
        if start + size < list.len() {
            let rest: Vec<_> = query.split('&').filter(|pair| !pair.starts_with("cursor=")).collect();
            let host = request.headers()[header::HOST].to_str().unwrap();
            let base = self.elsewhere.clone().unwrap_or_else(|| format!("http://{host}"));
            let next = format!("{base}{}?{}&cursor={}", uri.path(), rest.join("&"), start + size);
            headers.push(("link", format!("<{base}{}>; rel=\"first\", <{next}>; rel=\"next\"", uri.path())));
        }
        reply(StatusCode::OK, &headers, &body)
    }
}

fn reply(status: StatusCode, headers: &[(&'static str, String)], body: &Value) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    let body = if status == StatusCode::NOT_MODIFIED { Body::empty() } else { Body::from(body.to_string()) };
    response.body(body).unwrap()
}
