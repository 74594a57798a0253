//! A small HTTP proxy in front of the registry that goes wrong where a test says so. One request to a connection.

use crate::registry::{address, basic};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub authorization: String,
    pub body: Vec<u8>,
}

/// What is done with a request.
pub enum Act {
    Pass,
    /// A status line with headers, and a body; the registry is not asked.
    Answer(String, Vec<u8>),
    /// The connection is reset, and the registry is not asked.
    ResetBefore,
    /// The registry does it, and its answer is lost.
    ResetAfter,
    /// The registry does it, and its answer ends in the middle.
    Truncate,
    /// The registry gets half of the body.
    CutBody,
    /// The registry gets half of the body as if that were all; its answer goes to the test, and the connection is reset.
    Half(Box<dyn FnOnce(String) + Send>),
    /// The registry's answer is changed.
    Change(Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send>),
    /// The registry does it, and something is done before its answer goes on its way.
    PassThen(Box<dyn FnOnce() + Send>),
    /// Something is done before the request goes on its way.
    Then(Box<dyn FnOnce() + Send>, Box<Act>),
}

type Rule = Box<dyn FnMut(usize, &Seen) -> Act + Send>;

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    rule: Option<Rule>,
}

pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                // A peer that goes away in the middle is what these tests are about.
                std::thread::spawn(move || drop(serve(client, &shared)));
            }
        });
        Self { address, state }
    }

    /// Forgets what was seen, and judges by this rule from now on; requests are counted from 0.
    pub fn rule(&self, rule: impl FnMut(usize, &Seen) -> Act + Send + 'static) {
        *self.state.lock().unwrap() = State { seen: Vec::new(), rule: Some(Box::new(rule)) };
    }

    pub fn pass(&self) {
        self.rule(|_, _| Act::Pass);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }
}

fn serve(mut client: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    let (head, mut body) = read_head(&mut client)?;
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let mut headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let length = content_length(&headers);
    while body.len() < length {
        let mut buffer = vec![0; length - body.len()];
        match client.read(&mut buffer)? {
            0 => return Ok(()),
            n => body.extend(&buffer[..n]),
        }
    }
    let seen = Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        authorization: find(&headers, "authorization").to_owned(),
        body: body.clone(),
    };
    let mut act = {
        let mut state = state.lock().unwrap();
        let number = state.seen.len();
        state.seen.push(seen.clone());
        match state.rule.as_mut() {
            Some(rule) => rule(number, &seen),
            None => Act::Pass,
        }
    };
    while let Act::Then(first, then) = act {
        first();
        act = *then;
    }
    if matches!(act, Act::ResetBefore) {
        return reset(client);
    }
    if let Act::Answer(head, answer) = act {
        let line =
            format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
        client.write_all(line.as_bytes())?;
        if method != "HEAD" {
            client.write_all(&answer)?;
        }
        return client.shutdown(Shutdown::Write);
    }
    if matches!(act, Act::CutBody | Act::Half(_)) {
        body.truncate(length / 2);
    }
    if let Act::Half(told) = act {
        let half = body.len().to_string();
        for header in &mut headers {
            if header.0.eq_ignore_ascii_case("content-length") {
                header.1 = &half;
            }
        }
        told(String::from_utf8_lossy(&forward(method, target, &headers, &body)?).into_owned());
        return reset(client);
    }
    let answer = forward(method, target, &headers, &body)?;
    match act {
        Act::ResetAfter => reset(client),
        Act::Truncate | Act::CutBody => {
            client.write_all(&answer[..answer.len() / 2])?;
            client.shutdown(Shutdown::Write)
        }
        Act::PassThen(then) => {
            then();
            client.write_all(&answer)
        }
        Act::Change(change) => client.write_all(&change(answer)),
        _ => client.write_all(&answer),
    }
}

/// Closing without lingering sends a reset and not an end.
fn reset(client: TcpStream) -> std::io::Result<()> {
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO))
}

fn read_head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes[..end]).into_owned(), body));
        }
        match client.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend(&buffer[..n]),
        }
    }
}

/// Asks the registry on a connection of its own. A bearer token is this proxy's business: the registry knows passwords.
fn forward(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(address())?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
    for (key, value) in headers {
        let value = match key.to_ascii_lowercase().as_str() {
            "connection" => continue,
            "authorization" if value.starts_with("Bearer ") => basic(),
            _ => (*value).to_owned(),
        };
        head += &format!("{key}: {value}\r\n");
    }
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(b"\r\n")?;
    upstream.write_all(body)?;
    if body.len() < content_length(headers) {
        upstream.shutdown(Shutdown::Write)?;
    }
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn content_length(headers: &[(&str, &str)]) -> usize {
    find(headers, "content-length").parse().unwrap_or(0)
}

fn find<'a>(headers: &[(&str, &'a str)], name: &str) -> &'a str {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}
