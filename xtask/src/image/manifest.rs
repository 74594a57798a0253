//! Manifests and indexes as a registry keeps them: raw bytes, and what they say.
//!
//! Source: OCI image specification, `descriptor.md`, `manifest.md`, `image-index.md`. Docker's own media types have the
//! same form.

use super::platform::Platform;
use anyhow::{Context as _, Result, bail};
use evidence::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The media type of an OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media types that are asked for.
pub const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";
/// The label and annotation that names the commit.
pub const REVISION: &str = "org.opencontainers.image.revision";

/// A reference to content by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    #[serde(default)]
    pub media_type: String,
    /// The content's digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What an artefact's manifest is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Where an image runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Free annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What a manifest or an index says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Content {
    media_type: Option<String>,
    /// What an artefact's manifest is about.
    pub artifact_type: Option<String>,
    /// The configuration; none in an index.
    pub config: Option<Descriptor>,
    /// The layers, lowest first; empty in an index.
    pub layers: Vec<Descriptor>,
    /// The manifests of an index.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one refers to.
    pub subject: Option<Descriptor>,
    /// Free annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Content {
    /// The blobs that it names itself: configuration and layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(&self.layers)
    }

    /// The manifests of an index that are images: BuildKit keeps attestations beside them, for no platform.
    pub fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|entry| {
            entry.platform.as_ref().is_none_or(|platform| platform.os != "unknown")
                && !entry.annotations.contains_key("vnd.docker.reference.type")
        })
    }
}

/// A manifest or index: the bytes, which alone have a digest, and what they say.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The digest of the bytes.
    pub digest: Digest,
    /// What it is served and put as.
    pub media_type: String,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
    /// What they say.
    pub content: Content,
}

impl Manifest {
    /// Reads a manifest or an index. `media_type` is what it came as; its own `mediaType` wins, as it is in the digest.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(bytes: Vec<u8>, media_type: &str) -> Result<Self> {
        let digest = Digest::of(&bytes);
        let content: Content =
            serde_json::from_slice(&bytes).with_context(|| format!("{digest} is no manifest"))?;
        let is_index = content.config.is_none();
        if is_index && content.manifests.is_empty() && !content.layers.is_empty() {
            bail!("{digest} is neither an image manifest nor an index");
        }
        let own = content.media_type.clone().filter(|own| !own.is_empty());
        let told = media_type.split(';').next().unwrap_or_default().trim();
        let told = Some(told.to_owned()).filter(|told| told.ends_with("+json"));
        let guess = if is_index { INDEX } else { MANIFEST };
        Ok(Self { digest, media_type: own.or(told).unwrap_or_else(|| guess.to_owned()), bytes, content })
    }

    /// The descriptor under which another document names it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            digest: self.digest.clone(),
            size: self.bytes.len() as u64,
            artifact_type: None,
            platform: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Whether it is an index.
    pub fn is_index(&self) -> bool {
        self.content.config.is_none()
    }
}

/// What an image's configuration says of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    os: String,
    architecture: String,
    variant: String,
    /// When it was made, as RFC 3339.
    pub created: Option<String>,
    config: RunConfig,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RunConfig {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

impl Config {
    /// Reads a configuration.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).context("expected an image configuration")
    }

    /// Where the image runs.
    pub fn platform(&self) -> Platform {
        Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
        }
        .normal()
    }

    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.config.labels.as_ref()?.get(name).map(String::as_str)
    }

    /// All labels.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.config.labels.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_in_the_bytes_wins() {
        let own =
            Manifest::parse(format!(r#"{{"mediaType":"{INDEX}","manifests":[]}}"#).into(), "text/plain")
                .unwrap();
        assert_eq!(own.media_type, INDEX);
        let docker = "application/vnd.docker.distribution.manifest.list.v2+json";
        let told =
            Manifest::parse(br#"{"manifests":[]}"#.to_vec(), &format!("{docker}; charset=utf-8")).unwrap();
        assert_eq!(told.media_type, docker);
        assert_eq!(
            Manifest::parse(br#"{"manifests":[]}"#.to_vec(), "application/json").unwrap().media_type,
            INDEX
        );
        assert!(Manifest::parse(b"<html>".to_vec(), "text/html").is_err());
    }

    #[test]
    fn attestations_are_no_images() {
        let digest = Digest::of(b"x");
        let text = format!(
            r#"{{"manifests":[{{"digest":"{digest}","size":1,"platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}},
            {{"digest":"{digest}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#
        );
        let index = Manifest::parse(text.into(), "").unwrap();
        let platforms: Vec<_> = index
            .content
            .images()
            .filter_map(|image| image.platform.as_ref())
            .map(ToString::to_string)
            .collect();
        assert_eq!(platforms, ["linux/arm/v7"]);
    }
}
