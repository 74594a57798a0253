//! What is deployed: an image by its digest, and what it says of itself.

use evidence::{CommitSha, Digest, ImageRef, SchemaRange};

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
