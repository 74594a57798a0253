//! The one HTTP client: rustls with ring, and what this system trusts.

use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Method, RequestBuilder, Response, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an exchange may take in all, unless its request says otherwise.
const WHOLE: Duration = Duration::from_secs(20);

/// How many redirects are followed; none of them to another host.
const REDIRECTS: usize = 3;

/// Where systems keep the authorities that they trust.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A client for every service that is asked. Cheap to clone; all clones share its connections.
///
/// A status is never an error. A redirect to another host is not followed but answered as it is, so no
/// credential goes astray.
#[derive(Clone, Debug)]
pub struct Client {
    outside: reqwest::Client,
    // Past any proxy: what is sent to this machine stays here.
    here: reqwest::Client,
}

/// Why there was no answer, or none that could be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NetError(String);

impl Client {
    /// A client that trusts the authorities of `bundle` (`SSL_CERT_FILE`), else those of this system, else those
    /// that are compiled in.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(bundle: Option<&Path>) -> Result<Self, NetError> {
        let tls = tls(bundle)?;
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .tls_backend_preconfigured(tls.clone())
                .user_agent(concat!("portbook/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
                .timeout(WHOLE)
                .referer(false)
                .redirect(Policy::custom(same_origin))
                .build()
                .map_err(NetError::from)
        };
        Ok(Self {
            outside: build(reqwest::Client::builder())?,
            here: build(reqwest::Client::builder().no_proxy())?,
        })
    }

    /// Begins a request.
    ///
    /// # Errors
    /// When `url` is no address that can be asked.
    pub fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, NetError> {
        let url = address(url)?;
        let client = if is_this_machine(&url) { &self.here } else { &self.outside };
        Ok(client.request(method, url))
    }

    /// Begins a GET.
    ///
    /// # Errors
    /// When `url` is no address that can be asked.
    pub fn get(&self, url: &str) -> Result<RequestBuilder, NetError> {
        self.request(Method::GET, url)
    }
}

/// Reads a body of at most `most` bytes.
///
/// # Errors
/// When there is more, or the connection ends before the body does.
pub async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, NetError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(NetError::from)? {
        if body.len() + chunk.len() > most {
            return Err(NetError(format!("the answer has more than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An address that can be asked: http or https, a host, and no credentials, which would end up in logs.
///
/// # Errors
/// When it is another one; the text may hold a password and is not repeated.
pub fn address(url: &str) -> Result<Url, NetError> {
    let wrong = |why: &str| NetError(format!("expected an address http(s)://<host>/…: {why}"));
    let url: Url = url.parse().map_err(|_| wrong("this is none"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("the scheme is another"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it must not hold a name or password"));
    }
    Ok(url)
}

/// Whether an address is of this machine itself.
pub fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl From<reqwest::Error> for NetError {
    /// The innermost causes say the most, and the address is left out because it can hold a query.
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        Self(text)
    }
}

fn same_origin(attempt: Attempt<'_>) -> Action {
    let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
}

fn tls(bundle: Option<&Path>) -> Result<ClientConfig, NetError> {
    let mut roots = RootCertStore::empty();
    let named = bundle.map(Path::to_owned).into_iter();
    for path in named.chain(BUNDLES.iter().map(PathBuf::from)) {
        roots.add_parsable_certificates(certificates(&path));
        if !roots.is_empty() {
            break;
        }
    }
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError(format!("TLS cannot be set up: {error}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// What of a file can be read as certificates; nothing where there is no such file.
fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    let Ok(text) = std::fs::read(path) else {
        return Vec::new();
    };
    CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_names_that_look_like_it() {
        let here = |url: &str| is_this_machine(&address(url).unwrap());
        for url in ["http://localhost:5000/", "http://127.1.2.3", "https://[::1]:5000/v2/"] {
            assert!(here(url), "{url}");
        }
        for url in ["https://ghcr.io", "http://127.evil.example", "http://localhost.example", "http://[::2]"]
        {
            assert!(!here(url), "{url}");
        }
    }

    #[test]
    fn addresses_hold_no_credentials_and_are_not_repeated() {
        for url in ["", "ftp://host/", "host/path", "https://me:hunter2@host/", "http:///path:hunter2"] {
            let error = address(url);
            assert!(error.is_err() || url.starts_with("http:///"), "{url}");
            assert!(!format!("{:?}", error.err()).contains("hunter2"), "{url}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.pem");
        std::fs::write(&path, "nothing here\n").unwrap();
        assert!(certificates(&path).is_empty());
        assert!(Client::new(Some(&path)).is_ok());
    }
}
