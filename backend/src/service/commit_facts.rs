//! All that is known about one commit.

use super::commit::{self, Commit};
use super::deployment_reading::{self, Deployment};
use super::image::{Built, Publication, SmokeTest};
use super::reading::Snapshot;
use super::{clock, deployment_reading::Source};
use crate::store::{DeploymentsOf, JobRow, RunAttemptRow, StoreError, VerdictRow};
use evidence::{CommitSha, Conclusion, Outcome, RunPhase};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How many commits an ambiguous prefix is answered with.
const CANDIDATES: i64 = 10;

/// How many of a commit's deployments are shown; its digests' histories have the others.
const DEPLOYMENTS: usize = 50;

/// All that is known about one commit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommitFacts {
    /// The commit, and what became of it last.
    pub commit: Commit,
    /// What CI concluded about it, oldest first.
    pub verdicts: Vec<Verdict>,
    /// The workflow runs that tested it.
    pub runs: Vec<Run>,
    /// The images that were built from it.
    pub images: Vec<Built>,
    /// The smoke tests of it, oldest first.
    pub smokes: Vec<SmokeTest>,
    /// The publications of it, oldest first.
    pub publications: Vec<Publication>,
    /// The newest deployments of it, at most 50.
    pub deployments: Vec<Deployment>,
}

/// A conclusion of CI.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verdict {
    /// What it concluded.
    pub outcome: Outcome,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The document that says so.
    pub evidence: Source,
}

/// A workflow run: its last attempt, with the last attempt of each of its jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// The repository's id at GitHub.
    pub repository_id: i64,
    /// The run's id at GitHub.
    pub run_id: i64,
    /// The last attempt, from 1.
    pub attempt: i64,
    /// The workflow's file.
    pub workflow: String,
    /// What started it.
    pub event: String,
    /// The branch or tag; null where GitHub does not say.
    #[schema(required)]
    pub branch: Option<String>,
    /// Whether the commit came from another repository.
    pub from_fork: bool,
    /// How far it is.
    pub phase: RunPhase,
    /// How it ended; null while it goes on.
    #[schema(required)]
    pub conclusion: Option<Conclusion>,
    /// When the last attempt began, RFC 3339.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// When it was last heard of, RFC 3339.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The document that says so.
    pub evidence: Source,
    /// Its jobs, by name. Of one that only an earlier attempt ran, that attempt's.
    pub jobs: Vec<Job>,
}

/// A job of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    /// Its id at GitHub.
    pub job_id: i64,
    /// Its name.
    pub name: String,
    /// The attempt that it ran in.
    pub attempt: i64,
    /// How far it is.
    pub phase: RunPhase,
    /// How it ended; null while it goes on.
    #[schema(required)]
    pub conclusion: Option<Conclusion>,
    /// When it began, RFC 3339; null if it has not.
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339; null if it has not.
    #[schema(required, format = DateTime)]
    pub completed_at: Option<String>,
}

/// What a prefix of a commit stands for.
#[derive(Debug)]
pub enum Found {
    /// One commit.
    One(Box<CommitFacts>),
    /// These, or more.
    Several(Vec<CommitSha>),
    /// None.
    None,
}

/// The commit that begins with these hexadecimal digits.
///
/// # Errors
/// When the database cannot be asked.
pub async fn find(snapshot: &mut Snapshot, prefix: &str) -> Result<Found, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let mut found = session.commits_by_prefix(project, prefix, CANDIDATES).await?;
    let Some(sha) = found.pop() else {
        return Ok(Found::None);
    };
    if !found.is_empty() {
        found.push(sha);
        return Ok(Found::Several(found));
    }
    let verdicts = session.verdicts(project, &sha).await?;
    let jobs = session.jobs(project, &sha).await?;
    let runs = runs(session.run_attempts(project, &sha).await?, jobs)?;
    let images = session.artefacts(project, Some(&sha), None).await?;
    let smokes = session.smokes_of_commit(project, &sha).await?;
    let publications = session.published_of_commit(project, &sha).await?;
    let deployments =
        deployment_reading::list(snapshot, DeploymentsOf::Commit(&sha), None, DEPLOYMENTS).await?;
    let Some(commit) = commit::about(snapshot, std::iter::once(&sha)).await?.pop() else {
        return Ok(Found::None);
    };
    Ok(Found::One(Box::new(CommitFacts {
        commit,
        verdicts: verdicts.into_iter().map(verdict).collect::<Result<_, _>>()?,
        runs,
        images: images.into_iter().map(Built::of).collect::<Result<_, _>>()?,
        smokes: smokes.into_iter().map(SmokeTest::of).collect::<Result<_, _>>()?,
        publications: publications.into_iter().map(Publication::of).collect::<Result<_, _>>()?,
        deployments: deployments.items,
    })))
}

fn verdict(row: VerdictRow) -> Result<Verdict, StoreError> {
    let evidence = Source { sha256: row.evidence, trust: Some(row.trust) };
    Ok(Verdict { outcome: row.outcome, at: clock::stored(row.at)?, evidence })
}

/// The last attempt of each run, with the last attempt of each job: a partial re-run runs some of them again.
fn runs(attempts: Vec<RunAttemptRow>, jobs: Vec<JobRow>) -> Result<Vec<Run>, StoreError> {
    let mut last_jobs: BTreeMap<(i64, i64), BTreeMap<String, JobRow>> = BTreeMap::new();
    for job in jobs {
        let of_run = last_jobs.entry((job.repository_id, job.run_id)).or_default();
        let later = of_run.get(&job.name).is_none_or(|known| known.attempt <= job.attempt);
        if later {
            of_run.insert(job.name.clone(), job);
        }
    }
    // Attempts come in their order, so that the last one stays.
    let last: BTreeMap<_, _> =
        attempts.into_iter().map(|row| ((row.repository_id, row.run_id), row)).collect();
    let run = |(key, row): ((i64, i64), RunAttemptRow)| {
        let jobs = last_jobs.remove(&key).unwrap_or_default();
        Ok(Run {
            repository_id: row.repository_id,
            run_id: row.run_id,
            attempt: row.attempt,
            workflow: row.workflow,
            event: row.event,
            branch: row.branch,
            from_fork: row.from_fork,
            phase: row.phase,
            conclusion: row.conclusion,
            started_at: clock::stored(row.started_at)?,
            updated_at: clock::stored(row.updated_at)?,
            evidence: Source { sha256: row.evidence, trust: row.trust },
            jobs: jobs.into_values().map(job).collect::<Result<_, _>>()?,
        })
    };
    last.into_iter().map(run).collect()
}

fn job(row: JobRow) -> Result<Job, StoreError> {
    Ok(Job {
        job_id: row.job_id,
        name: row.name,
        attempt: row.attempt,
        phase: row.phase,
        conclusion: row.conclusion,
        started_at: row.started_at.map(clock::stored).transpose()?,
        completed_at: row.completed_at.map(clock::stored).transpose()?,
    })
}
