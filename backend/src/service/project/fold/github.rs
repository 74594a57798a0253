//! What GitHub tells: runs, their jobs, and moves of branches.

use super::{Fold, effective, row, word};
use crate::store::StoredEvidence;
use crate::store::tables::{CI_JOB, CI_RUN, COMMIT_KNOWN, REF_MOVE};
use evidence::{CiRun, CiRunJob, CommitSha, Conclusion, Name, Outcome, RefMoved, RunPhase};

impl Fold<'_> {
    pub(super) fn run(&mut self, row: &StoredEvidence, project: &Name, run: &CiRun) {
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

    pub(super) fn job(&mut self, row: &StoredEvidence, project: &Name, job: &CiRunJob) {
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

    pub(super) fn moved(&mut self, row: &StoredEvidence, project: &Name, moved: &RefMoved) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::project::rows_of;
    use crate::store::Cell;
    use evidence::{Claim, Evidence, PushedCommit};
    use std::collections::HashMap;

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
