//! What one document changes in the projection's own rows. What follows from several documents together is left to
//! the other modules, which are told what was touched.

mod deployments;
mod github;

use super::touched::Touched;
use crate::store::tables::*;
use crate::store::{Changes, StoredEvidence};
use evidence::{Claim, CommitSha, DeploymentId, DeploymentPhase, Evidence, Name, Outcome, PullRequestState};
use std::collections::HashMap;

/// Two clocks may differ by so much; beyond it a document's own time is not believed against ours.
const SKEW: i64 = 5 * 60 * 1_000_000;

/// After every sequence number of a deployment's states: the place of a document that tells the end alone.
const LAST_SEQUENCE: i64 = 1 << 32;

/// Folds documents, one by one.
pub(super) struct Fold<'a> {
    /// The workflow that is CI, by repository.
    pub ci_workflows: &'a HashMap<i64, String>,
    pub changes: &'a mut Changes,
    pub touched: &'a mut Touched,
}

/// When a document's fact counts as having happened: as it says, unless that was still to come when we were told. Else a
/// wrong clock could make something the newest for years.
pub(super) fn effective(row: &StoredEvidence) -> i64 {
    if row.occurred_at > row.recorded_at + SKEW { row.recorded_at } else { row.occurred_at }
}

/// A row of a projection table.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::store::Cell::from($cell)),*] };
}
use row;

/// A document that was set aside: its place in the log, and its kind.
pub(super) type Skipped = (i64, String);

impl Fold<'_> {
    /// Folds rows of the log. Evidence that this version cannot read was written by a newer one: it is set aside, so that
    /// the rest goes on, and projected once a version that can read it is here.
    pub fn rows(&mut self, rows: &[StoredEvidence]) -> Vec<Skipped> {
        let mut skipped = Vec::new();
        for row in rows {
            match serde_json::from_str::<Evidence>(&row.body) {
                Ok(evidence) => self.document(row, &evidence),
                Err(error) => {
                    tracing::warn!(seq = row.seq, kind = row.kind, %error, "evidence that this version cannot read");
                    skipped.push((row.seq, row.kind.clone()));
                }
            }
        }
        skipped
    }

    pub fn document(&mut self, row: &StoredEvidence, evidence: &Evidence) {
        let project = &evidence.project;
        let (at, seq, sha) = (effective(row), row.seq, row.sha256.as_str());
        match &evidence.claim {
            Claim::Commit { commit, subject, author, parents } => {
                let cells = row![
                    project,
                    commit,
                    1_i64,
                    at,
                    seq,
                    subject.as_str(),
                    author.as_str(),
                    parents.first(),
                ];
                self.changes.put(&COMMIT_KNOWN, cells);
                self.touched.branches(project);
            }
            Claim::CiVerdict { commit, outcome, .. } => self.verdict(row, project, commit, sha, *outcome),
            Claim::ImageBuilt {
                commit,
                digest,
                platforms,
                size_bytes,
                milliseconds,
                cache,
                schema_range,
            } => {
                let platforms = serde_json::to_string(platforms).unwrap_or_default();
                let image = row![project, commit, at, seq, digest, *size_bytes, platforms.as_str()];
                self.changes.put(&IMAGE, image);
                let artefact = row![
                    project,
                    digest,
                    at,
                    sha,
                    commit,
                    *size_bytes,
                    platforms,
                    schema_range.map(|range| range.min),
                    schema_range.map(|range| range.max),
                    *milliseconds,
                    cache.map(word),
                ];
                self.changes.put(&ARTEFACT, artefact);
            }
            Claim::Smoke { commit, digest, outcome, engine } => {
                self.changes.put(&SMOKE, row![project, commit, at, seq, outcome.as_str()]);
                let fact = row![project, sha, commit, digest.as_ref(), outcome.as_str(), engine, at];
                self.changes.put(&SMOKE_FACT, fact);
                if let Some(digest) = digest {
                    self.touched.digest(project, digest);
                }
            }
            Claim::Published { commit, digest, repository, tags } => {
                for tag in tags {
                    let cells = row![project, repository.as_str(), tag, at, seq, commit, digest];
                    self.changes.put(&PUBLICATION, cells);
                    let fact = row![project, sha, tag, repository.as_str(), digest, commit, at];
                    self.changes.put(&PUBLICATION_FACT, fact);
                    self.touched.tag(project, repository, tag);
                }
                self.touched.commit(project, commit);
            }
            Claim::Deployed {
                service,
                environment,
                commit,
                digest,
                version,
                outcome,
                actor,
                deployment,
                reference,
                failure,
                milliseconds,
                break_glass,
            } => {
                let id = deployment.clone().unwrap_or_else(|| DeploymentId::of_evidence(sha));
                let began = milliseconds
                    .and_then(|taken| i64::try_from(taken).ok())
                    .map_or(at, |taken| at - taken * 1000);
                let cells = row![
                    project,
                    &id,
                    0_i64,
                    began,
                    sha,
                    service,
                    environment,
                    commit,
                    digest.as_ref(),
                    reference.as_deref(),
                    "deploy",
                    None::<&str>,
                    version.as_str(),
                    actor.as_str(),
                    flagged(row),
                ];
                self.changes.put(&DEPLOYMENT, cells);
                let state = match outcome {
                    Outcome::Success => DeploymentPhase::Succeeded,
                    Outcome::Failure => DeploymentPhase::Failed,
                    Outcome::Cancelled | Outcome::Skipped => DeploymentPhase::Cancelled,
                    Outcome::Unknown => DeploymentPhase::Unknown,
                };
                let end = row![
                    project,
                    &id,
                    2_i64,
                    LAST_SEQUENCE,
                    at,
                    sha,
                    seq,
                    word(state),
                    outcome.as_str(),
                    failure.map(word),
                    break_glass.as_ref().map(|why| format!("break glass: {why}")),
                    *milliseconds,
                ];
                self.changes.put(&DEPLOYMENT_OUTCOME, end);
                self.deployed(project, &id);
            }
            Claim::RolledBack { service, environment, commit, digest, version, actor, deployment } => {
                let id = deployment.clone().unwrap_or_else(|| DeploymentId::of_evidence(sha));
                let cells = row![
                    project,
                    &id,
                    0_i64,
                    at,
                    sha,
                    service,
                    environment,
                    commit,
                    digest.as_ref(),
                    None::<&str>,
                    "rollback",
                    None::<&str>,
                    version.as_str(),
                    actor.as_str(),
                    flagged(row),
                ];
                self.changes.put(&DEPLOYMENT, cells);
                let end = row![
                    project,
                    &id,
                    2_i64,
                    LAST_SEQUENCE,
                    at,
                    sha,
                    seq,
                    word(DeploymentPhase::Succeeded),
                    Outcome::Success.as_str(),
                    None::<&str>,
                    None::<&str>,
                    None::<u64>,
                ];
                self.changes.put(&DEPLOYMENT_OUTCOME, end);
                self.deployed(project, &id);
            }
            Claim::DeploymentStarted(started) => self.started(row, project, started),
            Claim::DeploymentState(state) => self.state(row, project, state),
            Claim::CiRun(run) => self.run(row, project, run),
            Claim::CiRunJob(job) => self.job(row, project, job),
            Claim::RefMoved(moved) => self.moved(row, project, moved),
            Claim::PullRequest(pull) => {
                let state: i64 = match pull.state {
                    PullRequestState::Open => 0,
                    PullRequestState::Closed => 1,
                    PullRequestState::Merged => 2,
                };
                let cells = row![
                    project,
                    pull.repository_id,
                    pull.number,
                    at,
                    state,
                    sha,
                    pull.title.as_str(),
                    pull.author.as_str(),
                    pull.base.as_str(),
                    &pull.head,
                    pull.merge_commit.as_ref(),
                ];
                self.changes.put(&PULL_REQUEST, cells);
            }
            Claim::GithubDeployment(deployment) => {
                let cells = row![
                    project,
                    deployment.repository_id,
                    deployment.deployment_id,
                    at,
                    deployment.status_id,
                    sha,
                    deployment.environment.as_str(),
                    &deployment.commit,
                    deployment.state.as_str(),
                    deployment.actor.as_str(),
                ];
                self.changes.put(&GITHUB_DEPLOYMENT, cells);
            }
            Claim::RepositoryNamed(named) => {
                let cells = row![
                    project,
                    named.repository_id,
                    at,
                    sha,
                    named.owner_id,
                    named.full_name.as_str(),
                    named.default_branch.as_str(),
                ];
                self.changes.put(&REPOSITORY_NAME, cells);
            }
            Claim::TagObserved(observed) => {
                let cells = row![
                    project,
                    sha,
                    observed.repository.as_str(),
                    &observed.tag,
                    observed.digest.as_ref(),
                    at,
                ];
                self.changes.put(&TAG_OBSERVATION, cells);
                self.touched.tag(project, &observed.repository, &observed.tag);
            }
            Claim::RuntimeObserved(observed) => {
                let cells = row![
                    project,
                    sha,
                    &observed.service,
                    &observed.environment,
                    observed.reachable,
                    observed.digest.as_ref(),
                    observed.commit.as_ref(),
                    observed.version.as_deref(),
                    observed.schema_version,
                    observed.schema_floor,
                    at,
                ];
                self.changes.put(&RUNTIME_FACT, cells);
                self.touched.cell(project, &observed.environment, &observed.service);
            }
        }
    }

    /// A conclusion of CI; `key` tells it from all others about the commit.
    fn verdict(
        &mut self,
        row: &StoredEvidence,
        project: &Name,
        commit: &CommitSha,
        key: &str,
        outcome: Outcome,
    ) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        let fact = row![project, commit, key, at, sha, outcome.as_str(), row.trust.as_str()];
        self.changes.put(&CI_FACT, fact);
        let red = outcome != Outcome::Success;
        self.changes.put(&COMMIT_CI, row![project, commit, at, red, sha, outcome.as_str()]);
        self.touched.commit(project, commit);
    }

    fn deployed(&mut self, project: &Name, id: &DeploymentId) {
        self.touched.deployment(project, id);
    }
}

fn flagged(row: &StoredEvidence) -> bool {
    (row.occurred_at - row.recorded_at).abs() > SKEW
}

/// A variant's name as it stands in JSON.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
