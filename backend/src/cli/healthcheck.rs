//! `portbook healthcheck`: runs every few seconds in each container, so it is small and quick.

use super::{Failure, block_on, print};
use crate::config::{DatabaseConfig, Reader, listen_address};
use crate::service::status::{self, HEARTBEAT_LIMIT};
use crate::store::Store;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(3);

/// More than any status line needs.
const ANSWER_LIMIT: usize = 64;

/// Asks the server whether it is ready.
pub(super) fn server(reader: Reader<'_>, url: Option<String>) -> Result<(), Failure> {
    let url = match url {
        Some(url) => url,
        None => own_url(reader)?,
    };
    let (authority, path) = split(&url)?;
    let status =
        ask(authority, path).map_err(|error| Failure::Failed(format!("{url} does not answer: {error}")))?;
    if status == 200 {
        return print("ok");
    }
    Err(Failure::Failed(format!("{url} answers {status}, expected 200")))
}

/// Asks the database for a sign of life of any worker.
pub(super) fn worker(reader: Reader<'_>) -> Result<(), Failure> {
    let database = DatabaseConfig::read(&reader);
    reader.finish()?;
    block_on(async {
        let store = Store::new(&database);
        let asked = tokio::time::timeout(TIME_LIMIT, status::heartbeat_age(&store)).await;
        let age = asked.map_err(|_| Failure::Failed("the database does not answer".to_owned()))??;
        match age {
            Some(age) if age <= HEARTBEAT_LIMIT => print("ok"),
            Some(age) => {
                let (age, limit) = (age.as_secs(), HEARTBEAT_LIMIT.as_secs());
                let silent = format!("the last heartbeat is {age} s old, expected at most {limit} s");
                Err(Failure::Failed(silent))
            }
            None => Err(Failure::Failed("no worker has ever run on this database".to_owned())),
        }
    })
}

fn own_url(reader: Reader<'_>) -> Result<String, Failure> {
    let mut address = listen_address(&reader);
    reader.finish()?;
    if address.port() == 0 {
        let advice = "PORTBOOK_LISTEN has port 0, so the port is not known; name it with --url";
        return Err(Failure::Usage(advice.to_owned()));
    }
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(format!("http://{address}/readyz"))
}

fn split(url: &str) -> Result<(&str, &str), Failure> {
    let wrong = || Failure::Usage(format!("{url:?} is not http://<host>:<port>/<path>"));
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(wrong());
    }
    Ok((authority, if path.is_empty() { "/" } else { path }))
}

fn ask(authority: &str, path: &str) -> std::io::Result<u16> {
    let unknown = || std::io::Error::other("the host has no address");
    let address = authority.to_socket_addrs()?.next().ok_or_else(unknown)?;
    let mut stream = TcpStream::connect_timeout(&address, TIME_LIMIT)?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    stream.set_write_timeout(Some(TIME_LIMIT))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = [0; ANSWER_LIMIT];
    let mut length = 0;
    while length < ANSWER_LIMIT && !answer[..length].contains(&b'\n') {
        match stream.read(&mut answer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    let line = String::from_utf8_lossy(&answer[..length]);
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| std::io::Error::other("the answer is not HTTP/1.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        assert_eq!(split("http://127.0.0.1:80/readyz").unwrap(), ("127.0.0.1:80", "/readyz"));
        assert_eq!(split("http://[::1]:80").unwrap(), ("[::1]:80", "/"));
        for bad in ["", "127.0.0.1:80", "https://a:1/", "http://a/", "http://a:99999/", "http://a:1/ b"] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_own_address_is_one_that_can_be_asked() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/readyz"),
            ("[::]:8080", "http://[::1]:8080/readyz"),
            ("127.0.0.2:81", "http://127.0.0.2:81/readyz"),
        ] {
            let environment = |name: &str| (name == "PORTBOOK_LISTEN").then(|| listen.into());
            assert_eq!(own_url(Reader::new(&environment)).unwrap(), url);
        }
        let environment = |_: &str| Some("127.0.0.1:0".into());
        assert!(matches!(own_url(Reader::new(&environment)), Err(Failure::Usage(_))));
    }
}
