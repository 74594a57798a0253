//! Users: requests at an even rate, half of them on connections that stay, and what became of each.

use std::collections::BTreeSet;
use std::io::{Error, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is asked for: the method, the path, and the status that is right.
const MIX: [(&str, &str, u16); 4] =
    [("GET", "/version", 200), ("GET", "/", 200), ("GET", "/v1/board", 200), ("POST", "/v1/evidence", 401)];
/// The longest that anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is asked for.
#[derive(Clone, Copy)]
pub struct Rate {
    /// Requests per second, of all connections together.
    pub requests: u32,
    pub connections: u32,
}

/// A few users.
pub const LIGHT: Rate = Rate { requests: 40, connections: 4 };
/// Many.
pub const HEAVY: Rate = Rate { requests: 200, connections: 20 };

/// Requests under way.
pub struct Load {
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Seen>>,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Seen {
    pub times: Vec<Duration>,
    /// When since the start each was asked.
    asked: Vec<Duration>,
    /// When since the start, and what.
    pub failed: Vec<(Duration, String)>,
    /// The images that `/version` told of.
    pub digests: BTreeSet<String>,
}

impl Load {
    pub fn start(port: u16, rate: Rate) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let user = |number: u32| {
            let mut user = User {
                address: SocketAddr::from(([127, 0, 0, 1], port)),
                stays: number.is_multiple_of(2),
                connection: None,
            };
            let ended = ended.clone();
            let pause = Duration::from_secs(1) * rate.connections / rate.requests;
            std::thread::spawn(move || {
                let mut seen = Seen::default();
                // Side by side, and not all at once.
                let mut next = began + pause * number / rate.connections;
                let mut count = number as usize;
                while !ended.load(Ordering::SeqCst) {
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    next = Instant::now().max(next + pause);
                    count += 1;
                    seen.note(began, MIX[count % MIX.len()], &mut user);
                }
                seen
            })
        };
        let threads = (0..rate.connections).map(user).collect();
        Self { ended, threads }
    }

    /// Ends them, and tells.
    pub fn end(mut self) -> Seen {
        self.ended.store(true, Ordering::SeqCst);
        let mut all = Seen::default();
        for thread in self.threads.drain(..) {
            let seen = thread.join().expect("a user");
            all.times.extend(seen.times);
            all.asked.extend(seen.asked);
            all.failed.extend(seen.failed);
            all.digests.extend(seen.digests);
        }
        all.times.sort_unstable();
        all.failed.sort();
        all
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

impl Seen {
    fn note(&mut self, began: Instant, wanted: (&str, &str, u16), user: &mut User) {
        let (method, path, right) = wanted;
        let asked = Instant::now();
        let answer = user.ask(method, path);
        self.times.push(asked.elapsed());
        self.asked.push(asked - began);
        let wrong = match answer {
            Ok((status, body)) if status == right => {
                if path == "/version" {
                    let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                    self.digests.insert(told["image_digest"].as_str().unwrap_or("none").to_owned());
                }
                return;
            }
            Ok((status, body)) => {
                format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(300)]))
            }
            Err(error) => {
                user.connection = None;
                format!("{error}")
            }
        };
        let how = if user.stays { "kept" } else { "new" };
        self.failed.push((
            asked - began,
            format!("{method} {path} on a {how} connection after {:?}: {wrong}", asked.elapsed()),
        ));
    }

    /// Not one request failed, and there were some.
    #[track_caller]
    pub fn clean(&self) -> &Self {
        assert!(
            self.failed.is_empty(),
            "{} of {} failed: {:#?}",
            self.failed.len(),
            self.times.len(),
            self.failed
        );
        assert!(!self.times.is_empty(), "nothing was asked");
        self
    }

    /// Whatever failed did so within this time, after which everybody was answered again. Answers how many failed.
    #[track_caller]
    pub fn clean_but_for(&self, limit: Duration) -> usize {
        let (Some((first, _)), Some((last, _))) = (self.failed.first(), self.failed.last()) else { return 0 };
        let after = self.asked.iter().filter(|at| *at > last).count();
        assert!(*last - *first <= limit && after > 0, "{after} answered after {:#?}", self.failed);
        self.failed.len()
    }

    /// Only these answered.
    #[track_caller]
    pub fn only(&self, digests: &[&str]) -> &Self {
        let strange: Vec<_> = self.digests.iter().filter(|it| !digests.contains(&it.as_str())).collect();
        assert!(strange.is_empty() && !self.digests.is_empty(), "{strange:?} answered, expected {digests:?}");
        self
    }

    /// The time that this share of the requests was not slower than.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let at = (last as f64 * share).round() as usize;
        self.times.get(at).copied().unwrap_or_default()
    }
}

/// One user, on one connection at a time.
struct User {
    address: SocketAddr,
    stays: bool,
    connection: Option<TcpStream>,
}

impl User {
    fn ask(&mut self, method: &str, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
        let mut stream = match self.connection.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let body = if method == "POST" { "{}" } else { "" };
        let close = if self.stays { "" } else { "connection: close\r\n" };
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: ingress\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{close}\r\n{body}"
        );
        stream.write_all(head.as_bytes())?;
        let (status, body, open) = answer(&mut stream)?;
        if open && self.stays {
            self.connection = Some(stream);
        }
        Ok((status, body))
    }
}

/// Reads one answer; whether the connection is good for another request.
fn answer(stream: &mut TcpStream) -> std::io::Result<(u16, Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let mut more = |bytes: &mut Vec<u8>| -> std::io::Result<bool> {
        let count = stream.read(&mut buffer)?;
        bytes.extend(&buffer[..count]);
        Ok(count > 0)
    };
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if !more(&mut bytes)? {
            return Err(Error::other(format!("the connection ended after {} bytes", bytes.len())));
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| Error::other(format!("no HTTP: {head}")))?;
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(|it| it.trim().to_owned()))
    };
    if let Some(length) = header("content-length") {
        let length: usize = length.parse().map_err(Error::other)?;
        while body.len() < length {
            if !more(&mut body)? {
                return Err(Error::other(format!("{} bytes of {length} came", body.len())));
            }
        }
    } else if header("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            if !more(&mut body)? {
                return Err(Error::other("the last chunk did not come"));
            }
        }
    } else {
        while more(&mut body)? {}
    }
    let open = header("connection").is_none_or(|it| it != "close");
    Ok((status, body, open))
}
