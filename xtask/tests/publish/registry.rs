//! A real distribution registry with passwords: in a container where there is an engine and its image, else as a process.

use crate::layout::{INDEX, MANIFEST};
use base64::Engine as _;
use evidence::Digest;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use testcontainers::core::{IntoContainerPort as _, Mount, WaitFor};
use testcontainers::runners::SyncRunner as _;
use testcontainers::{Container, GenericImage, ImageExt as _};

pub const USER: &str = "porter";
pub const PASSWORD: &str = "rope-and-4nchor";
/// bcrypt of the password at the lowest cost.
const HTPASSWD: &str = "porter:$2b$04$abcdefghijklmnopqrstuulpxpe8yHiVTzkzT02Tgg3ym7i0/i6Fe\n";

/// What runs the registry, for as long as this lives.
pub struct Running {
    _container: Option<Container<GenericImage>>,
    process: Option<(Child, tempfile::TempDir)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();

/// Where the registry listens.
pub fn address() -> SocketAddr {
    *ADDRESS.get().expect("the registry was not started")
}

/// Docker as xtask itself finds it.
pub fn docker() -> Command {
    let mut command = Command::new("docker");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("/opt/portbook-engine/bin:{path}"));
    command
}

/// What is needed to start a registry.
#[derive(Clone)]
pub enum Means {
    Image,
    Program(PathBuf),
}

/// The means at hand; else what is missing.
pub fn means() -> Result<Means, String> {
    // Where an engine answers it has the image, or pulls it where a registry can be reached.
    let works = |args: [&str; 3]| docker().args(args).output().is_ok_and(|output| output.status.success());
    if works(["image", "inspect", "registry:2"]) || works(["pull", "--quiet", "registry:2"]) {
        return Ok(Means::Image);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let engine =
        std::env::var("PORTBOOK_ENGINE_BIN").unwrap_or_else(|_| "/opt/portbook-engine/bin".to_owned());
    let mut dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    dirs.push(PathBuf::from(engine));
    let found = dirs.iter().map(|dir| dir.join("docker-registry")).find(|file| file.is_file());
    found.map(Means::Program).ok_or_else(|| {
        "neither an engine with the image registry:2 nor the program docker-registry; cargo xtask doctor --fix".to_owned()
    })
}

/// Starts the registry and waits until it answers.
pub fn start(means: Means) -> Running {
    let (running, port) = match means {
        Means::Image => {
            let image = GenericImage::new("registry", "2")
                .with_exposed_port(5000.tcp())
                .with_wait_for(WaitFor::seconds(0))
                .with_label("org.portbook.test.pid", std::process::id().to_string())
                .with_env_var("REGISTRY_AUTH", "htpasswd")
                .with_env_var("REGISTRY_AUTH_HTPASSWD_REALM", "test")
                .with_env_var("REGISTRY_AUTH_HTPASSWD_PATH", "/auth/htpasswd")
                .with_env_var("REGISTRY_STORAGE_DELETE_ENABLED", "true")
                .with_env_var("REGISTRY_LOG_LEVEL", "error")
                .with_env_var("REGISTRY_LOG_ACCESSLOG_DISABLED", "true")
                // A registry waits for the disk at every upload, and this one's content is of no worth.
                .with_mount(Mount::tmpfs_mount("/var/lib/registry"))
                .with_copy_to("/auth/htpasswd", HTPASSWD.as_bytes().to_vec());
            let container = image.start().expect("the registry's container");
            let port = container.get_host_port_ipv4(5000.tcp()).expect("the registry's port");
            (Running { _container: Some(container), process: None }, port)
        }
        Means::Program(program) => {
            let memory = Path::new("/dev/shm");
            let dir =
                if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let at = |name: &str| dir.path().join(name);
            std::fs::write(at("htpasswd"), HTPASSWD).unwrap();
            let config = format!(
                "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage:\n  cache: {{blobdescriptor: inmemory}}\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\n\
                http: {{addr: '127.0.0.1:{port}'}}\nauth:\n  htpasswd: {{realm: test, path: {}}}\n",
                at("data").display(),
                at("htpasswd").display()
            );
            std::fs::write(at("config.yml"), config).unwrap();
            let log = std::fs::File::create(at("log")).unwrap();
            let child = Command::new(program)
                .arg("serve")
                .arg(at("config.yml"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .expect("docker-registry");
            (Running { _container: None, process: Some((child, dir)) }, port)
        }
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    ADDRESS.set(address).expect("one registry");
    let deadline = Instant::now() + Duration::from_secs(30);
    let base = format!("http://{address}/v2/");
    while TcpStream::connect(address).is_err()
        || ureq::get(&base).call().is_err_and(|error| !is_status(&error))
    {
        assert!(Instant::now() < deadline, "the registry does not answer on {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
    running
}

fn is_status(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::StatusCode(_))
}

pub fn basic() -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}")))
}

/// One repository of the registry, asked without any of what is being tested.
pub struct Direct {
    pub name: String,
}

impl Direct {
    fn get(&self, method: &str, rest: &str) -> (u16, String, Vec<u8>) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}/v2/{}/{rest}", address(), self.name))
            .header("authorization", basic())
            .header("accept", format!("{MANIFEST}, {INDEX}"))
            .body(())
            .unwrap();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let (head, mut body) = agent.run(request).unwrap().into_parts();
        let kind = head.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        (head.status.as_u16(), kind.to_owned(), body.read_to_vec().unwrap())
    }

    pub fn tags(&self) -> BTreeSet<String> {
        let (status, _, body) = self.get("GET", "tags/list");
        if status == 404 {
            return BTreeSet::new();
        }
        let page: Value = serde_json::from_slice(&body).unwrap();
        page["tags"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap().to_owned()).collect()
    }

    /// The digest and the bytes that a tag or a digest names.
    pub fn manifest(&self, reference: &str) -> Option<(Digest, String, Vec<u8>)> {
        let (status, kind, body) = self.get("GET", &format!("manifests/{reference}"));
        (status == 200).then(|| (Digest::of(&body), kind, body))
    }

    /// Lets a tag name what has that digest, as nobody who asks first would.
    pub fn put(&self, tag: &str, digest: &Digest) {
        let (_, kind, body) = self.manifest(digest.as_str()).unwrap();
        let answer = ureq::put(format!("http://{}/v2/{}/manifests/{tag}", address(), self.name))
            .header("authorization", basic())
            .header("content-type", kind)
            .send(&body)
            .unwrap();
        assert_eq!(answer.status(), 201);
    }

    pub fn digest(&self, tag: &str) -> Option<Digest> {
        self.manifest(tag).map(|(digest, ..)| digest)
    }

    /// No tag names a manifest of which anything is missing. Answers the tags.
    #[track_caller]
    pub fn assert_whole(&self) -> BTreeSet<String> {
        let (tags, mut seen) = (self.tags(), BTreeSet::new());
        for tag in &tags {
            self.assert_manifest_whole(tag, tag, &mut seen);
        }
        tags
    }

    #[track_caller]
    fn assert_manifest_whole(&self, tag: &str, reference: &str, seen: &mut BTreeSet<String>) {
        let found = self.manifest(reference);
        let (digest, _, body) = found.unwrap_or_else(|| panic!("{tag}: {reference} is missing"));
        if !seen.insert(digest.to_string()) {
            return;
        }
        let document: Value = serde_json::from_slice(&body).unwrap();
        for child in document["manifests"].as_array().into_iter().flatten() {
            self.assert_manifest_whole(tag, child["digest"].as_str().unwrap(), seen);
        }
        let layers = document["layers"].as_array().into_iter().flatten();
        for blob in document.get("config").into_iter().chain(layers) {
            let digest = blob["digest"].as_str().unwrap();
            if seen.insert(digest.to_owned()) {
                let (status, ..) = self.get("HEAD", &format!("blobs/{digest}"));
                assert_eq!(status, 200, "{tag}: blob {digest} is missing");
            }
        }
    }
}
