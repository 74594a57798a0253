//! A distribution registry with passwords: as a process, else in a container.

use crate::support::{eventually, remove_at_exit};
use evidence::Digest;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

pub const USER: &str = "porter";
pub const PASSWORD: &str = "rope-and-4nchor";
/// bcrypt of the password at the lowest cost.
const HTPASSWD: &str = "porter:$2b$04$abcdefghijklmnopqrstuulpxpe8yHiVTzkzT02Tgg3ym7i0/i6Fe\n";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A running registry; it ends with this value, or with the test's process.
pub struct Registry {
    pub address: SocketAddr,
    client: Client,
    process: Option<(Child, tempfile::TempDir)>,
}

fn path() -> String {
    let engine =
        std::env::var("PORTBOOK_ENGINE_BIN").unwrap_or_else(|_| "/opt/portbook-engine/bin".to_owned());
    format!("{engine}:{}", std::env::var("PATH").unwrap_or_default())
}

fn program() -> Option<PathBuf> {
    let paths = path();
    let mut found = std::env::split_paths(&paths).map(|folder| folder.join("docker-registry"));
    found.find(|file| file.is_file())
}

fn docker(args: &[&str]) -> std::io::Result<Output> {
    Command::new("docker").env("PATH", path()).args(args).output()
}

fn must(args: &[&str]) -> String {
    let output = docker(args).unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Why no registry can be started, unless one is required.
pub fn lack() -> Option<String> {
    let works = |args: &[&str]| docker(args).is_ok_and(|output| output.status.success());
    let there = program().is_some()
        || works(&["image", "inspect", "registry:2"])
        || works(&["pull", "--quiet", "registry:2"]);
    let required = std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    let lack = "neither the program docker-registry nor an engine with the image registry:2; cargo xtask doctor --fix";
    (!there && !required).then(|| lack.to_owned())
}

impl Registry {
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let htpasswd = folder.path().join("htpasswd");
        std::fs::write(&htpasswd, HTPASSWD).unwrap();
        let process = match program() {
            Some(program) => {
                let config = json!({
                    "version": 0.1,
                    "log": {"level": "error", "accesslog": {"disabled": true}},
                    "storage": {"inmemory": {}, "delete": {"enabled": true}},
                    "http": {"addr": format!("127.0.0.1:{port}")},
                    "auth": {"htpasswd": {"realm": "test", "path": htpasswd}},
                });
                // JSON is YAML, too.
                let file = folder.path().join("config.yml");
                std::fs::write(&file, config.to_string()).unwrap();
                let log = std::fs::File::create(folder.path().join("log")).unwrap();
                let mut command = Command::new(program);
                command.arg("serve").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
                Some((command.spawn().unwrap(), folder))
            }
            None => {
                let publish = format!("127.0.0.1:{port}:5000");
                let container = must(&[
                    "create",
                    "--publish",
                    &publish,
                    "--env",
                    "REGISTRY_AUTH=htpasswd",
                    "--env",
                    "REGISTRY_AUTH_HTPASSWD_REALM=test",
                    "--env",
                    "REGISTRY_AUTH_HTPASSWD_PATH=/etc/htpasswd",
                    "--env",
                    "REGISTRY_STORAGE_DELETE_ENABLED=true",
                    "registry:2",
                ]);
                remove_at_exit(&container);
                must(&["cp", htpasswd.to_str().unwrap(), &format!("{container}:/etc/htpasswd")]);
                must(&["start", &container]);
                None
            }
        };
        // The application's own client brings its TLS; here there is none.
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap();
        let registry = Self { address: ([127, 0, 0, 1], port).into(), client, process };
        eventually("the registry answers", || async {
            registry.ask(Method::GET, "").send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        registry
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}/v2/{path}", self.address);
        self.client.request(method, url).basic_auth(USER, Some(PASSWORD))
    }

    async fn blob(&self, repository: &str, content: &[u8]) -> Digest {
        let begun = self.ask(Method::POST, &format!("{repository}/blobs/uploads/")).send().await.unwrap();
        let place = begun.headers()["location"].to_str().unwrap().to_owned();
        let digest = Digest::of(content);
        let separator = if place.contains('?') { '&' } else { '?' };
        let place = place.split_once("/v2/").unwrap().1.to_owned();
        let put = self.ask(Method::PUT, &format!("{place}{separator}digest={digest}"));
        let put = put.header("content-type", "application/octet-stream").body(content.to_vec());
        assert_eq!(put.send().await.unwrap().status(), 201);
        digest
    }

    /// Pushes an image that holds that text; answers its digest.
    pub async fn push(&self, repository: &str, tag: &str, text: &str) -> String {
        let config = self.blob(repository, b"{}").await;
        let layer = self.blob(repository, text.as_bytes()).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": text.len()}],
        })
        .to_string();
        let put = self.ask(Method::PUT, &format!("{repository}/manifests/{tag}"));
        let put = put.header("content-type", MANIFEST).body(manifest.clone());
        let answer = put.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        Digest::of(manifest.as_bytes()).to_string()
    }

    /// Deletes an image, and with it the tags that name it.
    pub async fn delete(&self, repository: &str, digest: &str) {
        let path = format!("{repository}/manifests/{digest}");
        let answer = self.ask(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(answer.status(), 202);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
