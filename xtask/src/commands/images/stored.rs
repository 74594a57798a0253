//! The images of a repository, each with the tags that name it.

use crate::error::{Exit, Problem};
use crate::image::manifest::{Manifest, REVISION};
use crate::registry::Repository;
use anyhow::Result;
use evidence::{Digest, RFC3339};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// An image that at least one tag names.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its manifest or index.
    pub manifest: Manifest,
    /// The tags that name it.
    pub tags: Vec<String>,
    /// When it was made.
    pub created: Option<OffsetDateTime>,
    /// The commit that it was built from.
    pub commit: Option<String>,
    /// Where it runs.
    pub platforms: Vec<String>,
    /// Its compressed size in bytes, a blob of several platforms counted once.
    pub size_bytes: u64,
}

/// Every tag with the manifest that it names; a tag that goes away while it is looked at is left out.
pub fn tags(repository: &Repository) -> Result<BTreeMap<String, Manifest>> {
    let Some(names) = repository.tags()? else {
        return Err(Problem::new(Exit::Missing, format!("{} does not exist", repository.reference()))
            .next("cargo xtask publish makes it where the registry lets it; --image names another one")
            .into());
    };
    let mut tags = BTreeMap::new();
    for name in names {
        if let Some(manifest) = repository.by_tag(&name)? {
            tags.insert(name, manifest);
        }
    }
    Ok(tags)
}

/// Whether a tag is a list of referrers and no image's name.
pub fn is_list_of_referrers(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|hex| hex.len() == 64)
}

/// The images behind tags, newest first.
pub fn images(repository: &Repository, tags: &BTreeMap<String, Manifest>) -> Result<Vec<Stored>> {
    let mut by_digest: BTreeMap<Digest, (Manifest, Vec<String>)> = BTreeMap::new();
    for (tag, manifest) in tags.iter().filter(|(tag, _)| !is_list_of_referrers(tag)) {
        let entry =
            by_digest.entry(manifest.digest.clone()).or_insert_with(|| (manifest.clone(), Vec::new()));
        entry.1.push(tag.clone());
    }
    let mut images = Vec::new();
    for (manifest, tags) in by_digest.into_values() {
        images.push(describe(repository, manifest, tags)?);
    }
    images.sort_by_key(|image| std::cmp::Reverse(image.created));
    Ok(images)
}

/// What one image says of itself.
pub fn describe(repository: &Repository, manifest: Manifest, tags: Vec<String>) -> Result<Stored> {
    let config = repository.config_of(&manifest)?.unwrap_or_default();
    let annotation = |name: &str| manifest.content.annotations.get(name).map(String::as_str);
    let created = config.created.as_deref().or_else(|| annotation("org.opencontainers.image.created"));
    let created = created.and_then(|text| OffsetDateTime::parse(text, RFC3339).ok());
    let commit = config.label(REVISION).or_else(|| annotation(REVISION)).map(str::to_owned);
    let mut blobs = BTreeMap::new();
    let mut platforms = Vec::new();
    if manifest.is_index() {
        for entry in manifest.content.images() {
            platforms.push(entry.platform.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string));
            if let Some(child) = repository.by_digest(&entry.digest)? {
                blobs.extend(child.content.blobs().map(|blob| (blob.digest.clone(), blob.size)));
            }
        }
    } else {
        platforms.push(config.platform().to_string());
        blobs.extend(manifest.content.blobs().map(|blob| (blob.digest.clone(), blob.size)));
    }
    Ok(Stored { created, commit, platforms, size_bytes: blobs.values().sum(), manifest, tags })
}

/// An age for people: `3 h`, `12 d`.
pub fn age(created: Option<OffsetDateTime>, now: OffsetDateTime) -> String {
    let Some(created) = created else {
        return "unknown".to_owned();
    };
    let age = now - created;
    match age.whole_days() {
        _ if age.is_negative() => "0 min".to_owned(),
        0 if age.whole_hours() == 0 => format!("{} min", age.whole_minutes()),
        0 => format!("{} h", age.whole_hours()),
        days => format!("{days} d"),
    }
}
