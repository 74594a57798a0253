//! `images show`: one image, and what refers to it.

use super::stored::describe;
use crate::error::{Exit, Problem};
use crate::registry::Repository;
use anyhow::Result;
use evidence::{Digest, ImageRef, RFC3339};

/// Arguments of `images show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask images show latest
  cargo xtask images show ghcr.io/portbook/portbook:v1.2.3 --json")]
pub struct Args {
    /// A tag or a digest, or a whole reference with one
    #[arg(value_name = "REF")]
    reference: String,
}

impl Args {
    /// The repository and the tag or digest in it: a bare one is of the given repository.
    pub fn target(&self, repository: &ImageRef) -> Result<(ImageRef, String)> {
        let text = &self.reference;
        let bare = !text.contains('/') && (text.parse::<Digest>().is_ok() || !text.contains([':', '@']));
        if bare {
            return Ok((repository.clone(), text.clone()));
        }
        let image: ImageRef = text.parse().map_err(|error| Problem::usage(format!("{error}")))?;
        let reference = match (&image.digest, &image.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => "latest".to_owned(),
        };
        Ok((image, reference))
    }
}

/// Shows one image.
pub fn run(repository: &Repository, reference: &str, json: bool) -> Result<()> {
    let found = match reference.parse::<Digest>() {
        Ok(digest) => repository.by_digest(&digest)?,
        Err(_) => repository.by_tag(reference)?,
    };
    let Some(manifest) = found else {
        return Err(Problem::new(Exit::Missing, format!("{} has no {reference}", repository.reference()))
            .next("cargo xtask images list")
            .into());
    };
    let labels = repository.config_of(&manifest)?.map(|config| config.labels()).unwrap_or_default();
    let referrers = repository.referrers(&manifest.digest)?;
    let image = describe(repository, manifest, Vec::new())?;
    let manifest = &image.manifest;
    if json {
        let created = image.created.and_then(|at| at.format(RFC3339).ok());
        println!(
            "{:#}",
            serde_json::json!({ "image": repository.reference(), "digest": manifest.digest,
                "media_type": manifest.media_type, "created": created, "commit": image.commit,
                "platforms": image.platforms, "size_bytes": image.size_bytes, "labels": labels,
                "annotations": manifest.content.annotations, "layers": manifest.content.layers,
                "manifests": manifest.content.manifests, "referrers": referrers.list })
        );
        return Ok(());
    }
    println!("{}@{}", repository.reference(), manifest.digest);
    println!("  {}", manifest.media_type);
    println!("  {}, {:.1} MB compressed", image.platforms.join(", "), image.size_bytes as f64 / 1e6);
    let section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            println!("{title}");
            lines.iter().for_each(|line| println!("  {line}"));
        }
    };
    let pair = |(key, value): (&String, &String)| format!("{key} = {value}");
    section(
        "manifests",
        manifest
            .content
            .manifests
            .iter()
            .map(|one| {
                let platform =
                    one.platform.as_ref().map_or_else(|| "no platform".to_owned(), ToString::to_string);
                format!("{} {platform}", one.digest)
            })
            .collect(),
    );
    let layer = |one: &crate::image::manifest::Descriptor| format!("{} {} bytes", one.digest, one.size);
    section("layers", manifest.content.layers.iter().map(layer).collect());
    section("labels", labels.iter().map(pair).collect());
    section("annotations", manifest.content.annotations.iter().map(pair).collect());
    section(
        if referrers.by_tag { "referrers (listed under a tag)" } else { "referrers" },
        referrers
            .list
            .iter()
            .map(|one| format!("{} {}", one.digest, one.artifact_type.as_deref().unwrap_or(&one.media_type)))
            .collect(),
    );
    Ok(())
}
