//! An OCI image layout on disk: one image, or an index with an image per platform.
//!
//! Source: OCI image specification, `image-layout.md`, `image-index.md`, `manifest.md`, `config.md`.

use super::platform::Platform;
use anyhow::{Context as _, Result, bail, ensure};
use evidence::Digest;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Value>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: Digest,
    size: u64,
    platform: Option<Platform>,
}

/// An image's manifest or an index: which of the two, its own keys say.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Image { config: Descriptor, layers: Vec<Descriptor> },
    Index(Index),
}

#[derive(Deserialize)]
struct Config {
    #[serde(flatten)]
    platform: Platform,
    config: RunConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RunConfig {
    user: String,
    labels: BTreeMap<String, String>,
    healthcheck: Option<serde_json::Value>,
}

/// What a layout holds.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The digest of the artefact: of the image's manifest, or of the index where there is one.
    pub digest: Digest,
    /// Whether that is an index.
    pub is_index: bool,
    /// Its images, one per platform, in the index's order.
    pub images: Vec<ImageFacts>,
    /// The compressed size of all its configurations and layers, shared ones counted once, in bytes.
    pub size_bytes: u64,
}

impl Layout {
    /// Its platforms, such as `linux/amd64`, in the index's order.
    pub fn platforms(&self) -> Vec<String> {
        self.images.iter().map(|image| image.platform.to_string()).collect()
    }
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
    /// The entry for its manifest as it stands: an `index.json` with this alone makes a layout of one image.
    pub entry: Value,
    /// What it runs on.
    pub platform: Platform,
    /// The compressed size of its configuration and layers, in bytes.
    pub size_bytes: u64,
    /// The user that it runs as.
    pub user: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it brings a health check.
    pub has_healthcheck: bool,
}

/// Reads the artefact of a layout and checks every blob's digest and size on the way.
///
/// # Errors
/// When the folder is no layout, holds other than one artefact, two images are for one platform, an image is for
/// another platform than its index says, or a blob is not what its digest says.
pub fn read_layout(dir: &Path) -> Result<Layout> {
    let index = std::fs::read(dir.join("index.json"))
        .with_context(|| format!("{} is not an OCI image layout: it has no index.json", dir.display()))?;
    let index: Index = serde_json::from_slice(&index).context("index.json is not an OCI index")?;
    let [entry] = index.manifests.as_slice() else {
        bail!("expected one image in {}, found {}", dir.display(), index.manifests.len());
    };
    let mut sizes = BTreeMap::new();
    let (artefact, manifest) = manifest(dir, entry)?;
    let (is_index, images) = match manifest {
        Manifest::Image { config, layers } => {
            (false, vec![read_image(dir, entry, &config, &layers, &mut sizes)?])
        }
        Manifest::Index(index) => {
            let mut images = Vec::new();
            for entry in &index.manifests {
                match self::manifest(dir, entry)? {
                    (_, Manifest::Image { config, layers }) => {
                        images.push(read_image(dir, entry, &config, &layers, &mut sizes)?);
                    }
                    (inner, Manifest::Index(_)) => bail!("{} is an index inside an index", inner.digest),
                }
            }
            (true, images)
        }
    };
    ensure!(!images.is_empty(), "the index {} names no image", artefact.digest);
    let mut seen = BTreeSet::new();
    for image in &images {
        ensure!(seen.insert(&image.platform), "there are two images for {}", image.platform);
    }
    Ok(Layout { digest: artefact.digest, is_index, images, size_bytes: sizes.values().sum() })
}

fn descriptor(entry: &Value) -> Result<Descriptor> {
    Descriptor::deserialize(entry).with_context(|| format!("{entry} is not an OCI descriptor"))
}

fn manifest(dir: &Path, entry: &Value) -> Result<(Descriptor, Manifest)> {
    let descriptor = descriptor(entry)?;
    let manifest = serde_json::from_slice(&blob(dir, &descriptor)?)
        .with_context(|| format!("{} is neither an image manifest nor an index", descriptor.digest))?;
    Ok((descriptor, manifest))
}

fn read_image(
    dir: &Path,
    entry: &Value,
    config: &Descriptor,
    layers: &[Descriptor],
    sizes: &mut BTreeMap<Digest, u64>,
) -> Result<ImageFacts> {
    let Descriptor { digest, platform: told, .. } = descriptor(entry)?;
    let facts: Config = serde_json::from_slice(&blob(dir, config)?)
        .with_context(|| format!("{} is not an image configuration", config.digest))?;
    let platform = facts.platform.normal();
    if let Some(told) = told.map(Platform::normal) {
        ensure!(told == platform, "{digest} is for {platform}, but its index says {told}");
    }
    for layer in layers {
        blob(dir, layer)?;
    }
    let parts = || layers.iter().chain([config]);
    sizes.extend(parts().map(|part| (part.digest.clone(), part.size)));
    Ok(ImageFacts {
        digest,
        config_digest: config.digest.clone(),
        entry: entry.clone(),
        platform,
        size_bytes: parts().map(|part| part.size).sum(),
        layers: layers.iter().map(|layer| layer.digest.clone()).collect(),
        user: facts.config.user,
        labels: facts.config.labels,
        has_healthcheck: facts.config.healthcheck.is_some(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Writes a layout of what `make` puts into it; it answers with the artefact's descriptor.
    fn layout(make: impl Fn(&dyn Fn(&[u8]) -> Value) -> Value) -> (tempfile::TempDir, Result<Layout>) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = dir.path().join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let put = |bytes: &[u8]| {
            let digest = Digest::of(bytes);
            std::fs::write(blobs.join(digest.encoded()), bytes).unwrap();
            json!({"mediaType": "x", "digest": digest, "size": bytes.len()})
        };
        let index = json!({"manifests": [make(&put)]}).to_string();
        std::fs::write(dir.path().join("index.json"), index).unwrap();
        let read = read_layout(dir.path());
        (dir, read)
    }

    fn image(put: &dyn Fn(&[u8]) -> Value, platform: &Value) -> Value {
        let mut config = json!({"config": {"User": "65532:65532", "Labels": {"a": "b"}, "Healthcheck": {}}});
        config.as_object_mut().unwrap().extend(platform.as_object().unwrap().clone());
        let config = put(config.to_string().as_bytes());
        let own = put(platform.to_string().as_bytes());
        put(json!({"config": config, "layers": [put(b"layer"), own]}).to_string().as_bytes())
    }

    fn index(put: &dyn Fn(&[u8]) -> Value, images: &[(Value, Value)]) -> Value {
        let entry = |(built, told): &(Value, Value)| {
            let mut entry = image(put, built);
            entry["platform"] = told.clone();
            entry
        };
        let manifests: Vec<Value> = images.iter().map(entry).collect();
        put(json!({ "manifests": manifests }).to_string().as_bytes())
    }

    fn amd64() -> Value {
        json!({"os": "linux", "architecture": "amd64"})
    }

    fn arm(variant: &str) -> Value {
        json!({"os": "linux", "architecture": "arm", "variant": variant})
    }

    #[test]
    fn one_image_is_read() {
        let (_dir, layout) = layout(|put| image(put, &amd64()));
        let layout = layout.unwrap();
        assert!(!layout.is_index);
        assert_eq!(layout.platforms(), ["linux/amd64"]);
        assert_eq!(layout.digest, layout.images[0].digest);
        assert_eq!(layout.size_bytes, layout.images[0].size_bytes);
        assert_eq!(layout.images[0].user, "65532:65532");
        assert!(layout.images[0].has_healthcheck);
    }

    #[test]
    fn an_index_is_read_and_what_its_images_share_is_counted_once() {
        let (_dir, layout) = layout(|put| index(put, &[(amd64(), amd64()), (arm("v7"), arm("v7"))]));
        let layout = layout.unwrap();
        assert!(layout.is_index);
        assert_eq!(layout.platforms(), ["linux/amd64", "linux/arm/v7"]);
        assert!(layout.images.iter().all(|image| image.digest != layout.digest));
        let sum: u64 = layout.images.iter().map(|image| image.size_bytes).sum();
        assert_eq!(layout.size_bytes, sum - b"layer".len() as u64);
        assert_eq!(layout.images[1].entry["digest"], layout.images[1].digest.to_string());
    }

    #[test]
    fn an_index_that_is_not_what_it_says_is_refused() {
        let error = |images: &[(Value, Value)]| layout(|put| index(put, images)).1.unwrap_err().to_string();
        assert!(error(&[(amd64(), arm("v7"))]).contains("its index says linux/arm/v7"));
        assert!(
            error(&[(arm("v7"), arm("v7")), (arm(""), arm("v7"))]).contains("two images for linux/arm/v7")
        );
        assert!(error(&[]).contains("no image"));
        let (_dir, nested) = layout(|put| {
            let inner = index(put, &[(amd64(), amd64())]);
            put(json!({ "manifests": [inner] }).to_string().as_bytes())
        });
        assert!(nested.unwrap_err().to_string().contains("an index inside an index"));
        let (_dir, neither) = layout(|put| put(b"{}"));
        assert!(neither.unwrap_err().to_string().contains("neither"));
    }

    #[test]
    fn a_damaged_blob_is_found_in_any_image() {
        let (dir, whole) = layout(|put| index(put, &[(amd64(), amd64()), (arm("v7"), arm("v7"))]));
        let layer = dir.path().join("blobs/sha256").join(whole.unwrap().images[1].layers[1].encoded());
        std::fs::write(&layer, b"LAYER").unwrap();
        assert!(read_layout(dir.path()).unwrap_err().to_string().contains("damaged"));
        std::fs::remove_file(&layer).unwrap();
        assert!(read_layout(dir.path()).unwrap_err().to_string().contains("lacks blob"));
    }
}
