//! The evidence that is attached to an image in its registry.

use super::facts::about;
use crate::record::MEDIA_TYPE;
use crate::registry::Repository;
use crate::target::image::Pinned;
use anyhow::Result;
use evidence::{Claim, Evidence, Name};

/// So many documents are read at most: whoever may push may also attach.
const MOST: usize = 500;
/// A document of more bytes is none of ours.
const LARGEST: u64 = 1 << 20;

/// Every document that refers to an image. One that cannot be used is named and left out: what it would have said counts
/// as not known.
///
/// # Errors
/// When the registry cannot be asked, or what it sends has another digest than it says.
pub fn documents(repository: &Repository, image: &Pinned, project: &Name) -> Result<Vec<Evidence>> {
    let mut documents = Vec::new();
    let listed = repository.referrers(&image.digest)?.list;
    // A registry that keeps the list itself may leave the type out of it.
    let may_be = |found: Option<&str>| found.is_none_or(|found| found == MEDIA_TYPE);
    for entry in listed.iter().filter(|entry| may_be(entry.artifact_type.as_deref())) {
        let Some(manifest) = repository.by_digest(&entry.digest)? else { continue };
        let subject = manifest.content.subject.as_ref().map(|subject| &subject.digest);
        if manifest.content.artifact_type.as_deref() != Some(MEDIA_TYPE) || subject != Some(&image.digest) {
            continue;
        }
        for layer in manifest.content.layers.iter().filter(|layer| layer.media_type == MEDIA_TYPE) {
            if documents.len() >= MOST || layer.size > LARGEST {
                left_out(image, layer.digest.short(), "there are too many, or it is too large");
                continue;
            }
            let Some(bytes) = repository.blob(&layer.digest)? else {
                left_out(image, layer.digest.short(), "the registry has it no more");
                continue;
            };
            match checked(&bytes, image, project) {
                Ok(document) => documents.push(document),
                Err(why) => left_out(image, layer.digest.short(), &why),
            }
        }
    }
    Ok(documents)
}

fn left_out(image: &Pinned, digest: &str, why: &str) {
    eprintln!("warning: evidence {digest} of {} is left out: {why}", image.by_digest());
}

/// A document that is about this image, and of a kind that is attached to one; else what is wrong with it.
fn checked(bytes: &[u8], image: &Pinned, project: &Name) -> Result<Evidence, String> {
    let document: Evidence =
        serde_json::from_slice(bytes).map_err(|error| format!("is not an evidence document: {error}"))?;
    if let Err(errors) = document.validate() {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        return Err(format!("says something impossible: {first}"));
    }
    if document.project != *project {
        return Err(format!("it is of {}, and this is {project}", document.project));
    }
    let ours = match &document.claim {
        Claim::CiVerdict { commit, .. } => *commit == image.commit,
        Claim::ImageBuilt { .. } | Claim::Smoke { .. } | Claim::Published { .. } => {
            about(&document) == Some(&image.digest)
        }
        // Where it ran is said by who ran it, not by who may push.
        claim => return Err(format!("a document of the kind {} is not attached to images", claim.kind())),
    };
    if ours { Ok(document) } else { Err("it is about something else".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{COMMIT, OTHER, at, image};
    use super::*;
    use evidence::{Digest, Outcome};

    #[test]
    fn only_what_is_about_the_image_is_taken() {
        let image = image();
        let project: Name = "portbook".parse().unwrap();
        let smoke = |digest: &Digest| Claim::Smoke {
            commit: COMMIT.parse().unwrap(),
            digest: Some(digest.clone()),
            outcome: Outcome::Success,
            engine: "docker".parse().unwrap(),
        };
        let verdict = |commit: &str| Claim::CiVerdict {
            commit: commit.parse().unwrap(),
            outcome: Outcome::Success,
            jobs: Vec::new(),
        };
        let rolled_back = Claim::RolledBack {
            service: project.clone(),
            environment: "staging".parse().unwrap(),
            commit: COMMIT.parse().unwrap(),
            digest: Some(image.digest.clone()),
            version: "v1".to_owned(),
            actor: "a".to_owned(),
            deployment: None,
        };
        let text = |claim: Claim| Evidence::new(project.clone(), at(1), claim).canonical_json();
        let foreign = Evidence::new("other".parse().unwrap(), at(1), smoke(&image.digest)).canonical_json();
        let impossible = text(smoke(&image.digest)).replace("evidence/v1", "evidence/v0");
        for (text, wrong) in [
            (text(smoke(&image.digest)), None),
            (text(verdict(COMMIT)), None),
            (text(smoke(&Digest::of(b"other"))), Some("about something else")),
            (text(verdict(OTHER)), Some("about something else")),
            (text(rolled_back), Some("rolled_back is not attached")),
            (foreign, Some("it is of other")),
            (impossible, Some("impossible")),
            ("{}".to_owned(), Some("not an evidence document")),
        ] {
            match (checked(text.as_bytes(), &image, &project), wrong) {
                (Ok(_), None) => {}
                (Err(error), Some(wrong)) => assert!(error.contains(wrong), "{error}"),
                (found, wrong) => panic!("{text}: {found:?}, expected {wrong:?}"),
            }
        }
    }
}
