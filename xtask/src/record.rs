//! Evidence of what the pipeline did: one document per fact under `target/xtask/evidence`.

use crate::context::Context;
use crate::policy::Pipeline;
use anyhow::{Context as _, Result};
use evidence::{Claim, Evidence};
use std::path::PathBuf;
use time::OffsetDateTime;

/// Writes a fact that has just happened, and returns the document's path.
pub fn write(ctx: &Context, pipeline: &Pipeline, claim: Claim) -> Result<PathBuf> {
    let document = Evidence::new(pipeline.project.clone(), OffsetDateTime::now_utc(), claim);
    let path = ctx.work_dir("evidence")?.join(format!("{}.json", document.sha256()));
    let text = format!("{:#}\n", serde_json::to_value(&document)?);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Every document that was written so far, oldest first. A file that is no document is an error.
pub fn read_all(ctx: &Context) -> Result<Vec<Evidence>> {
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(ctx.work_dir("evidence")?)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let document: Evidence = serde_json::from_str(&text)
            .with_context(|| format!("{} is not an evidence document", path.display()))?;
        documents.push(document);
    }
    documents.sort_by_key(|document| (document.occurred_at, document.sha256()));
    Ok(documents)
}
