//! What measures are counted from.

use super::list::list_of;
use super::session::Param::{Int, Text};
use super::session::Row;
use super::{LinkRow, Session, StoreError};
use evidence::{
    BuildCache, CommitSha, Conclusion, DeploymentId, DeploymentMode, Digest, FailureClass, Name, Outcome,
};

/// The most rows that a measure is counted from. Where there are more, the newest count.
pub const MEASURED: i64 = 20_000;

/// A merge to the default branch.
#[derive(Clone, Debug)]
pub struct MergeRow {
    /// The commit.
    pub commit: CommitSha,
    /// When, in microseconds.
    pub at: i64,
}

/// An attempt of CI that ended.
#[derive(Clone, Debug)]
pub struct RunDuration {
    /// The run's id.
    pub run_id: i64,
    /// The attempt.
    pub attempt: i64,
    /// The commit that it tested.
    pub commit: CommitSha,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// When it ended, in microseconds.
    pub ended_at: i64,
}

/// How a smoke test ended.
#[derive(Clone, Debug)]
pub struct SmokeOutcome {
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it was an image.
    pub digest: Option<Digest>,
    /// How it ended.
    pub outcome: Outcome,
    /// When, in microseconds.
    pub at: i64,
}

/// How long a build took.
#[derive(Clone, Debug)]
pub struct BuildTime {
    /// What it built.
    pub digest: Digest,
    /// How long it took, if it told that.
    pub milliseconds: Option<i64>,
    /// Whether it began with a filled cache, if it told that.
    pub cache: Option<BuildCache>,
    /// When, in microseconds.
    pub at: i64,
}

/// A deployment, as far as measures ask.
#[derive(Clone, Debug)]
pub struct MeasuredDeployment {
    /// Its identity.
    pub id: DeploymentId,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// Why it was done.
    pub mode: DeploymentMode,
    /// The deployment that a rollback undid.
    pub rollback_of: Option<DeploymentId>,
    /// The commit.
    pub commit: CommitSha,
    /// When it began, in microseconds.
    pub started_at: i64,
    /// Whether it was announced; otherwise `started_at` is when its end was told.
    pub announced: bool,
    /// When it ended, in microseconds; none while it goes on.
    pub ended_at: Option<i64>,
    /// How it ended; none while it goes on.
    pub outcome: Option<Outcome>,
    /// What it failed at, if somebody said.
    pub failure: Option<FailureClass>,
    /// How long it took, if who deployed told that.
    pub milliseconds: Option<i64>,
}

const MERGED_PULLS: &str = "SELECT p.merge_commit, p.at FROM pull_request AS p \
     JOIN repository_name AS r ON r.project = p.project AND r.repository_id = p.repository_id \
     AND r.default_branch = p.base WHERE p.project = $1 AND p.state = 2 AND p.merge_commit IS NOT NULL \
     AND p.at < $2 ORDER BY p.at DESC, p.number DESC LIMIT $3";

const CHAIN: &str = "WITH RECURSIVE chain (commit_sha, at, first_parent, depth) AS (\
     SELECT commit_sha, occurred_at, first_parent, 1 FROM (SELECT commit_sha, occurred_at, first_parent \
     FROM commit_known WHERE project = $1 AND occurred_at < $2 \
     ORDER BY occurred_at DESC, commit_sha DESC LIMIT 1) AS newest \
     UNION ALL SELECT k.commit_sha, k.occurred_at, k.first_parent, chain.depth + 1 FROM chain \
     JOIN commit_known AS k ON k.project = $1 AND k.commit_sha = chain.first_parent WHERE chain.depth < $3) \
     SELECT commit_sha, at FROM chain ORDER BY depth";

const RUNS: &str = "SELECT r.run_id, r.attempt, r.commit_sha, r.conclusion, r.started_at, r.updated_at \
     FROM ci_run AS r LEFT JOIN github_repository AS g ON g.repository_id = r.repository_id \
     WHERE r.project = $1 AND r.updated_at >= $2 AND r.updated_at < $3 AND r.phase = 3 \
     AND r.event = 'pull_request' AND (g.ci_workflow IS NULL OR g.ci_workflow = r.workflow) \
     ORDER BY r.updated_at DESC, r.run_id DESC, r.attempt DESC LIMIT $4";

const SMOKES: &str = "SELECT commit_sha, digest, outcome, at FROM smoke_fact \
     WHERE project = $1 AND at >= $2 AND at < $3 ORDER BY at DESC, evidence DESC LIMIT $4";

const BUILDS: &str = "SELECT digest, milliseconds, cache, at FROM artefact \
     WHERE project = $1 AND at >= $2 AND at < $3 ORDER BY at DESC, digest DESC LIMIT $4";

macro_rules! deployments {
    ($where:literal) => {
        concat!(
            "SELECT d.id, d.service, d.environment, d.mode, d.rollback_of, d.commit_sha, d.started_at, \
             d.announced, o.at, o.outcome, o.failure, o.milliseconds FROM deployment AS d \
             LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id WHERE ",
            $where,
            " ORDER BY d.started_at DESC, d.id DESC LIMIT "
        )
    };
}

const DEPLOYMENTS: &str = concat!(deployments!("d.project = $1 AND d.started_at < $2"), "$3");
const DEPLOYMENTS_IN: &str = concat!(
    deployments!(
        "d.project = $2 AND d.started_at < $3 AND d.environment IN (SELECT value ->> 0 FROM {list})"
    ),
    "$4"
);

const LINEAGE: &str = "SELECT project, commit_sha, occurred_at, first_parent FROM commit_known \
     WHERE project = $1 AND occurred_at < $2 ORDER BY occurred_at DESC, commit_sha DESC LIMIT $3";

impl Session {
    /// The last merges to the default branch before an instant: merged pull requests, or else the commits of the
    /// first-parent chain.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_merges(
        &mut self,
        project: &Name,
        before: i64,
        most: i64,
    ) -> Result<Vec<MergeRow>, StoreError> {
        let params = [Text(project.as_str()), Int(before), Int(most)];
        let mut rows = self.rows(MERGED_PULLS, &params).await?;
        if rows.is_empty() {
            rows = self.rows(CHAIN, &params).await?;
        }
        rows.iter().map(|row| Ok(MergeRow { commit: row.parsed(0)?, at: row.int(1)? })).collect()
    }

    /// The attempts of CI for pull requests that ended in that time.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn pull_request_runs(
        &mut self,
        project: &Name,
        from: i64,
        to: i64,
    ) -> Result<Vec<RunDuration>, StoreError> {
        self.between(RUNS, project, from, to, |row| {
            Ok(RunDuration {
                run_id: row.int(0)?,
                attempt: row.int(1)?,
                commit: row.parsed(2)?,
                conclusion: row.maybe_word(3)?,
                started_at: row.int(4)?,
                ended_at: row.int(5)?,
            })
        })
        .await
    }

    /// The smoke tests of that time.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn smokes_between(
        &mut self,
        project: &Name,
        from: i64,
        to: i64,
    ) -> Result<Vec<SmokeOutcome>, StoreError> {
        self.between(SMOKES, project, from, to, |row| {
            Ok(SmokeOutcome {
                commit: row.parsed(0)?,
                digest: row.maybe_parsed(1)?,
                outcome: row.word(2)?,
                at: row.int(3)?,
            })
        })
        .await
    }

    /// The builds of that time.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn builds_between(
        &mut self,
        project: &Name,
        from: i64,
        to: i64,
    ) -> Result<Vec<BuildTime>, StoreError> {
        self.between(BUILDS, project, from, to, |row| {
            Ok(BuildTime {
                digest: row.parsed(0)?,
                milliseconds: row.maybe_int(1)?,
                cache: row.maybe_word(2)?,
                at: row.int(3)?,
            })
        })
        .await
    }

    /// The newest deployments that began before an instant, to these environments or to all.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn measured_deployments(
        &mut self,
        project: &Name,
        environments: Option<&[Name]>,
        before: i64,
    ) -> Result<Vec<MeasuredDeployment>, StoreError> {
        let about = [Text(project.as_str()), Int(before), Int(MEASURED)];
        let rows = match environments {
            None => self.rows(DEPLOYMENTS, &about).await?,
            Some(names) => {
                let list = list_of(names.iter().map(|name| [name.as_str()]));
                let sql = self.with_list(DEPLOYMENTS_IN);
                let params: Vec<_> = std::iter::once(Text(&list)).chain(about).collect();
                self.rows(sql, &params).await?
            }
        };
        rows.iter().map(MeasuredDeployment::read).collect()
    }

    /// The newest commits before an instant, each with its first parent.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn lineage(&mut self, project: &Name, before: i64) -> Result<Vec<LinkRow>, StoreError> {
        let rows = self.rows(LINEAGE, &[Text(project.as_str()), Int(before), Int(MEASURED)]).await?;
        rows.iter().map(|row| LinkRow::read(project, row)).collect()
    }

    async fn between<T>(
        &mut self,
        sql: &'static str,
        project: &Name,
        from: i64,
        to: i64,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let params = [Text(project.as_str()), Int(from), Int(to), Int(MEASURED)];
        self.rows(sql, &params).await?.iter().map(read).collect()
    }
}

impl MeasuredDeployment {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let outcome: Option<Outcome> = row.maybe_word(9)?;
        Ok(Self {
            id: row.parsed(0)?,
            service: row.parsed(1)?,
            environment: row.parsed(2)?,
            mode: row.word(3)?,
            rollback_of: row.maybe_parsed(4)?,
            commit: row.parsed(5)?,
            started_at: row.int(6)?,
            announced: row.int(7)? != 0,
            ended_at: if outcome.is_some() { row.maybe_int(8)? } else { None },
            outcome,
            failure: row.maybe_word(10)?,
            milliseconds: row.maybe_int(11)?,
        })
    }
}
