//! What is deployed: an image by its digest, and what it says of itself.

use crate::image::manifest::REVISION;
use crate::image::schema::{MAX, MIN};
use evidence::{CommitSha, Digest, ImageRef, SchemaRange, Tag};
use std::collections::BTreeMap;

/// An image by its digest, as the registry has it.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Registry and repository, without tag and digest.
    pub repository: ImageRef,
    /// The digest of its manifest or index.
    pub digest: Digest,
    /// The reference that was asked for, with a tag; none: it was asked for by commit or digest.
    pub reference: Option<ImageRef>,
    /// The commit that it was built from, by its label.
    pub commit: CommitSha,
    /// The version that people call it by: the tag that was asked for, or `sha-<7>`.
    pub version: String,
    /// The schemas that it can run on, by its labels.
    pub schema: Option<SchemaRange>,
}

impl Pinned {
    /// `registry/name@sha256:…`.
    pub fn by_digest(&self) -> String {
        ImageRef { tag: None, digest: Some(self.digest.clone()), ..self.repository.clone() }.to_string()
    }
}

/// An image with what its labels say; none where they do not say its commit. `repository` has neither tag nor digest.
pub fn of_labels(
    repository: ImageRef,
    digest: Digest,
    tag: Option<Tag>,
    labels: &BTreeMap<String, String>,
) -> Option<Pinned> {
    let commit: CommitSha = labels.get(REVISION)?.parse().ok()?;
    let [min, max] = [MIN, MAX].map(|name| labels.get(name).and_then(|value| value.parse().ok()));
    Some(Pinned {
        version: tag.as_ref().map_or_else(|| commit.tag().to_string(), ToString::to_string),
        reference: tag.map(|tag| ImageRef { tag: Some(tag), ..repository.clone() }),
        repository,
        digest,
        commit,
        schema: min.zip(max).map(|(min, max)| SchemaRange { min, max }),
    })
}
