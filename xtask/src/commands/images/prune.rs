//! `images prune`: removes images that no tag, no index, no environment and nobody else needs.

use super::stored::{age, images, is_list_of_referrers, tags};
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::image::manifest::Manifest;
use crate::policy::prune::{Kept, Rules, decide, deletions, parse_span};
use crate::record;
use crate::registry::{Repository, fallback};
use anyhow::Result;
use evidence::{Claim, Digest, Outcome};
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// Arguments of `images prune`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask images prune --keep-last 20
  cargo xtask images prune --older-than 90d --keep-last 5 --apply
  cargo xtask images prune --tags 'test-*' --older-than 2w --keep sha256:… --apply

Without --apply nothing is removed. What is deployed, as far as this machine's evidence tells, stays; --keep names more.")]
pub struct Args {
    /// Remove only what is older, such as 30d, 12h or 2w
    #[arg(long, value_name = "AGE", value_parser = parse_span)]
    older_than: Option<Duration>,
    /// Keep the newest so many of those that could go
    #[arg(long, value_name = "N")]
    keep_last: Option<usize>,
    /// Remove only images all of whose tags match; repeated for more
    #[arg(long, value_name = "PATTERN", default_values = ["sha-*"])]
    tags: Vec<String>,
    /// Keep this digest; repeated for more
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    keep: Vec<Digest>,
    /// Remove them; without it they are only named
    #[arg(long)]
    pub apply: bool,
}

fn parse_digest(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|error: evidence::ParseDigestError| error.to_string())
}

/// Says what could go, and removes it where that was asked for.
pub fn run(ctx: &Context, repository: &Repository, args: &Args, json: bool) -> Result<()> {
    if args.older_than.is_none() && args.keep_last.is_none() {
        return Err(Problem::usage(
            "prune needs --older-than or --keep-last: without a limit everything would go",
        )
        .next("cargo xtask images prune --keep-last 20")
        .into());
    }
    let rules = Rules {
        patterns: args.tags.clone(),
        older_than: args.older_than,
        keep_last: args.keep_last.unwrap_or(0),
    };
    let pinned = pinned(ctx, args)?;
    let found = tags(repository)?;
    let images = images(repository, &found)?;
    let kept: Vec<Kept> =
        images.iter().map(|image| reachable(repository, image, &found)).collect::<Result<_>>()?;
    let now = OffsetDateTime::now_utc();
    let verdicts = decide(&kept, &pinned, &rules, now);
    let gone = deletions(&kept, &verdicts, &pinned);
    if args.apply {
        unchanged(repository, &found)?;
        for digest in &gone {
            repository.delete(digest)?;
        }
    }
    if json {
        let list: Vec<_> = images
            .iter()
            .zip(&verdicts)
            .map(|(image, verdict)| {
                serde_json::json!({ "digest": verdict.digest, "tags": image.tags, "remove": verdict.remove,
                    "why": verdict.why, "size_bytes": image.size_bytes })
            })
            .collect();
        println!(
            "{:#}",
            serde_json::json!({ "image": repository.reference(), "applied": args.apply, "images": list, "deletions": gone })
        );
        return Ok(());
    }
    for (image, verdict) in images.iter().zip(&verdicts) {
        let word = match (verdict.remove, args.apply) {
            (true, true) => "removed",
            (true, false) => "would go",
            (false, _) => "stays",
        };
        let (digest, age) = (verdict.digest.short(), age(image.created, now));
        println!("{word:8}  {digest}  {age:>8}  {}: {}", image.tags.join(" "), verdict.why);
    }
    let count = verdicts.iter().filter(|verdict| verdict.remove).count();
    eprintln!("{count} of {} images, {} manifests", images.len(), gone.len());
    if count > 0 && !args.apply {
        eprintln!("  next: the same with --apply; the registry frees the space when it collects garbage");
    }
    Ok(())
}

/// The digests that are needed elsewhere, each with why.
fn pinned(ctx: &Context, args: &Args) -> Result<BTreeMap<Digest, String>> {
    let mut pinned: BTreeMap<Digest, String> =
        args.keep.iter().map(|digest| (digest.clone(), "--keep".to_owned())).collect();
    for document in record::read_all(ctx)? {
        match document.claim {
            Claim::Deployed { digest: Some(digest), environment, outcome: Outcome::Success, .. } => {
                pinned.insert(digest, format!("was deployed to {environment}"));
            }
            Claim::RolledBack { digest: Some(digest), environment, .. } => {
                pinned.insert(digest, format!("{environment} went back to it"));
            }
            _ => {}
        }
    }
    Ok(pinned)
}

fn reachable(
    repository: &Repository,
    image: &super::stored::Stored,
    found: &BTreeMap<String, Manifest>,
) -> Result<Kept> {
    let digest = &image.manifest.digest;
    let attached = repository.referrers(digest)?;
    let mut referrers = Vec::new();
    if attached.by_tag {
        // The list itself goes first: it names the others.
        referrers.extend(found.get(fallback(digest)?.as_str()).map(|list| list.digest.clone()));
    }
    referrers.extend(attached.list.into_iter().map(|one| one.digest));
    Ok(Kept {
        digest: digest.clone(),
        tags: image.tags.clone(),
        created: image.created,
        children: image.manifest.content.manifests.iter().map(|child| child.digest.clone()).collect(),
        referrers,
    })
}

/// Deleting a digest takes every tag that names it: a tag that has moved since it was looked at would go too.
fn unchanged(repository: &Repository, before: &BTreeMap<String, Manifest>) -> Result<()> {
    let digests = |tags: &BTreeMap<String, Manifest>| -> BTreeMap<String, Digest> {
        let images = tags.iter().filter(|(tag, _)| !is_list_of_referrers(tag));
        images.map(|(tag, manifest)| (tag.clone(), manifest.digest.clone())).collect()
    };
    if digests(before) == digests(&tags(repository)?) {
        return Ok(());
    }
    Err(Problem::new(Exit::Failed, "tags have moved while they were looked at: nothing was removed")
        .next("run the same command again")
        .into())
}
