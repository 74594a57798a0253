//! `--keep`: a board that shows this repository itself.

use super::Subject;
use super::checks::Tokens;
use crate::http::Client;
use anyhow::{Context as _, Result, ensure};
use evidence::{Claim, Evidence, Outcome};
use serde_json::json;
use time::OffsetDateTime;
use xtask::context::Context;
use xtask::git::Git;
use xtask::policy::Pipeline;
use xtask::record;

/// How many commits are shown.
const COMMITS: usize = 100;

/// Posts the last commits, the evidence that the pipeline has written here, and what runs now.
pub fn seed(
    ctx: &Context,
    pipeline: &Pipeline,
    client: &Client,
    tokens: &Tokens,
    subject: &Subject,
) -> Result<String> {
    let commits = Git::of(ctx).commits("HEAD", COMMITS);
    let mut documents: Vec<_> = commits.into_iter().map(|facts| record::commit(pipeline, facts)).collect();
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
        break_glass: None,
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
