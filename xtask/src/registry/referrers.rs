//! What refers to an image: SBOMs and evidence. Through the referrers API where the registry has one, else in an index
//! under the tag `sha256-<digest>`.
//!
//! Source: OCI distribution specification 1.1, "Listing Referrers", "Referrers Tag Schema".

use super::call::Call;
use super::repository::Repository;
use crate::image::manifest::{Descriptor, INDEX, Manifest};
use anyhow::{Context as _, Result, bail};
use evidence::{Digest, Tag};

/// How often the list under the tag is written, when someone else writes it too.
const TRIES: usize = 5;

/// What refers to an image, and where the registry keeps that.
#[derive(Clone, Debug)]
pub struct Attached {
    /// The manifests that refer to it.
    pub list: Vec<Descriptor>,
    /// The list is an index under a tag: the registry has no referrers API.
    pub by_tag: bool,
}

impl Repository {
    /// What refers to a manifest.
    pub fn referrers(&self, subject: &Digest) -> Result<Attached> {
        let call = Call::new("GET", self.url(&format!("referrers/{subject}"))).header("accept", INDEX);
        let answer = self.transport.send(&call)?;
        // A registry without the API answers 404, and some that know nothing of it a page of their own.
        if answer.status == 200
            && let Ok(index) = Manifest::parse(answer.body, INDEX)
        {
            return Ok(Attached { list: index.content.manifests, by_tag: false });
        }
        let list = self.by_tag(fallback(subject)?.as_str())?;
        Ok(Attached { list: list.map(|index| index.content.manifests).unwrap_or_default(), by_tag: true })
    }

    /// Puts a manifest that refers to `subject`; its blobs must be there. Doing it again changes nothing.
    pub fn attach(&self, subject: &Digest, manifest: &Manifest) -> Result<()> {
        if self.put_manifest(manifest, None)? {
            return Ok(());
        }
        let tag = fallback(subject)?;
        for _ in 0..TRIES {
            let mut list =
                self.by_tag(tag.as_str())?.map(|index| index.content.manifests).unwrap_or_default();
            if list.iter().any(|one| one.digest == manifest.digest) {
                return Ok(());
            }
            list.push(described(manifest));
            // In one order whoever writes it, so that two who write at once come to the same index.
            list.sort_by(|a, b| a.digest.cmp(&b.digest));
            let index = serde_json::json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": list });
            self.put_manifest(&Manifest::parse(index.to_string().into_bytes(), INDEX)?, Some(&tag))?;
            // Read again: another one may have put a list without this one in the meantime.
        }
        bail!(
            "the list of referrers, tag {tag}, is being written by others: it never kept {}",
            manifest.digest
        )
    }
}

/// The tag under which referrers are listed where there is no API.
pub fn fallback(subject: &Digest) -> Result<Tag> {
    subject.as_str().replace(':', "-").parse().context("the tag of a digest")
}

/// An artefact's descriptor as the specification wants it in the list.
fn described(manifest: &Manifest) -> Descriptor {
    let mut descriptor = manifest.descriptor();
    let content = &manifest.content;
    let config = content.config.as_ref().map(|config| config.media_type.clone());
    descriptor.artifact_type = content.artifact_type.clone().or(config);
    descriptor.annotations.clone_from(&content.annotations);
    descriptor
}
