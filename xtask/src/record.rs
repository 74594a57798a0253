//! Evidence of what the pipeline did: one document per fact under `target/xtask/evidence`, the spool.

use crate::context::Context;
use crate::git::{CommitFacts, Git};
use crate::policy::Pipeline;
use anyhow::{Context as _, Result, anyhow};
use evidence::{Claim, CommitSha, Evidence};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The media type of a document beside an image, and of the manifest that refers to the image by it.
pub const MEDIA_TYPE: &str = "application/vnd.portbook.evidence.v1+json";

/// A file of the spool.
#[derive(Clone, Debug)]
pub struct Spooled {
    /// The file.
    pub path: PathBuf,
    /// The document in it, or what is wrong with it.
    pub document: Result<Evidence, String>,
}

/// Writes a fact that has just happened, and returns its document.
///
/// # Errors
/// When the file cannot be written.
pub fn write(ctx: &Context, pipeline: &Pipeline, claim: Claim) -> Result<Evidence> {
    let document = Evidence::new(pipeline.project.clone(), OffsetDateTime::now_utc(), claim);
    save(ctx, &document)?;
    Ok(document)
}

/// Where a document is kept.
fn file_of(folder: &Path, document: &Evidence) -> PathBuf {
    folder.join(format!("{}.json", document.sha256()))
}

fn save(ctx: &Context, document: &Evidence) -> Result<()> {
    let path = file_of(&ctx.work_dir("evidence")?, document);
    let text = format!("{:#}\n", serde_json::to_value(document)?);
    // Whoever is killed while writing leaves half a file behind that no reader takes for evidence.
    let half = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&half, text)
        .and_then(|()| std::fs::rename(&half, &path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A commit as evidence. The same commit gives the same document.
pub fn commit(pipeline: &Pipeline, facts: CommitFacts) -> Evidence {
    let CommitFacts { commit, at, parents, author, subject } = facts;
    let claim = Claim::Commit { commit, parents, author: shown(&author, 100), subject: shown(&subject, 200) };
    Evidence::new(pipeline.project.clone(), at, claim)
}

/// At most `most` characters, and never none: the ledger takes no empty text.
fn shown(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|c| *c != '\0').take(most).collect();
    if text.trim().is_empty() { "(none)".to_owned() } else { text }
}

/// The commits that these documents speak of, as documents of the spool too. Only those that are on the default branch,
/// because that is what such a document says, and only those that this clone has.
///
/// # Errors
/// When a file cannot be written.
pub fn commits_of(ctx: &Context, pipeline: &Pipeline, documents: &[Evidence]) -> Result<Vec<Evidence>> {
    let is_commit = |document: &Evidence| matches!(document.claim, Claim::Commit { .. });
    let told: BTreeSet<&CommitSha> =
        documents.iter().filter(|document| is_commit(document)).filter_map(|d| d.claim.commit()).collect();
    let named: BTreeSet<&CommitSha> = documents.iter().filter_map(|d| d.claim.commit()).collect();
    let folder = ctx.work_dir("evidence")?;
    let git = Git::of(ctx);
    let mut commits = Vec::new();
    for sha in named.difference(&told).filter(|sha| git.is_on(sha.as_str(), &pipeline.default_branch)) {
        let Some(facts) = git.commits(sha.as_str(), 1).pop() else { continue };
        let document = commit(pipeline, facts);
        if !file_of(&folder, &document).exists() {
            save(ctx, &document)?;
        }
        commits.push(document);
    }
    Ok(commits)
}

/// Every file of the spool, oldest document first, those that are no documents last.
///
/// # Errors
/// When the folder cannot be read.
pub fn spool(ctx: &Context) -> Result<Vec<Spooled>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(ctx.work_dir("evidence")?)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let document = std::fs::read(&path).map_err(|error| error.to_string()).and_then(|bytes| {
            serde_json::from_slice::<Evidence>(&bytes)
                .map_err(|error| format!("is not an evidence document: {error}"))
        });
        files.push(Spooled { path, document });
    }
    files.sort_by_cached_key(|file| match &file.document {
        Ok(document) => (false, Some(document.occurred_at), document.sha256()),
        Err(_) => (true, None, file.path.display().to_string()),
    });
    Ok(files)
}

/// Every document that was written so far, oldest first. A file that is no document is an error.
///
/// # Errors
/// When a file cannot be read, or is no document.
pub fn read_all(ctx: &Context) -> Result<Vec<Evidence>> {
    let read = |file: Spooled| file.document.map_err(|why| anyhow!("{}: {why}", file.path.display()));
    spool(ctx)?.into_iter().map(read).collect()
}
