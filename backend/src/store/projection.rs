//! The projection's rows. Each change is guarded: it holds only if its evidence is later than the one
//! that the row came from, by (occurred_at, seq), so the order of arrival does not matter.

use super::session::Param::{Int, MaybeText, Text};
use super::{Session, Slot, StoreError};
use evidence::{CommitSha, Digest, Name, Tag};

/// How far the projection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last evidence that was projected.
    pub cursor: i64,
    /// Grows with each change.
    pub version: i64,
}

/// The evidence that a change comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The project that it is about.
    pub project: &'a Name,
    /// When it happened, in microseconds.
    pub occurred_at: i64,
    /// Its place in the order in which it was recorded.
    pub seq: i64,
}

/// What runs in an environment, or was attempted.
#[derive(Clone, Copy, Debug)]
pub struct RunChange<'a> {
    /// The service.
    pub service: &'a Name,
    /// The environment.
    pub environment: &'a Name,
    /// `deploy` or `rollback`.
    pub kind: &'static str,
    /// The outcome's word.
    pub outcome: &'a str,
    /// The commit.
    pub commit: &'a CommitSha,
    /// The digest, if it is an image.
    pub digest: Option<&'a Digest>,
    /// The version that people call it by.
    pub version: &'a str,
    /// Who or what asked for it.
    pub actor: &'a str,
    /// The evidence's SHA-256.
    pub evidence: &'a str,
}

macro_rules! guarded {
    ($table:literal, $row:literal) => {
        concat!(
            $row,
            " WHERE (excluded.occurred_at, excluded.seq) > (",
            $table,
            ".occurred_at, ",
            $table,
            ".seq)"
        )
    };
}

const COMMIT: &str = guarded!(
    "commit_known",
    "INSERT INTO commit_known (project, occurred_at, seq, commit_sha, subject, author, first_parent) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project, commit_sha) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, subject = excluded.subject, \
     author = excluded.author, first_parent = excluded.first_parent"
);
const CI_VERDICT: &str = guarded!(
    "ci_verdict",
    "INSERT INTO ci_verdict (project, occurred_at, seq, commit_sha, outcome) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, commit_sha) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, outcome = excluded.outcome"
);
const SMOKE: &str = guarded!(
    "smoke",
    "INSERT INTO smoke (project, occurred_at, seq, commit_sha, outcome) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, commit_sha) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, outcome = excluded.outcome"
);
const IMAGE: &str = guarded!(
    "image",
    "INSERT INTO image (project, occurred_at, seq, commit_sha, digest, size_bytes, platforms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project, commit_sha) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, digest = excluded.digest, \
     size_bytes = excluded.size_bytes, platforms = excluded.platforms"
);
const PUBLICATION: &str = guarded!(
    "publication",
    "INSERT INTO publication (project, occurred_at, seq, repository, tag, commit_sha, digest) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (project, repository, tag) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, commit_sha = excluded.commit_sha, \
     digest = excluded.digest"
);
const RUN: &str = guarded!(
    "env_state",
    "INSERT INTO env_state (project, occurred_at, seq, slot, service, environment, kind, outcome, \
     commit_sha, digest, version, actor, evidence) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT (project, service, environment, slot) DO UPDATE SET \
     occurred_at = excluded.occurred_at, seq = excluded.seq, kind = excluded.kind, \
     outcome = excluded.outcome, commit_sha = excluded.commit_sha, digest = excluded.digest, \
     version = excluded.version, actor = excluded.actor, evidence = excluded.evidence"
);

impl Session {
    /// How far the projection is.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn projection_head(&mut self) -> Result<Head, StoreError> {
        let rows = self.rows("SELECT cursor, version FROM projection WHERE id = 1", &[]).await?;
        let row = rows.first().ok_or_else(|| StoreError::corrupt("the table projection has no row"))?;
        Ok(Head { cursor: row.int(0)?, version: row.int(1)? })
    }

    /// Moves the projection on.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_projection_head(&mut self, head: Head) -> Result<(), StoreError> {
        let sql = "UPDATE projection SET cursor = $1, version = $2 WHERE id = 1";
        self.execute(sql, &[Int(head.cursor), Int(head.version)]).await?;
        Ok(())
    }

    /// A commit of the default branch. Answers whether it changed anything, as all below do.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_commit(
        &mut self,
        source: Source<'_>,
        commit: &CommitSha,
        subject: &str,
        author: &str,
        first_parent: Option<&CommitSha>,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let parent = MaybeText(first_parent.map(CommitSha::as_str));
        let commit = Text(commit.as_str());
        let params = [project, at, seq, commit, Text(subject), Text(author), parent];
        Ok(self.execute(COMMIT, &params).await? > 0)
    }

    /// CI's conclusion about a commit.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_ci_verdict(
        &mut self,
        source: Source<'_>,
        commit: &CommitSha,
        outcome: &str,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let params = [project, at, seq, Text(commit.as_str()), Text(outcome)];
        Ok(self.execute(CI_VERDICT, &params).await? > 0)
    }

    /// How a smoke test of a commit ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_smoke(
        &mut self,
        source: Source<'_>,
        commit: &CommitSha,
        outcome: &str,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let params = [project, at, seq, Text(commit.as_str()), Text(outcome)];
        Ok(self.execute(SMOKE, &params).await? > 0)
    }

    /// The image that was built from a commit; `platforms` is a JSON list.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_image(
        &mut self,
        source: Source<'_>,
        commit: &CommitSha,
        digest: &Digest,
        size_bytes: i64,
        platforms: &str,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let (commit, digest) = (Text(commit.as_str()), Text(digest.as_str()));
        let params = [project, at, seq, commit, digest, Int(size_bytes), Text(platforms)];
        Ok(self.execute(IMAGE, &params).await? > 0)
    }

    /// What a tag names.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_publication(
        &mut self,
        source: Source<'_>,
        repository: &str,
        tag: &Tag,
        commit: &CommitSha,
        digest: &Digest,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let (commit, digest) = (Text(commit.as_str()), Text(digest.as_str()));
        let params = [project, at, seq, Text(repository), Text(tag.as_str()), commit, digest];
        Ok(self.execute(PUBLICATION, &params).await? > 0)
    }

    /// What runs in an environment, or was attempted there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_run(
        &mut self,
        source: Source<'_>,
        slot: Slot,
        run: &RunChange<'_>,
    ) -> Result<bool, StoreError> {
        let [project, at, seq] = source.params();
        let params = [
            project,
            at,
            seq,
            Text(slot.word()),
            Text(run.service.as_str()),
            Text(run.environment.as_str()),
            Text(run.kind),
            Text(run.outcome),
            Text(run.commit.as_str()),
            MaybeText(run.digest.map(Digest::as_str)),
            Text(run.version),
            Text(run.actor),
            Text(run.evidence),
        ];
        Ok(self.execute(RUN, &params).await? > 0)
    }
}

impl<'a> Source<'a> {
    fn params(self) -> [super::session::Param<'a>; 3] {
        [Text(self.project.as_str()), Int(self.occurred_at), Int(self.seq)]
    }
}
