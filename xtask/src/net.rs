//! The one HTTP client of the pipeline: blocking, with rustls and ring.
//!
//! Measured on two cores: it adds 3.3 s to a cold compile, of which TLS is 1.4 s. Compression, cookies, JSON and
//! character sets of ureq are left out.

use crate::context::Env;
use std::path::Path;
use std::time::Duration;
use ureq::Agent;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the other side may be silent while a body travels.
const SILENCE: Duration = Duration::from_secs(60);
/// How long an answer may be in coming: a registry reads a big blob once more before it answers.
const ANSWER: Duration = Duration::from_secs(300);

/// Where systems keep the authorities that they trust.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A client for one service, by its base URL. A status is never an error, and no credential follows a redirect to
/// another host. What this system trusts is trusted (`SSL_CERT_FILE` names another bundle); where there is no such
/// file, the roots that are compiled in.
pub fn agent(env: &Env, base: &str) -> Agent {
    let secure = base.starts_with("https://");
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .https_only(secure)
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .user_agent(concat!("portbook-xtask/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE));
    if secure {
        config = config.tls_config(TlsConfig::builder().root_certs(roots(env)).build());
    } else {
        // What is asked without TLS is on this machine or beside it.
        config = config.proxy(None);
    }
    config.build().new_agent()
}

/// Whether `host`, or `host:port`, is this machine itself: what is sent there stays here.
pub fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn roots(env: &Env) -> RootCerts {
    let named = env.get("SSL_CERT_FILE");
    let bundles = named.into_iter().chain(BUNDLES.iter().copied());
    bundles.map(Path::new).find_map(read_bundle).unwrap_or(RootCerts::WebPki)
}

fn read_bundle(path: &Path) -> Option<RootCerts> {
    let text = std::fs::read(path).ok()?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&text)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_names_that_look_like_it() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]", "[::1]:5000"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "ghcr.io", "127.evil.example", "localhost.example:5000", "10.0.0.1", "[::2]:1"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_bundle_without_certificates_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty.pem");
        std::fs::write(&path, "nothing here\n").unwrap();
        assert!(read_bundle(&path).is_none());
        assert!(read_bundle(&dir.path().join("absent")).is_none());
    }
}
