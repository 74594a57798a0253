//! What one document changes in the projection's own rows. What follows from several documents together is left to
//! the other modules, which are told what was touched.

use super::touched::Touched;
use crate::store::tables::*;
use crate::store::{Cell, Changes, StoredEvidence};
use evidence::{
    CiRun, CiRunJob, Claim, CommitSha, Conclusion, DeploymentId, DeploymentPhase, DeploymentStarted,
    DeploymentState, Evidence, Name, Outcome, PullRequestState, RefMoved, RunPhase,
};
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

macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$(Cell::from($cell)),*] };
}

impl Fold<'_> {
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
                    None::<&str>,
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

    fn started(&mut self, row: &StoredEvidence, project: &Name, started: &DeploymentStarted) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        let cells = row![
            project,
            &started.id,
            1_i64,
            at,
            sha,
            &started.service,
            &started.environment,
            &started.commit,
            started.digest.as_ref(),
            started.reference.as_deref(),
            word(started.mode),
            started.rollback_of.as_ref(),
            started.version.as_str(),
            started.actor.as_str(),
            flagged(row),
        ];
        self.changes.put(&DEPLOYMENT, cells);
        let pending = row![
            project,
            &started.id,
            0_i64,
            0_i64,
            at,
            sha,
            row.seq,
            word(DeploymentPhase::Pending),
            None::<&str>,
            None::<&str>,
            None::<&str>,
            None::<u64>,
        ];
        self.changes.put(&DEPLOYMENT_OUTCOME, pending);
        self.deployed(project, &started.id);
    }

    fn state(&mut self, row: &StoredEvidence, project: &Name, state: &DeploymentState) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        // What the ledger itself gave up may still be told otherwise by who deployed.
        let given_up = row.trust == crate::service::log::Trust::Poll.as_str();
        let rank: i64 = match (state.state.is_final(), given_up) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
        let outcome = match state.state {
            DeploymentPhase::Succeeded => Some(Outcome::Success),
            DeploymentPhase::Failed => Some(Outcome::Failure),
            DeploymentPhase::Cancelled => Some(Outcome::Cancelled),
            DeploymentPhase::Unknown => Some(Outcome::Unknown),
            _ => None,
        };
        let cells = row![
            project,
            &state.id,
            rank,
            state.sequence,
            at,
            sha,
            row.seq,
            word(state.state),
            outcome.map(Outcome::as_str),
            state.failure.map(word),
            state.detail.as_deref(),
            None::<u64>,
        ];
        self.changes.put(&DEPLOYMENT_OUTCOME, cells);
        let event = row![
            project,
            &state.id,
            state.sequence,
            sha,
            word(state.state),
            state.failure.map(word),
            state.detail.as_deref(),
            at,
        ];
        self.changes.put(&DEPLOYMENT_EVENT, event);
        self.deployed(project, &state.id);
    }

    fn run(&mut self, row: &StoredEvidence, project: &Name, run: &CiRun) {
        let (at, sha) = (effective(row), row.sha256.as_str());
        let cells = row![
            project,
            run.repository_id,
            run.run_id,
            run.attempt,
            phase(run.phase),
            at,
            sha,
            run.workflow.as_str(),
            run.event.as_str(),
            run.branch.as_deref(),
            &run.commit,
            run.from_fork,
            run.conclusion.map(word),
            run.started_at.micros(),
        ];
        self.changes.put(&CI_RUN, cells);
        let repository = i64::try_from(run.repository_id).unwrap_or(i64::MAX);
        let is_ci = self.ci_workflows.get(&repository).is_some_and(|workflow| *workflow == run.workflow);
        // A pull request's run tests a merge that nobody may publish.
        let judges = is_ci && !run.from_fork && !run.event.starts_with("pull_request");
        if let Some(conclusion) = run.conclusion.filter(|_| judges && run.phase == RunPhase::Completed) {
            let key = format!("run:{}:{}:{}", run.repository_id, run.run_id, run.attempt);
            self.verdict(row, project, &run.commit, &key, concluded(conclusion));
        }
    }

    fn job(&mut self, row: &StoredEvidence, project: &Name, job: &CiRunJob) {
        let cells = row![
            project,
            job.repository_id,
            job.job_id,
            phase(job.phase),
            effective(row),
            row.sha256.as_str(),
            job.run_id,
            job.attempt,
            job.name.as_str(),
            &job.commit,
            job.conclusion.map(word),
            job.started_at.map(evidence::Timestamp::micros),
            job.completed_at.map(evidence::Timestamp::micros),
        ];
        self.changes.put(&CI_JOB, cells);
    }

    fn moved(&mut self, row: &StoredEvidence, project: &Name, moved: &RefMoved) {
        let commits: Vec<_> = moved.commits.iter().map(|pushed| pushed.commit.as_str()).collect();
        let commits = serde_json::to_string(&commits).unwrap_or_default();
        let cells = row![
            project,
            row.sha256.as_str(),
            moved.repository_id,
            moved.reference.as_str(),
            moved.default_branch,
            moved.before.as_ref(),
            moved.after.as_ref(),
            moved.forced,
            commits,
            effective(row),
        ];
        self.changes.put(&REF_MOVE, cells);
        if !moved.default_branch {
            return;
        }
        // GitHub does not tell parents. Of a push of one commit it can only be what the branch named before.
        let parent = moved.before.as_ref().filter(|_| !moved.forced && moved.commits.len() == 1);
        for pushed in &moved.commits {
            let cells = row![
                project,
                &pushed.commit,
                0_i64,
                pushed.at.micros(),
                likeness(parent),
                pushed.subject.as_str(),
                pushed.author.as_str(),
                parent,
            ];
            self.changes.put(&COMMIT_KNOWN, cells);
        }
        self.touched.branches(project);
    }
}

/// Which of two pushes is believed about a commit that came with both: one that knows its parent, and among those always the
/// same one, whichever came first.
fn likeness(parent: Option<&CommitSha>) -> i64 {
    let digits = parent.and_then(|parent| i64::from_str_radix(parent.as_str().get(25..)?, 16).ok());
    digits.map_or(0, |digits| digits + 1)
}

/// How a run's conclusion counts.
fn concluded(conclusion: Conclusion) -> Outcome {
    match conclusion {
        Conclusion::Success => Outcome::Success,
        Conclusion::Failure
        | Conclusion::TimedOut
        | Conclusion::StartupFailure
        | Conclusion::ActionRequired => Outcome::Failure,
        Conclusion::Cancelled | Conclusion::Stale => Outcome::Cancelled,
        Conclusion::Skipped | Conclusion::Neutral => Outcome::Skipped,
    }
}

fn phase(phase: RunPhase) -> i64 {
    match phase {
        RunPhase::Requested => 0,
        RunPhase::Queued => 1,
        RunPhase::InProgress => 2,
        RunPhase::Completed => 3,
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

#[cfg(test)]
mod tests {
    use super::super::rows_of;
    use super::*;
    use evidence::PushedCommit;

    /// A push to the default branch of these commits, after that one.
    fn push(seq: i64, before: &str, commits: &[&str]) -> (StoredEvidence, Evidence) {
        let sha = |digit: &str| -> CommitSha { digit.repeat(40).parse().unwrap() };
        let at: evidence::Timestamp = "2026-02-03T10:00:00Z".parse().unwrap();
        let pushed = |digit: &&str| PushedCommit {
            commit: sha(digit),
            subject: "Light the beacon".to_owned(),
            author: "Ada".to_owned(),
            at,
        };
        let claim = Claim::RefMoved(RefMoved {
            repository_id: 1,
            reference: "refs/heads/main".to_owned(),
            default_branch: true,
            before: Some(sha(before)),
            after: commits.last().map(|digit| sha(digit)),
            forced: false,
            commits: commits.iter().map(pushed).collect(),
        });
        let evidence = Evidence::new("shop".parse().unwrap(), at.instant(), claim);
        let (body, sha256) = evidence.hashed();
        let row = StoredEvidence {
            seq,
            project: "shop".to_owned(),
            kind: "ref_moved".to_owned(),
            sha256,
            body,
            trust: "webhook".to_owned(),
            source: None,
            occurred_at: at.micros(),
            recorded_at: at.micros(),
            prev_hash: None,
        };
        (row, evidence)
    }

    #[test]
    fn a_commit_that_came_with_two_pushes_has_one_parent_in_any_order() {
        let pushes = [push(1, "a", &["c"]), push(2, "b", &["a", "c"]), push(3, "b", &["c"])];
        let known = |order: &[usize]| {
            let documents = order.iter().map(|index| (&pushes[*index].0, &pushes[*index].1));
            let changes = rows_of(&HashMap::new(), documents);
            changes.rows(&COMMIT_KNOWN).cloned().collect::<Vec<_>>()
        };
        let first = known(&[0, 1, 2]);
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(known(&order), first, "{order:?}");
        }
        let parent = Some(Cell::Text("a".repeat(40)));
        for order in [[0, 1], [1, 0]] {
            let last = known(&order).pop().and_then(|mut row| row.pop());
            assert_eq!(last, parent, "who knows the parent is believed");
        }
    }
}
