//! What is attached to an image: its evidence as one manifest that refers to it, its bill of materials as another.

use crate::image::manifest::{Descriptor, MANIFEST, Manifest};
use crate::image::sbom;
use crate::record;
use anyhow::Result;
use evidence::{Claim, CommitSha, Digest, Evidence, Outcome};
use std::collections::BTreeMap;

/// The empty configuration of an artefact (OCI image specification, "Guidance for an empty descriptor").
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A manifest that refers to an image, with the blobs that it needs.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The manifest.
    pub manifest: Manifest,
    /// Its blobs.
    pub blobs: Vec<(Descriptor, Vec<u8>)>,
}

impl Attachment {
    /// A manifest of these layers that refers to `root`. The same layers give the same bytes.
    fn new(artifact_type: &str, root: &Manifest, layers: Vec<(Descriptor, Vec<u8>)>) -> Result<Self> {
        let config = (descriptor(EMPTY, b"{}"), b"{}".to_vec());
        let named: Vec<&Descriptor> = layers.iter().map(|(layer, _)| layer).collect();
        let text = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": artifact_type,
            "config": config.0, "layers": named, "subject": root.descriptor(),
        });
        let manifest = Manifest::parse(text.to_string().into_bytes(), MANIFEST)?;
        Ok(Self { manifest, blobs: [config].into_iter().chain(layers).collect() })
    }
}

/// The bill of materials as something that refers to the image.
pub fn bill(bytes: &[u8], root: &Manifest) -> Result<Attachment> {
    let layer = titled(descriptor(sbom::MEDIA_TYPE, bytes), sbom::FILE);
    Attachment::new(sbom::MEDIA_TYPE, root, vec![(layer, bytes.to_vec())])
}

/// Whether the last smoke run of this very digest passed: none when there was no run.
pub fn smoke_passed(documents: &[Evidence], digest: &Digest) -> Option<bool> {
    documents
        .iter()
        .filter_map(|document| match &document.claim {
            Claim::Smoke { digest: Some(of), outcome, .. } if of == digest => {
                Some(*outcome == Outcome::Success)
            }
            _ => None,
        })
        .next_back()
}

/// One manifest of everything that is known of an image before it is published. The same documents give the same bytes.
pub fn evidence(documents: &[Evidence], root: &Manifest, commit: &CommitSha) -> Result<Option<Attachment>> {
    let about = |document: &&Evidence| match &document.claim {
        Claim::CiVerdict { commit: of, .. } => of == commit,
        Claim::ImageBuilt { digest, .. } => *digest == root.digest,
        Claim::Smoke { digest, .. } => digest.as_ref() == Some(&root.digest),
        _ => false,
    };
    let layer = |document: &Evidence| {
        let bytes = document.canonical_json().into_bytes();
        let title = format!("{}.json", document.claim.kind());
        (titled(descriptor(record::MEDIA_TYPE, &bytes), &title), bytes)
    };
    let layers: Vec<_> = documents.iter().filter(about).map(layer).collect();
    if layers.is_empty() { Ok(None) } else { Attachment::new(record::MEDIA_TYPE, root, layers).map(Some) }
}

fn titled(mut descriptor: Descriptor, title: &str) -> Descriptor {
    descriptor.annotations.insert("org.opencontainers.image.title".to_owned(), title.to_owned());
    descriptor
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        artifact_type: None,
        platform: None,
        annotations: BTreeMap::new(),
    }
}
