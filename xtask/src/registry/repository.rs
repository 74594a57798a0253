//! One repository of a registry: manifests, tags, blobs.
//!
//! Source: OCI distribution specification 1.1.

use super::call::{Answer, Call, Payload};
use super::transport::Transport;
use super::{credentials, fault};
use crate::context::Context;
use crate::error::Problem;
use crate::image::manifest::{ACCEPTED, Config, Manifest};
use crate::net;
use anyhow::Result;
use evidence::{Digest, ImageRef, Tag};
use serde::Deserialize;

/// More pages of tags than any registry of ours has; a registry that links in a circle is left.
const MOST_PAGES: usize = 1000;

/// What is going to be done, which is what a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Pull,
    /// Read and write.
    Push,
    /// Read and delete.
    Delete,
}

/// One repository of a registry.
pub struct Repository {
    /// The way to the registry.
    pub(super) transport: Transport,
    /// Its name at the registry.
    pub name: String,
}

impl Repository {
    /// Opens `registry/repository`; nothing is asked yet. Names are lower-cased. `mount_from` names repositories of the
    /// same registry whose blobs may be used.
    ///
    /// # Errors
    /// When the reference names no registry, or credentials cannot be read.
    pub fn open(ctx: &Context, image: &ImageRef, access: Access, mount_from: &[String]) -> Result<Self> {
        let Some(host) = image.registry.clone() else {
            return Err(Problem::usage(format!("{image} names no registry, and none is guessed"))
                .next(format!("--image ghcr.io/{}", image.repository))
                .into());
        };
        let credentials = credentials::look_up(&ctx.env, &host)?;
        let base = base_url(&host, ctx.env.get("PORTBOOK_INSECURE_REGISTRIES").unwrap_or_default());
        let mut transport = Transport::new(&host, &base, &ctx.env, &ctx.stop, credentials);
        let actions = match access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
            Access::Delete => "pull,delete",
        };
        transport.want(format!("repository:{}:{actions}", image.repository));
        for other in mount_from {
            transport.want(format!("repository:{other}:pull"));
        }
        Ok(Self { transport, name: image.repository.clone() })
    }

    /// The registry's `host[:port]`.
    pub fn host(&self) -> &str {
        &self.transport.host
    }

    /// `host/name`, as images are referred to.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.transport.host, self.name)
    }

    /// The requests that were sent so far, each a line with its answer.
    pub fn requests(&self) -> Vec<String> {
        self.transport.requests()
    }

    /// The bytes of blobs that were sent so far.
    pub fn sent(&self) -> u64 {
        self.transport.sent()
    }

    /// Calls `progress` with the bytes of each piece of a blob that is sent.
    pub fn on_progress(&mut self, progress: impl Fn(u64) + 'static) {
        self.transport.on_progress(progress);
    }

    pub(super) fn url(&self, rest: &str) -> String {
        format!("{}/v2/{}/{rest}", self.transport.base, self.name)
    }

    /// The manifest that a tag names, or none. Every byte is compared with the digest that the registry says it has.
    pub fn by_tag(&self, tag: &str) -> Result<Option<Manifest>> {
        self.manifest(tag, None)
    }

    /// The manifest of a digest, or none.
    pub fn by_digest(&self, digest: &Digest) -> Result<Option<Manifest>> {
        self.manifest(digest.as_str(), Some(digest))
    }

    fn manifest(&self, reference: &str, expected: Option<&Digest>) -> Result<Option<Manifest>> {
        let call = Call::new("GET", self.url(&format!("manifests/{reference}"))).header("accept", ACCEPTED);
        let Some(answer) = self.found(&call)? else {
            return Ok(None);
        };
        let found = Digest::of(&answer.body);
        let told = answer.header("docker-content-digest");
        if let Some(expected) = expected.filter(|expected| **expected != found) {
            return Err(fault::lies(&self.transport.host, reference, expected, found.as_str()).into());
        }
        if told.starts_with("sha256:") && told != found.as_str() {
            let what = format!("{}:{reference}", self.name);
            return Err(fault::lies(&self.transport.host, &what, &found, &self.transport.clean(told)).into());
        }
        let media_type = answer.header("content-type").to_owned();
        Ok(Some(Manifest::parse(answer.body, &media_type)?))
    }

    /// Whether the registry has a manifest.
    pub fn has_manifest(&self, digest: &Digest) -> Result<bool> {
        let call = Call::new("HEAD", self.url(&format!("manifests/{digest}"))).header("accept", ACCEPTED);
        self.exists(&call)
    }

    /// Whether the registry has a blob.
    pub fn has_blob(&self, digest: &Digest) -> Result<bool> {
        self.exists(&Call::new("HEAD", self.url(&format!("blobs/{digest}"))))
    }

    fn exists(&self, call: &Call) -> Result<bool> {
        Ok(self.found(call)?.is_some())
    }

    /// The answer to a question about something, or none where it is not there.
    fn found(&self, call: &Call) -> Result<Option<Answer>> {
        let answer = self.transport.send(call)?;
        match answer.status {
            200 => Ok(Some(answer)),
            404 => Ok(None),
            _ => Err(self.unexpected(call, &answer).into()),
        }
    }

    /// The configuration of an image, of an index the first image's.
    pub fn config_of(&self, manifest: &Manifest) -> Result<Option<Config>> {
        let first = match manifest.content.images().next() {
            Some(entry) if manifest.is_index() => self.by_digest(&entry.digest)?,
            _ => None,
        };
        let Some(config) = &first.as_ref().unwrap_or(manifest).content.config else {
            return Ok(None);
        };
        Ok(self.blob(&config.digest)?.and_then(|bytes| Config::parse(&bytes).ok()))
    }

    /// A small blob, such as a configuration, or none.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let call = Call::new("GET", self.url(&format!("blobs/{digest}")));
        let Some(answer) = self.found(&call)? else {
            return Ok(None);
        };
        let found = Digest::of(&answer.body);
        if found != *digest {
            return Err(fault::lies(&self.transport.host, "a blob", digest, found.as_str()).into());
        }
        Ok(Some(answer.body))
    }

    /// Puts a manifest's raw bytes under its digest or under a tag. Answers whether the registry keeps referrers itself.
    pub fn put_manifest(&self, manifest: &Manifest, tag: Option<&Tag>) -> Result<bool> {
        let reference = tag.map_or(manifest.digest.as_str(), Tag::as_str);
        let call = Call::new("PUT", self.url(&format!("manifests/{reference}")))
            .header("content-type", &manifest.media_type)
            .body(Payload::Bytes(manifest.bytes.clone()));
        let answer = self.transport.send(&call)?;
        if !matches!(answer.status, 200..=202) {
            return Err(self.unexpected(&call, &answer).into());
        }
        let told = answer.header("docker-content-digest");
        if told.starts_with("sha256:") && told != manifest.digest.as_str() {
            let told = self.transport.clean(told);
            return Err(fault::lies(&self.transport.host, reference, &manifest.digest, &told).into());
        }
        Ok(!answer.header("oci-subject").is_empty())
    }

    /// Every tag, or none when there is no such repository.
    pub fn tags(&self) -> Result<Option<Vec<String>>> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut tags = Vec::new();
        let mut url = self.url("tags/list?n=1000");
        for _ in 0..MOST_PAGES {
            let call = Call::new("GET", &url);
            let answer = self.transport.send(&call)?;
            match answer.status {
                200 => {}
                404 => return Ok(None),
                _ => return Err(self.unexpected(&call, &answer).into()),
            }
            let page: Page =
                serde_json::from_slice(&answer.body).map_err(|_| self.unexpected(&call, &answer))?;
            tags.extend(page.tags.unwrap_or_default());
            match next_page(answer.header("link")) {
                Some(next) => url = self.located(&next)?,
                None => break,
            }
        }
        tags.sort();
        tags.dedup();
        Ok(Some(tags))
    }

    /// Deletes a manifest and with it every tag that names it. One that is not there is no error.
    pub fn delete(&self, digest: &Digest) -> Result<()> {
        let call = Call::new("DELETE", self.url(&format!("manifests/{digest}")));
        let answer = self.transport.send(&call)?;
        match answer.status {
            200..=202 | 404 => Ok(()),
            405 => Err(Problem::missing(format!("{} does not delete images by this interface", self.transport.host))
                .next(
                    "distribution: set REGISTRY_STORAGE_DELETE_ENABLED=true; GHCR: delete the package's version on GitHub; \
                    ECR: a lifecycle policy",
                )
                .into()),
            _ => Err(self.unexpected(&call, &answer).into()),
        }
    }

    /// A location that the registry named, as an absolute URL.
    pub(super) fn located(&self, location: &str) -> Result<String, Problem> {
        let base = &self.transport.base;
        let same_host = base.strip_prefix("https://").map(|rest| format!("http://{rest}/"));
        if location.starts_with('/') {
            Ok(format!("{base}{location}"))
        } else if let Some(rest) = same_host.and_then(|start| location.strip_prefix(&start)) {
            // A registry behind a proxy that ends TLS may not know that it is asked by https.
            Ok(format!("{base}/{rest}"))
        } else if location.starts_with("https://") || location.starts_with(base.as_str()) {
            Ok(location.to_owned())
        } else {
            Err(fault::unexpected(
                &self.transport.host,
                "a request",
                "it sends us to a place without TLS, or to none",
            ))
        }
    }

    /// The error for an answer that was not expected.
    pub(super) fn unexpected(&self, call: &Call, answer: &Answer) -> Problem {
        let (code, _) = fault::said(answer);
        if code == "NAME_UNKNOWN" {
            return fault::unknown_repository(&self.transport.host, &self.name);
        }
        fault::unexpected(&self.transport.host, &call.line(), &self.transport.said(answer))
    }
}

/// http for this machine and for the hosts that are named as insecure, https for every other one.
fn base_url(host: &str, insecure: &str) -> String {
    let plain = net::is_this_machine(host) || insecure.split(',').any(|one| one.trim() == host);
    match host {
        "docker.io" => "https://registry-1.docker.io".to_owned(),
        _ => format!("http{}://{host}", if plain { "" } else { "s" }),
    }
}

/// The target of `Link: <…>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (target, rest) = link.split_once('<')?.1.split_once('>')?;
    let next = rest.contains("rel=\"next\"") || rest.contains("rel=next");
    (next && !target.is_empty()).then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        assert_eq!(base_url("ghcr.io", ""), "https://ghcr.io");
        assert_eq!(base_url("localhost:5000", ""), "http://localhost:5000");
        assert_eq!(base_url("127.0.0.1:5000", ""), "http://127.0.0.1:5000");
        assert_eq!(base_url("127.evil.example", ""), "https://127.evil.example");
        assert_eq!(base_url("r.internal:5000", "x, r.internal:5000"), "http://r.internal:5000");
        assert_eq!(base_url("docker.io", ""), "https://registry-1.docker.io");
    }

    #[test]
    fn pages_are_followed_by_link() {
        assert_eq!(
            next_page(r#"</v2/a/tags/list?n=2&last=b>; rel="next""#).as_deref(),
            Some("/v2/a/tags/list?n=2&last=b")
        );
        assert_eq!(next_page(r#"</v2/a>; rel="prev""#), None);
        assert_eq!(next_page(""), None);
    }
}
