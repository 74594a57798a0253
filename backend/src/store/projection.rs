//! How far the projection is, and what it makes of deployments and moves of branches once their rows are there.

use super::facts::{Key, Key3};
use super::list::list_of;
use super::session::Param::{Int, Text};
use super::session::Row;
use super::{Session, StoreError};
use std::collections::HashMap;

/// How far the projection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last evidence that was projected.
    pub cursor: i64,
    /// Grows with each change that shows.
    pub version: i64,
    /// Tells this database's versions from any other's.
    pub epoch: String,
}

/// A deployment that came to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The project.
    pub project: String,
    /// The deployment.
    pub id: String,
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// `deploy`, `promote`, `rollback` or `hotfix`.
    pub mode: String,
    /// The commit.
    pub commit: String,
    /// The digest, if it is an image.
    pub digest: Option<String>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it.
    pub actor: String,
    /// How it ended.
    pub outcome: String,
    /// When it ended, in microseconds.
    pub at: i64,
    /// The place of the evidence of its end in the log.
    pub seq: i64,
    /// That evidence's SHA-256.
    pub evidence: String,
}

/// A move of a default branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The repository and the reference.
    pub branch: (i64, String),
    /// What it named before.
    pub before: Option<String>,
    /// What it names now.
    pub after: Option<String>,
    /// Whether commits were left behind.
    pub forced: bool,
    /// The commits that came with it, as a JSON list of SHAs.
    pub commits: String,
    /// When, in microseconds.
    pub at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
}

macro_rules! finished {
    ($from:literal) => {
        concat!(
            "SELECT d.project, d.id, d.service, d.environment, d.mode, d.commit_sha, d.digest, d.version, d.actor, \
             o.outcome, o.at, o.seq, o.evidence FROM ",
            $from
        )
    };
}

impl Session {
    /// How far the projection is.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn projection_head(&mut self) -> Result<Head, StoreError> {
        let rows = self.rows("SELECT cursor, version, epoch FROM projection WHERE id = 1", &[]).await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("the table projection has no row"))?;
        Ok(Head { cursor: row.int(0)?, version: row.int(1)?, epoch: row.text(2)? })
    }

    /// Moves the projection on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_projection_head(&mut self, cursor: i64, version: i64) -> Result<(), StoreError> {
        let sql = "UPDATE projection SET cursor = $1, version = $2 WHERE id = 1";
        self.execute(sql, &[Int(cursor), Int(version)]).await?;
        Ok(())
    }

    /// Gives the database another epoch: it may be a copy, whose versions will not be those of the original.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_epoch(&mut self, epoch: &str) -> Result<(), StoreError> {
        self.execute("UPDATE projection SET epoch = $1 WHERE id = 1", &[Text(epoch)]).await?;
        Ok(())
    }

    /// How many wishes there are that everything be projected again.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn rebuilds_wanted(&mut self) -> Result<i64, StoreError> {
        let rows = self.rows("SELECT rebuild_wanted FROM projection WHERE id = 1", &[]).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default())
    }

    /// Wishes that everything be projected again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn want_rebuild(&mut self) -> Result<(), StoreError> {
        self.execute("UPDATE projection SET rebuild_wanted = rebuild_wanted + 1 WHERE id = 1", &[]).await?;
        Ok(())
    }

    /// Says that so many wishes are fulfilled. Those that came meanwhile remain: they may be about what changed meanwhile.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn rebuilt(&mut self, wishes: i64) -> Result<(), StoreError> {
        let sql = "UPDATE projection SET rebuild_wanted = rebuild_wanted - $1 WHERE id = 1";
        self.execute(sql, &[Int(wishes)]).await?;
        Ok(())
    }

    /// Remembers evidence of kinds that this version does not know: seq and kind.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn skip(&mut self, rows: &[(i64, String)]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = self.with_list(
            "INSERT INTO projection_skipped (seq, kind) SELECT CAST(value ->> 0 AS BIGINT), value ->> 1 FROM {list} \
             WHERE true ON CONFLICT (seq) DO NOTHING",
        );
        self.execute(sql, &[Text(&list_of(rows))]).await?;
        Ok(())
    }

    /// At most `limit` places in the log of evidence that was skipped.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn skipped(&mut self, limit: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT seq FROM projection_skipped ORDER BY seq LIMIT $1";
        self.rows(sql, &[Int(limit)]).await?.iter().map(|row| row.int(0)).collect()
    }

    /// Forgets what was skipped.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_skipped(&mut self) -> Result<(), StoreError> {
        self.execute("DELETE FROM projection_skipped", &[]).await?;
        Ok(())
    }

    /// The workflow that is CI, of each repository by its id.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn ci_workflows(&mut self) -> Result<HashMap<i64, String>, StoreError> {
        let rows = self.rows("SELECT repository_id, ci_workflow FROM github_repository", &[]).await?;
        rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
    }

    /// Those of these deployments that came to an end.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn finished(&mut self, ids: &[Key]) -> Result<Vec<Finished>, StoreError> {
        let sql = self.with_list(finished!(
            "{list} JOIN deployment AS d ON d.project = list.value ->> 0 AND d.id = list.value ->> 1 \
             JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id WHERE o.outcome IS NOT NULL"
        ));
        self.rows(sql, &[Text(&list_of(ids))]).await?.iter().map(Finished::read).collect()
    }

    /// All deployments of a cell (project, environment, service) that came to an end.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn finished_in(&mut self, cell: &Key3) -> Result<Vec<Finished>, StoreError> {
        let sql = finished!(
            "deployment AS d JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id \
             WHERE d.project = $1 AND d.environment = $2 AND d.service = $3 AND o.outcome IS NOT NULL"
        );
        let params = [Text(&cell.0), Text(&cell.1), Text(&cell.2)];
        self.rows(sql, &params).await?.iter().map(Finished::read).collect()
    }

    /// Forgets what was made of a cell's deployments (project, environment, service).
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn empty_cell(&mut self, cell: &Key3) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM env_state WHERE project = $1 AND environment = $2 AND service = $3",
            "DELETE FROM first_success WHERE project = $1 AND environment = $2 AND service = $3",
        ] {
            self.execute(sql, &[Text(&cell.0), Text(&cell.1), Text(&cell.2)]).await?;
        }
        Ok(())
    }

    /// Whether a default branch of the project was ever force-pushed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn was_forced(&mut self, project: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM ref_move WHERE project = $1 AND forced = 1 AND default_branch = 1 LIMIT 1";
        Ok(!self.rows(sql, &[Text(project)]).await?.is_empty())
    }

    /// All moves of the project's default branches.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn default_branch_moves(&mut self, project: &str) -> Result<Vec<Move>, StoreError> {
        let sql = "SELECT repository_id, reference, before_sha, after_sha, forced, commits, at, evidence FROM ref_move \
                   WHERE project = $1 AND default_branch = 1";
        let rows = self.rows(sql, &[Text(project)]).await?;
        rows.iter()
            .map(|row| {
                Ok(Move {
                    branch: (row.int(0)?, row.text(1)?),
                    before: row.maybe_text(2)?,
                    after: row.maybe_text(3)?,
                    forced: row.int(4)? != 0,
                    commits: row.text(5)?,
                    at: row.int(6)?,
                    evidence: row.text(7)?,
                })
            })
            .collect()
    }

    /// Each known commit of the project with its first parent.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn first_parents(&mut self, project: &str) -> Result<HashMap<String, String>, StoreError> {
        let sql = "SELECT commit_sha, first_parent FROM commit_known \
                   WHERE project = $1 AND first_parent IS NOT NULL";
        let rows = self.rows(sql, &[Text(project)]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// The project's commits that a force-push left behind; answers whether that is news.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_unreachable(&mut self, project: &str, commits: &[String]) -> Result<bool, StoreError> {
        let sql = "SELECT commit_sha FROM commit_unreachable WHERE project = $1";
        let rows = self.rows(sql, &[Text(project)]).await?;
        let mut before: Vec<_> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        before.sort_unstable();
        if before == commits {
            return Ok(false);
        }
        self.execute("DELETE FROM commit_unreachable WHERE project = $1", &[Text(project)]).await?;
        let sql = self.with_list(
            "INSERT INTO commit_unreachable (project, commit_sha) SELECT value ->> 0, value ->> 1 FROM {list}",
        );
        let list = list_of(commits.iter().map(|commit| (project, commit)));
        self.execute(sql, &[Text(&list)]).await?;
        Ok(true)
    }
}

impl Finished {
    /// The cell: project, environment, service.
    pub fn cell(&self) -> Key3 {
        (self.project.clone(), self.environment.clone(), self.service.clone())
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            project: row.text(0)?,
            id: row.text(1)?,
            service: row.text(2)?,
            environment: row.text(3)?,
            mode: row.text(4)?,
            commit: row.text(5)?,
            digest: row.maybe_text(6)?,
            version: row.text(7)?,
            actor: row.text(8)?,
            outcome: row.text(9)?,
            at: row.int(10)?,
            seq: row.int(11)?,
            evidence: row.text(12)?,
        })
    }
}
