//! From what was asked for to an image by its digest.

use crate::error::{Exit, Problem};
use crate::image::Platform;
use crate::image::manifest::{Manifest, REVISION};
use crate::registry::Repository;
use crate::target::image::{Pinned, of_labels};
use anyhow::Result;
use evidence::{CommitSha, Digest, ImageRef, Tag};

/// How an image is asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// By a tag.
    Tag(Tag),
    /// By its digest.
    Digest(Digest),
    /// By the commit that it was built from.
    Commit(CommitSha),
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Digest(digest) => write!(f, "{digest}"),
            Self::Commit(commit) => write!(f, "commit {commit}"),
        }
    }
}

/// Asks the registry what is meant.
///
/// # Errors
/// Exit 1 when the registry has no such image, exit 3 when a tag of the commit names another commit's image.
pub fn resolve(repository: &Repository, image: &ImageRef, wanted: &Wanted) -> Result<(Pinned, Manifest)> {
    let (manifest, tag) = match wanted {
        Wanted::Tag(tag) => (repository.by_tag(tag.as_str())?, Some(tag.clone())),
        Wanted::Digest(digest) => (repository.by_digest(digest)?, None),
        Wanted::Commit(commit) => (repository.by_tag(commit.tag().as_str())?, None),
    };
    let Some(manifest) = manifest else { return Err(missing(repository, wanted).into()) };
    let labels = repository.config_of(&manifest)?.unwrap_or_default().labels();
    let plain = ImageRef { tag: None, digest: None, ..image.clone() };
    let Some(pinned) = of_labels(plain, manifest.digest.clone(), tag, &labels) else {
        return Err(Problem::new(
            Exit::Failed,
            format!(
                "{} does not say which commit it was built from: expected the label {REVISION}",
                manifest.digest
            ),
        )
        .next("cargo xtask build-image and cargo xtask publish make images that do")
        .into());
    };
    if let Wanted::Commit(asked) = wanted
        && *asked != pinned.commit
    {
        return Err(Problem::new(
            Exit::Refused,
            format!("{} names an image of {}, and {asked} was asked for", asked.tag(), pinned.commit),
        )
        .next("cargo xtask images list")
        .into());
    }
    Ok((pinned, manifest))
}

fn missing(repository: &Repository, wanted: &Wanted) -> Problem {
    Problem::new(Exit::Failed, format!("{} has no image {wanted}", repository.reference()))
        .next(format!("cargo xtask images list --image {}", repository.reference()))
}

/// That every platform of an image is there with all of its blobs; the platforms.
///
/// # Errors
/// Exit 1, naming the platform and what is missing of it.
pub fn whole(repository: &Repository, manifest: &Manifest) -> Result<Vec<Platform>> {
    let mut platforms = Vec::new();
    let mut images = Vec::new();
    if manifest.is_index() {
        for entry in manifest.content.images() {
            let Some(image) = repository.by_digest(&entry.digest)? else {
                return Err(incomplete(manifest, &format!("its manifest {}", entry.digest)).into());
            };
            platforms.extend(entry.platform.clone());
            images.push(image);
        }
    } else {
        platforms.extend(repository.config_of(manifest)?.map(|config| config.platform()));
        images.push(manifest.clone());
    }
    for image in &images {
        for blob in image.content.blobs() {
            if !repository.has_blob(&blob.digest)? {
                return Err(
                    incomplete(manifest, &format!("the blob {} of {}", blob.digest, image.digest)).into()
                );
            }
        }
    }
    Ok(platforms)
}

fn incomplete(manifest: &Manifest, what: &str) -> Problem {
    Problem::new(Exit::Failed, format!("{} is not whole: {what} is missing", manifest.digest))
        .next("publish it again: cargo xtask publish")
}
