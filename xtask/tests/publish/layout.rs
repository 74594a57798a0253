//! OCI image layouts that tests make: small blobs of noise with the documents of a real image.

use evidence::Digest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// What an image is made of.
#[derive(Clone)]
pub struct Recipe {
    pub commit: String,
    pub version: String,
    pub layers: Vec<Vec<u8>>,
    pub platforms: Vec<(&'static str, Option<&'static str>)>,
    pub created: String,
    /// Put a bill of materials beside the image.
    pub sbom: bool,
}

/// A layout on disk.
pub struct Layout {
    pub path: PathBuf,
    pub digest: Digest,
    pub media_type: &'static str,
    /// The tag of its commit.
    pub own: String,
}

/// `size` bytes that do not compress and are the same for the same seed.
pub fn noise(seed: &str, size: usize) -> Vec<u8> {
    let mut state = seed.bytes().fold(0x9e37_79b9_7f4a_7c15_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

impl Recipe {
    pub fn new(commit: &str) -> Self {
        Self {
            commit: commit.to_owned(),
            version: "0.1.0".to_owned(),
            layers: vec![noise("base", 60_000), noise(commit, 20_000)],
            platforms: vec![("amd64", None)],
            created: "2026-01-02T03:04:05Z".to_owned(),
            sbom: false,
        }
    }

    /// Writes the layout.
    pub fn write(&self, path: &Path) -> Layout {
        let blobs = path.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let put = |media_type: &str, bytes: &[u8]| -> Value {
            let digest = Digest::of(bytes);
            std::fs::write(blobs.join(digest.encoded()), bytes).unwrap();
            json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
        };
        let layers: Vec<Value> = self.layers.iter().map(|layer| put(LAYER, layer)).collect();
        let mut images = Vec::new();
        for (architecture, variant) in &self.platforms {
            let mut config = json!({
                "os": "linux", "architecture": architecture, "created": self.created,
                "config": {"User": "65532:65532", "Labels": {
                    "org.opencontainers.image.revision": self.commit,
                    "org.opencontainers.image.version": self.version,
                }},
                "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|layer| &layer["digest"]).collect::<Vec<_>>()},
            });
            if let Some(variant) = variant {
                config["variant"] = json!(variant);
            }
            let config = put(CONFIG, config.to_string().as_bytes());
            let manifest =
                json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
            let mut entry = put(MANIFEST, manifest.to_string().as_bytes());
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            if let Some(variant) = variant {
                entry["platform"]["variant"] = json!(variant);
            }
            images.push(entry);
        }
        let single = images.len() == 1;
        let root = if single {
            images.remove(0)
        } else {
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": images});
            put(INDEX, index.to_string().as_bytes())
        };
        if self.sbom {
            std::fs::write(path.join("sbom.cdx.json"), r#"{"bomFormat":"CycloneDX"}"#).unwrap();
        }
        let top = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [root]});
        std::fs::write(path.join("index.json"), top.to_string()).unwrap();
        std::fs::write(path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Layout {
            path: path.to_owned(),
            digest: root["digest"].as_str().unwrap().parse().unwrap(),
            media_type: if single { MANIFEST } else { INDEX },
            own: format!("sha-{}", &self.commit[..7]),
        }
    }
}
