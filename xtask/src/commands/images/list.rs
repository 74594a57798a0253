//! `images list`: tags grouped by the image that they name.

use super::stored::{age, images, tags};
use crate::context::Context;
use crate::plan::summary::paint;
use crate::registry::Repository;
use anyhow::Result;
use evidence::RFC3339;
use time::OffsetDateTime;

/// Lists the images, newest first.
pub fn run(ctx: &Context, repository: &Repository, json: bool) -> Result<()> {
    let images = images(repository, &tags(repository)?)?;
    if json {
        let list: Vec<_> = images
            .iter()
            .map(|image| {
                let created = image.created.and_then(|at| at.format(RFC3339).ok());
                serde_json::json!({ "digest": image.manifest.digest, "tags": image.tags, "created": created,
                    "commit": image.commit, "platforms": image.platforms, "size_bytes": image.size_bytes })
            })
            .collect();
        println!("{:#}", serde_json::json!({ "image": repository.reference(), "images": list }));
        return Ok(());
    }
    let now = OffsetDateTime::now_utc();
    for image in &images {
        println!(
            "{}  {}  {:>8}  {:>8.1} MB  {}  {}",
            image.manifest.digest.short(),
            image.commit.as_deref().map_or("no commit", |commit| commit.get(..7).unwrap_or(commit)),
            age(image.created, now),
            image.size_bytes as f64 / 1e6,
            image.platforms.join(","),
            image.tags.join(" "),
        );
    }
    let word = if images.len() == 1 { "image" } else { "images" };
    let line = format!("{} {word} in {}", images.len(), repository.reference());
    eprintln!("{}", paint(ctx.out, "2", &line));
    Ok(())
}
