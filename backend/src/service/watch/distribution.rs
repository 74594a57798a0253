//! The little of the distribution API that a watcher needs: the list of tags, and what a tag names.

use super::challenge::Challenge;
use super::{LONGEST_RETRY_AFTER, SECOND};
use crate::net::{self, Client, NetError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::{Digest, ImageRef, Tag};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// What a manifest can be.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// The most bytes of a manifest that are read, where a registry does not say its digest.
const MANIFEST_LIMIT: usize = 4 * 1024 * 1024;

/// The most bytes of a page of tags, or of a token.
const PAGE_LIMIT: usize = 4 * 1024 * 1024;

/// The most pages of tags; each has up to a thousand.
const PAGES: usize = 100;

/// Why a registry could not be asked. This never means that something is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unanswered {
    pub message: String,
    /// How long it wants to be left alone, in microseconds.
    pub retry_after: Option<i64>,
}

/// A repository in a registry.
pub(super) struct Repository<'a> {
    client: &'a Client,
    base: Url,
    name: String,
    /// Name and password, as Basic has them.
    credentials: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Repository<'a> {
    /// A repository by its full name, `<host>[:<port>]/<name>`. Without TLS only if it is on this machine.
    pub(super) fn new(
        client: &'a Client,
        repository: &str,
        credentials: Option<(&str, &str)>,
    ) -> Result<Self, Unanswered> {
        let reference: ImageRef = repository.parse().map_err(unanswered)?;
        let host = reference.registry.ok_or_else(|| unanswered("the repository names no registry"))?;
        // The registry that this name stands for is reached elsewhere, and keeps its own images apart.
        let (host, name) = match host.as_str() {
            "docker.io" | "index.docker.io" if !reference.repository.contains('/') => {
                ("registry-1.docker.io".to_owned(), format!("library/{}", reference.repository))
            }
            "docker.io" | "index.docker.io" => ("registry-1.docker.io".to_owned(), reference.repository),
            _ => (host, reference.repository),
        };
        let mut base = net::address(&format!("https://{host}/v2/{name}/"))?;
        if net::is_this_machine(&base) {
            base = net::address(&format!("http://{host}/v2/{name}/"))?;
        }
        let credentials = credentials.map(|(username, password)| {
            let pair = STANDARD.encode(format!("{username}:{password}"));
            secret(&format!("Basic {pair}"))
        });
        Ok(Self { client, base, name, credentials: credentials.transpose()?, authorization: None })
    }

    /// All tags that the registry lists; none if it does not know the repository.
    pub(super) async fn tags(&mut self) -> Result<Vec<Tag>, Unanswered> {
        let mut tags = Vec::new();
        let mut next = Some(self.at("tags/list?n=1000")?);
        for _ in 0..PAGES {
            let Some(url) = next.take() else { return Ok(tags) };
            let response = self.ask(Method::GET, url.clone(), "application/json").await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Ok(tags);
            }
            next = following(&url, response.headers())?;
            let body = net::body(response, PAGE_LIMIT).await?;
            let page: TagPage = serde_json::from_slice(&body)
                .map_err(|error| unanswered(format!("the list of tags cannot be read: {error}")))?;
            // A tag that is none of ours could not stand in evidence either.
            tags.extend(page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse::<Tag>().ok()));
        }
        Err(unanswered(format!("the list of tags has more than {PAGES} pages")))
    }

    /// What a tag names; none if the registry says that there is no such tag.
    pub(super) async fn digest(&mut self, tag: &Tag) -> Result<Option<Digest>, Unanswered> {
        let url = self.at(&format!("manifests/{tag}"))?;
        let head = self.ask(Method::HEAD, url.clone(), MANIFESTS).await?;
        if head.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if let Some(digest) = head.headers().get("docker-content-digest") {
            let read = digest.to_str().ok().and_then(|digest| digest.parse().ok());
            return read.map(Some).ok_or_else(|| unanswered(format!("the digest of {tag} cannot be read")));
        }
        let whole = self.ask(Method::GET, url, MANIFESTS).await?;
        if whole.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(Digest::of(&net::body(whole, MANIFEST_LIMIT).await?)))
    }

    fn at(&self, path: &str) -> Result<Url, Unanswered> {
        self.base.join(path).map_err(unanswered)
    }

    /// One exchange. A token that ran out in between is fetched anew, once. Only what is there, or is not there,
    /// is an answer.
    async fn ask(&mut self, method: Method, url: Url, accept: &str) -> Result<Response, Unanswered> {
        let first = self.send(method.clone(), &url, accept).await?;
        let response = if first.status() == StatusCode::UNAUTHORIZED {
            self.authorize(first.headers()).await?;
            self.send(method, &url, accept).await?
        } else {
            first
        };
        match response.status() {
            status if status.is_success() || status == StatusCode::NOT_FOUND => Ok(response),
            status => Err(refused(status, response.headers(), "the registry")),
        }
    }

    async fn send(&self, method: Method, url: &Url, accept: &str) -> Result<Response, Unanswered> {
        let mut request = self.client.request(method, url.as_str())?.header(header::ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        Ok(request.send().await.map_err(NetError::from)?)
    }

    /// Meets what a 401 asks for.
    async fn authorize(&mut self, headers: &HeaderMap) -> Result<(), Unanswered> {
        let given = headers.get_all(header::WWW_AUTHENTICATE);
        let challenge = Challenge::of(given.iter().filter_map(|value| value.to_str().ok()));
        match challenge {
            Some(Challenge::Bearer { realm, service, scope }) => {
                let token = self.fetch_token(&realm, service, scope).await?;
                self.authorization = Some(secret(&format!("Bearer {token}"))?);
            }
            Some(Challenge::Basic) if self.credentials.is_some() => {
                self.authorization = self.credentials.clone();
            }
            Some(Challenge::Basic) => {
                return Err(unanswered(
                    "the registry asks for a name and a password; `portbook admin watch registry add` takes them",
                ));
            }
            None => return Err(unanswered("the registry answers 401 without saying what it asks for")),
        }
        Ok(())
    }

    async fn fetch_token(
        &self,
        realm: &str,
        service: Option<String>,
        scope: Option<String>,
    ) -> Result<String, Unanswered> {
        let mut url = net::address(realm)?;
        if self.base.scheme() == "https" && url.scheme() != "https" {
            return Err(unanswered(
                "the registry wants a password sent in the clear, to an address without TLS",
            ));
        }
        let scope = scope.unwrap_or_else(|| format!("repository:{}:pull", self.name));
        url.query_pairs_mut().append_pair("scope", &scope);
        if let Some(service) = service {
            url.query_pairs_mut().append_pair("service", &service);
        }
        let mut request = self.client.get(url.as_str())?;
        if let Some(credentials) = &self.credentials {
            request = request.header(header::AUTHORIZATION, credentials.clone());
        }
        let response = request.send().await.map_err(NetError::from)?;
        if !response.status().is_success() {
            return Err(refused(response.status(), response.headers(), "the registry's token service"));
        }
        let body = net::body(response, PAGE_LIMIT).await?;
        let answer: Option<TokenAnswer> = serde_json::from_slice(&body).ok();
        let token = answer.and_then(|answer| answer.token.or(answer.access_token));
        token.ok_or_else(|| unanswered("the registry's token service answers without a token"))
    }
}

impl From<NetError> for Unanswered {
    fn from(error: NetError) -> Self {
        unanswered(error)
    }
}

fn unanswered(why: impl ToString) -> Unanswered {
    Unanswered { message: why.to_string(), retry_after: None }
}

fn refused(status: StatusCode, headers: &HeaderMap, who: &str) -> Unanswered {
    let message = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            format!("{who} answers {status}: the name or password is wrong, or may not read this repository")
        }
        StatusCode::TOO_MANY_REQUESTS => format!("{who} answers {status}: it is asked too often"),
        _ => format!("{who} answers {status}"),
    };
    let value = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Unanswered { message, retry_after: value.and_then(|value| retry_after(value, OffsetDateTime::now_utc())) }
}

/// A Retry-After (RFC 9110, section 10.2.3) in microseconds: seconds, or an instant.
fn retry_after(value: &str, now: OffsetDateTime) -> Option<i64> {
    let seconds = match value.trim().parse::<u32>() {
        Ok(seconds) => i64::from(seconds),
        Err(_) => (OffsetDateTime::parse(value.trim(), &Rfc2822).ok()? - now).whole_seconds(),
    };
    Some(seconds.clamp(0, LONGEST_RETRY_AFTER / SECOND) * SECOND)
}

/// The next page's address, by `Link: <…>; rel="next"`. It stays with the registry.
fn following(url: &Url, headers: &HeaderMap) -> Result<Option<Url>, Unanswered> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    let mut next = links.flat_map(|links| links.split(", ")).filter_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|p| matches!(p.trim(), "rel=next" | "rel=\"next\""));
        is_next.then(|| target.to_owned())
    });
    let Some(target) = next.next() else { return Ok(None) };
    let target = url.join(&target).map_err(unanswered)?;
    if target.origin() != url.origin() || target == *url {
        return Err(unanswered("the list of tags goes on at an address that is not the registry's"));
    }
    Ok(Some(target))
}

/// A header's value that no log shows.
fn secret(text: &str) -> Result<HeaderValue, Unanswered> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| unanswered("the password or token has characters that no header can have"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_says_how_long_to_wait_in_seconds_or_by_an_instant() {
        let now = OffsetDateTime::from_unix_timestamp(784_111_777 - 90).unwrap();
        assert_eq!(retry_after("120", now), Some(120 * SECOND));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(90 * SECOND));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("4294967295", now), Some(LONGEST_RETRY_AFTER));
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn pages_follow_each_other_within_the_registry() {
        let url: Url = "https://registry.example/v2/a/tags/list?n=2".parse().unwrap();
        let headers = |link: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::LINK, HeaderValue::from_str(link).unwrap());
            headers
        };
        let next = following(&url, &headers("</v2/a/tags/list?last=b&n=2>; rel=\"next\"")).unwrap();
        assert_eq!(next.unwrap().as_str(), "https://registry.example/v2/a/tags/list?last=b&n=2");
        assert_eq!(following(&url, &headers("</x>; rel=\"first\"")), Ok(None));
        assert!(following(&url, &headers("<https://evil.example/>; rel=next")).is_err());
        assert!(following(&url, &headers("</v2/a/tags/list?n=2>; rel=next")).is_err(), "a circle");
    }

    #[test]
    fn the_short_name_of_docker_hub_is_reached_where_it_is() {
        let client = Client::new(None).unwrap();
        let base = |name: &str| Repository::new(&client, name, None).unwrap().base.to_string();
        assert_eq!(base("docker.io/redis"), "https://registry-1.docker.io/v2/library/redis/");
        assert_eq!(base("ghcr.io/octo/shop"), "https://ghcr.io/v2/octo/shop/");
        assert_eq!(base("localhost:5000/shop"), "http://localhost:5000/v2/shop/");
    }
}
