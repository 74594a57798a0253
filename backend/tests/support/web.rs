//! A server that answers as a test tells it, and remembers what it was asked.

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What it answers: status, headers, body.
pub type Said = (u16, Vec<(&'static str, String)>, Vec<u8>);

type Rule = Arc<Mutex<Box<dyn Fn(&Asked) -> Said + Send>>>;

/// A server on this machine; it ends with its test.
pub struct Web {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    rule: Rule,
    task: tokio::task::JoinHandle<()>,
}

impl Web {
    pub async fn start(rule: impl Fn(&Asked) -> Said + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let rule: Rule = Arc::new(Mutex::new(Box::new(rule)));
        let shared = (Arc::clone(&asked), Arc::clone(&rule));
        let router = Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        let task = tokio::spawn(portbook::http::serve(listener, router, std::future::pending()));
        Self { address, asked, rule, task }
    }

    /// From now on it answers so.
    pub fn answer(&self, rule: impl Fn(&Asked) -> Said + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// From now on every answer is this.
    pub fn answer_always(&self, status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let body = body.into();
        self.answer(move |_| (status, headers.clone(), body.clone()));
    }

    /// What it was asked since this was asked last.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer((asked, rule): (Arc<Mutex<Vec<Asked>>>, Rule), request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request = Asked {
        method: parts.method,
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap(),
    };
    let (status, headers, body) = rule.lock().unwrap()(&request);
    asked.lock().unwrap().push(request);
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}
