//! The images that are deployed: the real program, built once, and versions of it that differ by their configuration.
//!
//! A version is put into the registry without the engine, which therefore has to pull it.

use crate::engine::LABEL;
use crate::layout::{INDEX, MANIFEST};
use crate::registry::{address, basic, docker};
use crate::support::repository;
use evidence::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// What a version does that it should not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// The server exits at once.
    Exits,
    /// The server never listens.
    Mute,
    /// The server crashes once the file /tmp/crash is there.
    Crashes,
    /// The server has no pages.
    Bare,
    /// The server's pages are in /tmp/web and can be taken away.
    Pages,
    /// The worker exits at once.
    Worker,
    MigrateFails,
    MigrateHangs,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Exits => "exits",
            Self::Mute => "mute",
            Self::Crashes => "crashes",
            Self::Bare => "bare",
            Self::Pages => "pages",
            Self::Worker => "worker",
            Self::MigrateFails => "migrate-fails",
            Self::MigrateHangs => "migrate-hangs",
        }
    }
}

/// A version in the registry.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its tag.
    pub version: String,
    pub digest: Digest,
    pub commit: String,
    pub size: u64,
    pub schema: (u64, u64),
    /// Its own layer, which no other version has.
    pub layer: Digest,
}

/// What a version is made of.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub fault: Fault,
    pub schema: (u64, u64),
    /// The size of the layer that it alone has, in bytes.
    pub own: usize,
    /// What was in that layer must be somebody else's by now.
    pub seed: String,
}

impl Recipe {
    pub fn of(version: &str) -> Self {
        Self { fault: Fault::None, schema: (1, head()), own: 2000, seed: version.to_owned() }
    }
}

/// What the engine pushes what it has built as.
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// Where the images are, below the registry's host.
pub fn name() -> String {
    format!("team/deploy-{}", std::process::id())
}

/// A version that does its work.
pub fn good(version: &str) -> Image {
    image(version, &Recipe::of(version))
}

/// A version that does not.
pub fn bad(version: &str, fault: Fault) -> Image {
    image(version, &Recipe { fault, ..Recipe::of(version) })
}

/// A version as it is described. Asked for twice, it is the same.
pub fn image(version: &str, recipe: &Recipe) -> Image {
    static MADE: Mutex<BTreeMap<String, Image>> = Mutex::new(BTreeMap::new());
    let base = base();
    let key = format!("{version} {recipe:?}");
    let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    made.entry(key.clone()).or_insert_with(|| base.variant(version, &key, recipe)).clone()
}

/// The newest migration that the program brings.
fn head() -> u64 {
    let files = std::fs::read_dir(repository().join("backend/migrations/postgres")).unwrap();
    let numbers = files.filter_map(|it| it.unwrap().file_name().to_str()?.split('_').next()?.parse().ok());
    numbers.max().unwrap()
}

/// The image that all versions are made of, in the registry.
struct Base {
    manifest: Value,
    config: Value,
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        context(folder.path());
        let tag = format!("{}/{}:base", address(), name());
        run(docker().args(["build", "--quiet", "--provenance=false", "--tag", &tag]).arg(folder.path()));
        logged_in(&["push", "--quiet", &tag]);
        let manifest = get("manifests/base");
        let config = get(&format!("blobs/{}", manifest["config"]["digest"].as_str().unwrap()));
        Base { manifest, config }
    })
}

/// A call of `docker` as the registry's user.
fn logged_in(args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let login =
        json!({ "auths": { address().to_string(): { "auth": basic().trim_start_matches("Basic ") } } });
    std::fs::write(folder.path().join("config.json"), login.to_string()).unwrap();
    run(docker().arg("--config").arg(folder.path()).args(args));
}

/// Brings an image to the engine, by its tag.
pub fn pull(tag: &str) {
    logged_in(&["pull", "--quiet", &format!("{}/{}:{tag}", address(), name())]);
}

/// An image for two platforms, of which this machine has the first.
pub fn index(version: &str) -> (Image, Image) {
    let (first, second) = (good(version), good(&format!("{version}-arm64")));
    let entry = |image: &Image, architecture: &str| {
        let size = get_text(&format!("manifests/{}", image.digest)).len();
        json!({
            "mediaType": MANIFEST, "digest": image.digest, "size": size,
            "platform": { "os": "linux", "architecture": architecture },
        })
    };
    let text = json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [entry(&first, "amd64"), entry(&second, "arm64")],
    })
    .to_string();
    for tag in [version, &format!("sha-{}", &first.commit[..7])] {
        put_manifest(tag, INDEX, text.as_bytes());
    }
    (Image { digest: Digest::of(text.as_bytes()), ..first }, second)
}

/// What the base image is built from: the program with the libraries of this machine that it is linked with.
fn context(folder: &Path) {
    let program = program();
    let host = folder.join("host");
    std::fs::create_dir_all(&host).unwrap();
    std::fs::copy(&program, host.join("portbook")).unwrap();
    let linked = Command::new("ldd").arg(&program).output().unwrap();
    for line in String::from_utf8_lossy(&linked.stdout).lines() {
        // `libc.so.6 => /lib/…/libc.so.6 (0x…)`, and the loader by its path alone.
        let Some(path) = line.split_whitespace().find(|word| word.starts_with('/')) else { continue };
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        std::fs::copy(path, host.join(if name.starts_with("ld-") { "loader" } else { name })).unwrap();
    }
    let script = repository().join("xtask/tests/deploy/fixture.sh");
    std::fs::copy(script, folder.join("portbook")).unwrap();
    std::fs::create_dir_all(folder.join("web")).unwrap();
    std::fs::write(folder.join("web/index.html"), "<!doctype html>\n<title>fixture</title>\n").unwrap();
    let label = std::process::id();
    let dockerfile = format!(
        "FROM debian:bookworm-slim\nCOPY host /host\nCOPY --chmod=755 portbook /portbook\nCOPY web /srv/web\n\
         USER 65532:65532\nENV PORTBOOK_LISTEN=0.0.0.0:8080 PORTBOOK_WEB_ROOT=/srv/web\n\
         LABEL {LABEL}={label}\nENTRYPOINT [\"/portbook\"]\n"
    );
    std::fs::write(folder.join("Dockerfile"), dockerfile).unwrap();
}

/// The program, compiled where it is stale.
pub fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        // What cargo tells a test of its package would make another compile a build script again, and all that needs it.
        for (key, _) in std::env::vars()
            .filter(|(key, _)| key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(key);
        }
        let output = run(cargo
            .args(["build", "--quiet", "--locked", "--package", "portbook", "--message-format=json"])
            .current_dir(repository()));
        let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        programs.find(|path| path.file_name().is_some_and(|name| name == "portbook")).unwrap()
    };
    PROGRAM.get_or_init(build).clone()
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Base {
    fn variant(&self, version: &str, key: &str, recipe: &Recipe) -> Image {
        let commit = Digest::of(key.as_bytes()).as_str()["sha256:".len()..][..40].to_owned();
        let (mut manifest, mut config) = (self.manifest.clone(), self.config.clone());
        let layer = tar("own", &crate::layout::noise(&recipe.seed, recipe.own));
        let own = put_blob(&layer);
        let kind = "application/vnd.oci.image.layer.v1.tar";
        manifest["mediaType"] = json!(MANIFEST);
        manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
        for layer in list(&mut manifest["layers"]) {
            layer["mediaType"] = json!(format!("{kind}+gzip"));
        }
        list(&mut manifest["layers"]).push(json!({ "mediaType": kind, "digest": own, "size": layer.len() }));
        list(&mut config["rootfs"]["diff_ids"]).push(json!(own));
        list(&mut config["history"]).push(json!({ "created_by": "fixture" }));
        let inside = &mut config["config"];
        list(&mut inside["Env"]).extend([
            json!(format!("PORTBOOK_COMMIT={commit}")),
            json!(format!("FIXTURE={}", recipe.fault.word())),
        ]);
        inside["Labels"]["org.opencontainers.image.revision"] = json!(commit);
        inside["Labels"]["org.portbook.schema.min"] = json!(recipe.schema.0.to_string());
        inside["Labels"]["org.portbook.schema.max"] = json!(recipe.schema.1.to_string());
        let text = config.to_string();
        manifest["config"]["digest"] = json!(put_blob(text.as_bytes()));
        manifest["config"]["size"] = json!(text.len());
        let text = manifest.to_string();
        for tag in [version, &format!("sha-{}", &commit[..7])] {
            put_manifest(tag, MANIFEST, text.as_bytes());
        }
        let sizes = manifest["layers"].as_array().unwrap().iter().map(|it| it["size"].as_u64().unwrap());
        Image {
            version: version.to_owned(),
            digest: Digest::of(text.as_bytes()),
            commit,
            size: sizes.sum(),
            schema: recipe.schema,
            layer: own,
        }
    }
}

fn list(value: &mut Value) -> &mut Vec<Value> {
    if value.is_null() {
        *value = json!([]);
    }
    value.as_array_mut().unwrap()
}

/// One file in a tar: its header has the name, mode, owner, group, size, time, checksum and type, see tar(5).
fn tar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", content.len()));
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut tar = header.to_vec();
    tar.extend(content);
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}

fn url(rest: &str) -> String {
    format!("http://{}/v2/{}/{rest}", address(), name())
}

fn get(rest: &str) -> Value {
    serde_json::from_str(&get_text(rest)).unwrap()
}

fn get_text(rest: &str) -> String {
    let request = ureq::get(url(rest)).header("authorization", basic());
    let mut answer = request.header("accept", format!("{MANIFEST}, {DOCKER}")).call().unwrap();
    answer.body_mut().read_to_string().unwrap()
}

fn put_blob(bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let begun = ureq::post(url("blobs/uploads/")).header("authorization", basic()).send_empty().unwrap();
    let place = begun.headers()["location"].to_str().unwrap();
    let place =
        if place.starts_with('/') { format!("http://{}{place}", address()) } else { place.to_owned() };
    let mark = if place.contains('?') { '&' } else { '?' };
    ureq::put(format!("{place}{mark}digest={digest}"))
        .header("authorization", basic())
        .header("content-type", "application/octet-stream")
        .send(bytes)
        .unwrap();
    digest
}

/// Lets a tag name a manifest.
fn put_manifest(tag: &str, kind: &str, bytes: &[u8]) {
    ureq::put(url(&format!("manifests/{tag}")))
        .header("authorization", basic())
        .header("content-type", kind)
        .send(bytes)
        .unwrap();
}

/// Takes a blob out of the registry.
pub fn delete_blob(digest: &Digest) {
    ureq::delete(url(&format!("blobs/{digest}"))).header("authorization", basic()).call().unwrap();
}
