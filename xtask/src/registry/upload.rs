//! Uploading one blob: mounted from a neighbour, or in one piece, or what a cut connection left to be sent.

use super::call::{Answer, Call, Payload, Stumble};
use super::fault;
use super::repository::Repository;
use crate::error::Problem;
use crate::patience::passes;
use anyhow::Result;
use evidence::Digest;
use std::path::Path;

/// Bigger blobs are sent by a PATCH before the PUT, as docker does: a registry that keeps what arrived before a cut keeps it
/// of a PATCH. (distribution 2.8 keeps nothing and is sent all of it again.) A smaller blob is not worth the request.
const ONE_REQUEST: u64 = 4 << 20;

/// How a blob came into the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The registry has taken it from another repository of its own.
    Mounted,
    /// It was sent.
    Sent,
}

/// Where a blob's bytes are.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// In a file of that many bytes.
    File(&'a Path, u64),
    /// In memory.
    Bytes(&'a [u8]),
}

impl Source<'_> {
    fn size(self) -> u64 {
        match self {
            Self::File(_, size) => size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// What is left from an offset.
    fn rest(self, from: u64) -> Payload {
        match self {
            Self::File(path, size) => Payload::File(path.to_owned(), from, size - from),
            Self::Bytes(bytes) => Payload::Bytes(bytes.iter().skip(from as usize).copied().collect()),
        }
    }
}

/// An upload that the registry has opened: where to send to, and how much it has.
struct Session {
    url: String,
    offset: u64,
}

impl Repository {
    /// Brings a blob into the repository.
    ///
    /// # Errors
    /// When the registry does not take it, however often it is asked.
    pub fn upload(&self, digest: &Digest, source: Source<'_>, mount_from: &[String]) -> Result<Arrived> {
        let mut session = None;
        for other in mount_from {
            match self.open_session(&format!("?mount={digest}&from={other}"))? {
                None => return Ok(Arrived::Mounted),
                // Not mounted: an upload was opened instead, and it is as good as any.
                Some(opened) => session = Some(opened),
            }
        }
        let mut attempt = 1;
        loop {
            let open = match session.take() {
                Some(open) => open,
                None => match self.open_session("")? {
                    Some(open) => open,
                    None => return Ok(Arrived::Mounted),
                },
            };
            let stumbled = match self.send_rest(&open, digest, source) {
                Ok(answer) if matches!(answer.status, 200..=202) => {
                    let told = answer.header("docker-content-digest");
                    if told.starts_with("sha256:") && told != digest.as_str() {
                        let told = self.transport.clean(told);
                        return Err(fault::lies(&self.transport.host, "a blob", digest, &told).into());
                    }
                    return Ok(Arrived::Sent);
                }
                // 404: the upload is gone; 416: it has another length than it said. A new one helps with both.
                Ok(answer) if passes(answer.status) || matches!(answer.status, 404 | 416) => Some(answer),
                Ok(answer) => {
                    let line = format!("blob {digest}");
                    return Err(fault::unexpected(
                        &self.transport.host,
                        &line,
                        &self.transport.said(&answer),
                    )
                    .into());
                }
                Err(Stumble::Final(problem)) => return Err(problem.into()),
                Err(Stumble::Cut(why)) => {
                    if attempt >= self.transport.patience().attempts {
                        return Err(fault::unreachable(&self.transport.host, &why, attempt).into());
                    }
                    None
                }
            };
            if attempt >= self.transport.patience().attempts {
                let said = stumbled.as_ref().map(|answer| self.transport.said(answer)).unwrap_or_default();
                let line = format!("blob {digest}");
                return Err(fault::unavailable(&self.transport.host, &line, &said, attempt).into());
            }
            self.transport.wait(attempt, stumbled.as_ref())?;
            // The last byte may have arrived and only the answer got lost.
            if self.has_blob(digest)? {
                return Ok(Arrived::Sent);
            }
            session = self.what_arrived(&open, source.size());
            attempt += 1;
        }
    }

    /// Opens an upload; none when the blob is there already, mounted.
    fn open_session(&self, query: &str) -> Result<Option<Session>, Problem> {
        let call = Call::new("POST", self.url(&format!("blobs/uploads/{query}")));
        let answer = self.transport.send(&call)?;
        match answer.status {
            201 => Ok(None),
            202 => Ok(Some(Session { url: self.located(answer.header("location"))?, offset: 0 })),
            _ => Err(self.unexpected(&call, &answer)),
        }
    }

    /// Sends what is missing and closes the upload: in one request where it is small, else by a PATCH and a PUT.
    fn send_rest(&self, session: &Session, digest: &Digest, source: Source<'_>) -> Result<Answer, Stumble> {
        let octets = ("content-type", "application/octet-stream".to_owned());
        let closing = |url: &str| {
            let mark = if url.contains('?') { '&' } else { '?' };
            Call::new("PUT", format!("{url}{mark}digest={digest}"))
        };
        if session.offset == 0 && source.size() <= ONE_REQUEST {
            let mut call = closing(&session.url).body(source.rest(0));
            call.headers.push(octets);
            return self.transport.once(&call);
        }
        let mut url = session.url.clone();
        if session.offset < source.size() {
            let mut call = Call::new("PATCH", &session.url).body(source.rest(session.offset));
            if session.offset > 0 {
                call = call.header("content-range", format!("{}-{}", session.offset, source.size() - 1));
            }
            call.headers.push(octets);
            let answer = self.transport.once(&call)?;
            if answer.status != 202 {
                return Ok(answer);
            }
            url = self.located(answer.header("location")).map_err(Stumble::Final)?;
        }
        self.transport.once(&closing(&url))
    }

    /// What of an upload has arrived, if the registry tells; an upload that it does not know of is begun anew.
    fn what_arrived(&self, session: &Session, size: u64) -> Option<Session> {
        let answer = self.transport.once(&Call::new("GET", &session.url)).ok()?;
        if answer.status != 204 {
            return None;
        }
        let offset = range_end(answer.header("range"))?;
        let url = self.located(answer.header("location")).unwrap_or_else(|_| session.url.clone());
        (offset <= size && offset > 0).then_some(Session { url, offset })
    }
}

/// The number of bytes in `Range: 0-N`, where N is the last one. Nothing yet is written as `0-0` too, so one byte counts
/// as none.
fn range_end(range: &str) -> Option<u64> {
    let end: u64 = range.trim_start_matches("bytes=").strip_prefix("0-")?.parse().ok()?;
    Some(if end == 0 { 0 } else { end + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_name_their_last_byte() {
        assert_eq!(range_end("0-1023"), Some(1024));
        assert_eq!(range_end("bytes=0-9"), Some(10));
        assert_eq!(range_end("0-0"), Some(0));
        assert_eq!(range_end(""), None);
        assert_eq!(range_end("5-9"), None);
    }
}
