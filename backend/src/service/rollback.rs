//! Where one can go back to.

use super::reading::Snapshot;
use super::{clock, decision};
use crate::store::{RanRow, StoreError};
use evidence::rules::Reason;
use evidence::{CommitSha, Digest, Name};
use serde::Serialize;
use utoipa::ToSchema;

/// What ran in a cell before, and whether it can again.
#[derive(Debug, Serialize, ToSchema)]
pub struct RollbackCandidates {
    /// The environment.
    pub environment: Name,
    /// The service.
    pub service: Name,
    /// The digest that runs there now, as it was recorded; null if it is not known, or it is no image.
    #[schema(required)]
    pub running: Option<Digest>,
    /// What ran there, what ran last first. Only the last 1,000 deployments and observations are looked through.
    pub candidates: Vec<Candidate>,
}

/// A digest that ran in a cell.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    /// The digest.
    pub digest: Digest,
    /// The commit; null if it is not known.
    #[schema(required)]
    pub commit: Option<CommitSha>,
    /// The version that people call it by; null if it is not known.
    #[schema(required)]
    pub version: Option<String>,
    /// When it was last deployed there or seen there, RFC 3339.
    #[schema(format = DateTime)]
    pub last_at: String,
    /// Whether it was deployed there with success.
    pub deployed: bool,
    /// Whether the service itself said that it runs in it.
    pub observed: bool,
    /// Whether one can go back to it.
    pub eligible: bool,
    /// What speaks against it, and then what else was looked at: the very reasons of a decision, and
    /// `same-as-running`.
    pub reasons: Vec<Reason>,
    /// The command that goes back to it.
    #[schema(example = "cargo xtask rollback --env prod --to sha256:…")]
    pub command: String,
}

/// What ran in a cell, at most `limit` digests.
///
/// # Errors
/// When the database cannot be asked.
pub async fn candidates(
    snapshot: &mut Snapshot,
    environment: &Name,
    service: &Name,
    limit: usize,
) -> Result<RollbackCandidates, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let running = session.running(project).await?;
    let mut here =
        running.into_iter().filter(|run| (&run.environment, &run.service) == (environment, service));
    let running = here.next().and_then(|run| run.digest);
    let ran = each_digest(session.ran_in(project, environment, service).await?);
    let mut candidates = Vec::new();
    for mut candidate in ran.into_iter().take(limit) {
        let digest = &candidate.last.digest;
        let query = decision::Query {
            digest: digest.clone(),
            environment: environment.clone(),
            service: Some(service.clone()),
            reference: None,
        };
        let decision = decision::decide(snapshot, query).await?;
        let mut reasons = decision.reasons;
        if running.as_ref() == Some(digest) {
            reasons.insert(0, same(digest, environment, service));
        }
        candidates.push(Candidate {
            command: format!("cargo xtask rollback --env {environment} --to {digest}"),
            commit: candidate.last.commit.take().or(decision.commit),
            version: candidate.last.version.take(),
            last_at: clock::stored(candidate.last.at)?,
            deployed: candidate.deployed,
            observed: candidate.observed,
            eligible: !reasons.iter().any(|reason| reason.blocks),
            reasons,
            digest: candidate.last.digest,
        });
    }
    let (environment, service) = (environment.clone(), service.clone());
    Ok(RollbackCandidates { environment, service, running, candidates })
}

/// A digest with the last time that it ran.
struct Ran {
    last: RanRow,
    deployed: bool,
    observed: bool,
}

fn each_digest(rows: Vec<RanRow>) -> Vec<Ran> {
    let mut found: Vec<Ran> = Vec::new();
    for row in rows {
        let observed = row.observed;
        let known = found.iter_mut().find(|ran| ran.last.digest == row.digest);
        let ran = match known {
            Some(ran) => {
                // What was only seen may have been called something when it was deployed.
                ran.last.commit = ran.last.commit.take().or(row.commit);
                ran.last.version = ran.last.version.take().or(row.version);
                ran
            }
            None => {
                found.push(Ran { last: row, deployed: false, observed: false });
                let Some(ran) = found.last_mut() else { continue };
                ran
            }
        };
        ran.deployed |= !observed;
        ran.observed |= observed;
    }
    found
}

fn same(digest: &Digest, environment: &Name, service: &Name) -> Reason {
    Reason {
        rule: None,
        code: "same-as-running",
        blocks: true,
        message: format!("{} is what runs as {environment}/{service} now.", digest.short()),
        evidence: Vec::new(),
    }
}
