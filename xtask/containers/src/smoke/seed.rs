//! `--keep`: a board that shows this repository itself.

use super::Subject;
use super::checks::Tokens;
use crate::http::Client;
use anyhow::{Context as _, Result, ensure};
use evidence::{Claim, Evidence, Outcome};
use serde_json::json;
use time::OffsetDateTime;
use xshell::cmd;
use xtask::context::Context;
use xtask::policy::Pipeline;
use xtask::record;

/// How many commits are shown.
const COMMITS: &str = "--max-count=100";

/// Posts the last commits, the evidence that the pipeline has written here, and what runs now.
pub fn seed(
    ctx: &Context,
    pipeline: &Pipeline,
    client: &Client,
    tokens: &Tokens,
    subject: &Subject,
) -> Result<String> {
    let mut documents = commits(ctx, pipeline)?;
    documents.extend(record::read_all(ctx)?);
    let running = Claim::Deployed {
        service: pipeline.project.clone(),
        environment: "local".parse()?,
        commit: subject.commit.clone(),
        digest: subject.digest.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        outcome: Outcome::Success,
        actor: "cargo xtask smoke --keep".to_owned(),
        deployment: None,
        reference: None,
        failure: None,
        milliseconds: None,
    };
    documents.push(Evidence::new(pipeline.project.clone(), OffsetDateTime::now_utc(), running));
    for batch in documents.chunks(500) {
        let answer = client.post("/v1/evidence", Some(&tokens.writer), &json!({ "evidence": batch }))?;
        let answer = answer.expect(200)?.json()?;
        let results = answer["results"].as_array().context("the answer lists no results")?;
        let rejected = results.iter().find(|result| result["status"] == "rejected");
        ensure!(rejected.is_none(), "a document was rejected: {}", rejected.unwrap_or(&json!(null)));
    }
    Ok(format!("{} documents", documents.len()))
}

/// The commits as evidence, read from git.
fn commits(ctx: &Context, pipeline: &Pipeline) -> Result<Vec<Evidence>> {
    let shell = ctx.shell()?;
    let log = cmd!(shell, "git log {COMMITS} --format=%H%x1f%ct%x1f%P%x1f%an%x1f%s").quiet().read()?;
    let mut documents = Vec::new();
    for line in log.lines() {
        let mut fields = line.split('\u{1f}');
        let mut field = || fields.next().context("git log printed a short line");
        let (commit, at) = (field()?.parse()?, OffsetDateTime::from_unix_timestamp(field()?.parse()?)?);
        let parents = field()?.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let claim =
            Claim::Commit { commit, parents, author: shown(field()?, 100), subject: shown(field()?, 200) };
        documents.push(Evidence::new(pipeline.project.clone(), at, claim));
    }
    Ok(documents)
}

/// At most `most` characters, and never none: the ledger takes no empty text.
fn shown(text: &str, most: usize) -> String {
    if text.trim().is_empty() { "(none)".to_owned() } else { text.chars().take(most).collect() }
}
