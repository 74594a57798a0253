//! An OCI image layout on disk.
//!
//! Source: OCI image specification, `image-layout.md`, `image-index.md`, `manifest.md`, `config.md`.

use anyhow::{Context as _, Result, bail};
use evidence::{CommitSha, Digest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Clone, Deserialize)]
struct Descriptor {
    digest: Digest,
    size: u64,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Config {
    os: String,
    architecture: String,
    config: RunConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RunConfig {
    user: String,
    labels: BTreeMap<String, String>,
    healthcheck: Option<serde_json::Value>,
}

/// What an image says of itself.
#[derive(Clone, Debug)]
pub struct ImageFacts {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The digest of its configuration: what an engine without the containerd image store knows it by.
    pub config_digest: Digest,
    /// The digests of its layers, lowest first.
    pub layers: Vec<Digest>,
    /// Such as `linux/amd64`.
    pub platform: String,
    /// The compressed size of its configuration and layers, in bytes.
    pub size_bytes: u64,
    /// The user that it runs as.
    pub user: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it brings a health check.
    pub has_healthcheck: bool,
}

/// Reads the one image of a layout and checks every blob's digest and size on the way.
///
/// # Errors
/// When the folder is no layout, holds other than one image, or a blob is not what its digest says.
pub fn read_layout(dir: &Path) -> Result<ImageFacts> {
    let index = std::fs::read(dir.join("index.json"))
        .with_context(|| format!("{} is not an OCI image layout: it has no index.json", dir.display()))?;
    let index: Index = serde_json::from_slice(&index).context("index.json is not an OCI index")?;
    let [entry] = index.manifests.as_slice() else {
        bail!("expected one image in {}, found {}", dir.display(), index.manifests.len());
    };
    let manifest: Manifest = serde_json::from_slice(&blob(dir, entry)?)
        .with_context(|| format!("{} is not an image manifest", entry.digest))?;
    let config: Config = serde_json::from_slice(&blob(dir, &manifest.config)?)
        .with_context(|| format!("{} is not an image configuration", manifest.config.digest))?;
    let mut size_bytes = manifest.config.size;
    for layer in &manifest.layers {
        blob(dir, layer)?;
        size_bytes += layer.size;
    }
    Ok(ImageFacts {
        digest: entry.digest.clone(),
        config_digest: manifest.config.digest,
        layers: manifest.layers.into_iter().map(|layer| layer.digest).collect(),
        platform: format!("{}/{}", config.os, config.architecture),
        size_bytes,
        user: config.config.user,
        labels: config.config.labels,
        has_healthcheck: config.config.healthcheck.is_some(),
    })
}

fn blob(dir: &Path, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let path = dir.join("blobs/sha256").join(descriptor.digest.encoded());
    let bytes =
        std::fs::read(&path).with_context(|| format!("the layout lacks blob {}", descriptor.digest))?;
    let found = Digest::of(&bytes);
    if found != descriptor.digest || bytes.len() as u64 != descriptor.size {
        bail!("blob {} is damaged: its content is {found}", descriptor.digest);
    }
    Ok(bytes)
}

/// What a production image must be, and this one is not; empty when all holds.
pub fn violations(facts: &ImageFacts, commit: &CommitSha, max_bytes: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    if facts.size_bytes > max_bytes {
        wrong.push(format!("{} bytes compressed, expected at most {max_bytes}", facts.size_bytes));
    }
    let uid = facts.user.split(':').next().unwrap_or_default();
    if uid.parse::<u32>().map_or(true, |uid| uid == 0) {
        wrong.push(format!("its user is {:?}, expected a numeric one that is not root", facts.user));
    }
    if !facts.has_healthcheck {
        wrong.push("it has no health check".to_owned());
    }
    let label =
        |name: &str| facts.labels.get(&format!("org.opencontainers.image.{name}")).map(String::as_str);
    if label("revision") != Some(commit.as_str()) {
        wrong.push(format!("its revision label is {:?}, expected {commit}", label("revision")));
    }
    for name in ["version", "created", "source", "title", "licenses"] {
        if label(name).is_none_or(str::is_empty) {
            wrong.push(format!("it has no label org.opencontainers.image.{name}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn write_layout(dir: &Path, labels: serde_json::Value) {
        let blobs = dir.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let put = |bytes: &[u8]| {
            let digest = Digest::of(bytes);
            std::fs::write(blobs.join(digest.encoded()), bytes).unwrap();
            serde_json::json!({"mediaType": "x", "digest": digest, "size": bytes.len()})
        };
        let config = serde_json::json!({"os": "linux", "architecture": "amd64",
            "config": {"User": "65532:65532", "Labels": labels, "Healthcheck": {"Test": ["CMD"]}}});
        let config = put(config.to_string().as_bytes());
        let layer = put(b"layer");
        let manifest = put(serde_json::json!({"config": config, "layers": [layer]}).to_string().as_bytes());
        let index = serde_json::json!({"manifests": [manifest]}).to_string();
        std::fs::write(dir.join("index.json"), index).unwrap();
    }

    fn good_labels() -> serde_json::Value {
        let mut labels = serde_json::Map::new();
        for name in ["revision", "version", "created", "source", "title", "licenses"] {
            labels.insert(format!("org.opencontainers.image.{name}"), COMMIT.into());
        }
        labels.into()
    }

    #[test]
    fn a_whole_layout_is_read_and_judged() {
        let dir = tempfile::tempdir().unwrap();
        write_layout(dir.path(), good_labels());
        let facts = read_layout(dir.path()).unwrap();
        let commit: CommitSha = COMMIT.parse().unwrap();
        assert_eq!(facts.platform, "linux/amd64");
        assert_eq!(violations(&facts, &commit, 1_000_000), Vec::<String>::new());
        assert_eq!(violations(&facts, &commit, 10).len(), 1);
        let root = ImageFacts { user: String::new(), labels: BTreeMap::new(), ..facts };
        assert_eq!(violations(&root, &commit, 1_000_000).len(), 7);
    }

    #[test]
    fn a_damaged_blob_is_found() {
        let dir = tempfile::tempdir().unwrap();
        write_layout(dir.path(), good_labels());
        let layer = dir.path().join("blobs/sha256").join(Digest::of(b"layer").encoded());
        std::fs::write(&layer, b"LAYER").unwrap();
        assert!(read_layout(dir.path()).unwrap_err().to_string().contains("damaged"));
        std::fs::remove_file(&layer).unwrap();
        assert!(read_layout(dir.path()).unwrap_err().to_string().contains("lacks blob"));
    }
}
