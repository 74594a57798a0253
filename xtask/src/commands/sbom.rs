//! The bill of materials that goes with an artefact: asked from cargo and the lock file of npm, written into the layout.

use crate::context::{Context, Head};
use crate::image::sbom::{self, Subject};
use crate::policy::Pipeline;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::Path;
use xshell::cmd;

/// Writes the bill of materials of this commit into an OCI image layout; the number of components in it.
///
/// # Errors
/// When cargo cannot tell the dependencies, which it may have to download for the telling, or a file cannot be read.
pub fn write(ctx: &Context, pipeline: &Pipeline, head: &Head, layout: &Path) -> Result<usize> {
    let shell = ctx.shell()?;
    let cargo = cmd!(shell, "cargo metadata --quiet --format-version 1 --locked")
        .quiet()
        .read()
        .context("the bill of materials needs cargo metadata")?;
    let lock = ctx.root.join("frontend/package-lock.json");
    let npm = std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let npm: Value = serde_json::from_str(&npm).with_context(|| lock.display().to_string())?;
    let subject = Subject {
        package: pipeline.project.as_str(),
        version: env!("CARGO_PKG_VERSION"),
        commit: &head.commit,
        epoch: head.epoch,
    };
    let bill = sbom::cyclonedx(&subject, &serde_json::from_str(&cargo)?, &npm)?;
    let file = layout.join(sbom::FILE);
    std::fs::write(&file, serde_json::to_vec_pretty(&bill)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(bill["components"].as_array().map_or(0, Vec::len))
}
