//! What is missing, and bringing it there in an order in which no tag ever names what is not whole.

use super::attach::Attachment;
use super::overtaken::hand_on;
use super::tags::{Fate, Publisher};
use crate::error::{Exit, Problem};
use crate::image::manifest::{Descriptor, Manifest};
use crate::policy::floating::Move;
use crate::registry::{Arrived, Source, fallback};
use anyhow::Result;
use evidence::Digest;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How often a floating tag is looked at again when others move it at the same time.
const TRIES: usize = 3;
/// Progress is said this often.
const BEAT: Duration = Duration::from_secs(2);

/// What the registry lacks.
pub struct Missing {
    /// Blobs.
    pub blobs: Vec<Descriptor>,
    /// Manifests, each after what it names, the root last.
    pub manifests: Vec<Manifest>,
    /// What has to be attached.
    pub attachments: Vec<Attachment>,
    /// The registry has no referrers API: a list under a tag says what is attached.
    by_tag: bool,
}

/// What was brought there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought {
    /// Bytes of the image's blobs that were sent.
    pub uploaded: u64,
    /// Bytes of blobs that the registry took from another repository.
    pub mounted: u64,
}

impl Missing {
    /// Asks the registry what it lacks. An image that it has was complete when it was put.
    pub fn survey(publisher: &Publisher<'_>, fates: &[Fate], attachments: Vec<Attachment>) -> Result<Self> {
        let (repository, graph) = (publisher.repository, publisher.graph);
        let mut missing =
            Self { blobs: Vec::new(), manifests: Vec::new(), attachments: Vec::new(), by_tag: false };
        let named = fates.iter().any(|fate| fate.act == Move::Already);
        let there = named || repository.has_manifest(&graph.root.digest)?;
        if !there {
            for blob in &graph.blobs {
                if !repository.has_blob(&blob.digest)? {
                    missing.blobs.push(blob.clone());
                }
            }
            missing.manifests.extend(graph.below.iter().chain([&graph.root]).cloned());
        }
        if attachments.is_empty() {
            return Ok(missing);
        }
        let known = repository.referrers(&graph.root.digest)?;
        missing.by_tag = known.by_tag;
        let new = |one: &Attachment| !known.list.iter().any(|entry| entry.digest == one.manifest.digest);
        missing.attachments.extend(attachments.into_iter().filter(new));
        Ok(missing)
    }

    /// The requests that would be made, in order.
    pub fn requests(&self, publisher: &Publisher<'_>, fates: &[Fate]) -> Vec<String> {
        let path = format!("/v2/{}", publisher.repository.name);
        let mut lines = Vec::new();
        let blob = |digest: &Digest, size: u64, lines: &mut Vec<String>| {
            lines.push(format!("POST {path}/blobs/uploads/"));
            lines.push(format!("PUT {path}/blobs/uploads/…?digest={digest} ({size} bytes)"));
        };
        for one in &self.blobs {
            blob(&one.digest, one.size, &mut lines);
        }
        for one in &self.manifests {
            lines.push(format!("PUT {path}/manifests/{} ({} bytes)", one.digest, one.bytes.len()));
        }
        for fate in fates.iter().filter(|fate| matches!(fate.act, Move::Create | Move::Move)) {
            lines.push(format!("PUT {path}/manifests/{} ({})", fate.wish.tag, fate.names));
            lines.push(format!("GET {path}/manifests/{}", fate.wish.tag));
        }
        for one in &self.attachments {
            for (descriptor, _) in &one.blobs {
                blob(&descriptor.digest, descriptor.size, &mut lines);
            }
            lines.push(format!("PUT {path}/manifests/{} (refers to the image)", one.manifest.digest));
            if let (true, Ok(tag)) = (self.by_tag, fallback(&publisher.graph.root.digest)) {
                lines.push(format!("PUT {path}/manifests/{tag} (the list of what refers to it)"));
            }
        }
        lines
    }

    /// Uploads blobs, then manifests by digest, the index last. Nothing names them yet.
    pub fn bring(&self, publisher: &Publisher<'_>, mount_from: &[String]) -> Result<Brought> {
        let mut brought = Brought::default();
        for blob in &self.blobs {
            publisher.graph.verify(blob)?;
            let file = publisher.graph.file(&blob.digest);
            let source = Source::File(&file, blob.size);
            match publisher.repository.upload(&blob.digest, source, mount_from)? {
                Arrived::Sent => brought.uploaded += blob.size,
                Arrived::Mounted => brought.mounted += blob.size,
            }
        }
        for manifest in &self.manifests {
            publisher.repository.put_manifest(manifest, None)?;
        }
        Ok(brought)
    }

    /// Attaches what refers to the image.
    pub fn attach(&self, publisher: &Publisher<'_>) -> Result<()> {
        for one in &self.attachments {
            for (descriptor, bytes) in &one.blobs {
                if publisher.repository.has_blob(&descriptor.digest)? {
                    continue;
                }
                publisher.repository.upload(&descriptor.digest, Source::Bytes(bytes), &[])?;
            }
            publisher.repository.attach(&publisher.graph.root.digest, &one.manifest)?;
        }
        Ok(())
    }
}

/// Puts a tag and reads it back. A floating one is judged again at the last moment, and once more when someone else has
/// moved it in between; where a later commit was published meanwhile, it is handed on to that.
pub fn put_tag(publisher: &Publisher<'_>, fate: &Fate) -> Result<Fate> {
    let mut fate = fate.clone();
    for _ in 0..TRIES {
        if fate.wish.floating {
            fate = again(publisher, &fate)?;
        }
        match fate.act {
            Move::Create | Move::Move => {}
            Move::Already if fate.wish.floating => return hand_on(publisher, fate),
            Move::Already | Move::Keep => return Ok(fate),
        }
        publisher.repository.put_manifest(&publisher.graph.root, Some(&fate.wish.tag))?;
        let back = publisher.repository.by_tag(fate.wish.tag.as_str())?.map(|manifest| manifest.digest);
        if back.as_ref() == Some(&publisher.graph.root.digest) {
            return if fate.wish.floating { hand_on(publisher, fate) } else { Ok(fate) };
        }
        if !fate.wish.floating {
            return Err(not_read_back(publisher, &fate, back.as_ref()));
        }
    }
    Err(Problem::new(Exit::Failed, format!("{} is being moved by others all the time", fate.wish.tag))
        .next("run the same command again when they are done")
        .into())
}

/// The fate as it stands now; what was found before is told where nothing has changed since.
fn again(publisher: &Publisher<'_>, before: &Fate) -> Result<Fate> {
    let now = publisher.decide(&before.wish)?;
    Ok(if now.act == Move::Already && before.act != Move::Already {
        Fate { why: format!("{}; another publisher was faster", before.why), ..now }
    } else {
        now
    })
}

fn not_read_back(publisher: &Publisher<'_>, fate: &Fate, back: Option<&Digest>) -> anyhow::Error {
    let found = back.map_or("nothing", Digest::as_str);
    let ours = &publisher.graph.root.digest;
    Problem::new(
        Exit::Failed,
        format!(
            "{}:{} was put as {ours} and reads back as {found}: the registry does not keep what it accepts, or someone else \
            publishes under the same tag",
            publisher.repository.reference(),
            fate.wish.tag
        ),
    )
    .next(format!("cargo xtask images show {}:{}", publisher.repository.reference(), fate.wish.tag))
    .into()
}

/// Says now and then how much of `total` bytes has been sent.
pub fn progress(total: u64) -> impl Fn(u64) + 'static {
    let (sent, last) = (Cell::new(0), RefCell::new(Instant::now()));
    move |bytes| {
        sent.set(sent.get() + bytes);
        if last.borrow().elapsed() >= BEAT {
            *last.borrow_mut() = Instant::now();
            eprintln!("  … {:.1} of {:.1} MB", sent.get() as f64 / 1e6, total as f64 / 1e6);
        }
    }
}
