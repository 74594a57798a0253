//! Every fact about a commit or a digest, each with the document that says so and who vouches for it.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{BuildCache, CommitSha, Digest, Name, Outcome, Tag};

/// The most facts of a sort that are read about one thing.
pub(super) const MOST: i64 = 200;

/// A conclusion of CI.
#[derive(Clone, Debug)]
pub struct VerdictRow {
    /// What it concluded.
    pub outcome: Outcome,
    /// When, in microseconds.
    pub at: i64,
    /// Who vouches for it.
    pub trust: String,
    /// The evidence's SHA-256.
    pub evidence: String,
}

/// An image that was built.
#[derive(Clone, Debug)]
pub struct ArtefactRow {
    /// Its digest.
    pub digest: Digest,
    /// The commit.
    pub commit: CommitSha,
    /// The compressed size of all its blobs.
    pub size_bytes: i64,
    /// A JSON list.
    pub platforms: String,
    /// The schemas that it can run on.
    pub schema_range: Option<(i64, i64)>,
    /// How long the build took.
    pub milliseconds: Option<i64>,
    /// Whether the build started with a filled cache.
    pub cache: Option<BuildCache>,
    /// When, in microseconds.
    pub at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// Who vouches for it.
    pub trust: Option<String>,
}

/// A smoke test.
#[derive(Clone, Debug)]
pub struct SmokeRow {
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it was an image.
    pub digest: Option<Digest>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it ran on.
    pub engine: String,
    /// When, in microseconds.
    pub at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// Who vouches for it.
    pub trust: Option<String>,
}

/// That an image was published under a tag.
#[derive(Clone, Debug)]
pub struct PublishedRow {
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// The digest.
    pub digest: Digest,
    /// The commit.
    pub commit: CommitSha,
    /// When, in microseconds.
    pub at: i64,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// Who vouches for it.
    pub trust: Option<String>,
}

const VERDICTS: &str = "SELECT outcome, concluded_at, trust, evidence FROM ci_fact \
     WHERE project = $1 AND commit_sha = $2 ORDER BY concluded_at, fact_key LIMIT $3";

const ARTEFACTS: &str = "SELECT a.digest, a.commit_sha, a.size_bytes, a.platforms, a.schema_min, a.schema_max, \
     a.milliseconds, a.cache, a.at, a.evidence, e.trust FROM artefact AS a \
     LEFT JOIN evidence AS e ON e.project = a.project AND e.sha256 = a.evidence \
     WHERE a.project = $1 AND ($2 IS NULL OR a.commit_sha = $2) AND ($3 IS NULL OR a.digest = $3) \
     ORDER BY a.at, a.digest LIMIT $4";

macro_rules! smokes {
    ($column:literal) => {
        concat!(
            "SELECT s.commit_sha, s.digest, s.outcome, s.engine, s.at, s.evidence, e.trust \
             FROM smoke_fact AS s LEFT JOIN evidence AS e ON e.project = s.project AND e.sha256 = s.evidence \
             WHERE s.project = $1 AND s.",
            $column,
            " = $2 ORDER BY s.at, s.evidence LIMIT $3"
        )
    };
}

macro_rules! published {
    ($column:literal) => {
        concat!(
            "SELECT p.repository, p.tag, p.digest, p.commit_sha, p.at, p.evidence, e.trust \
             FROM publication_fact AS p \
             LEFT JOIN evidence AS e ON e.project = p.project AND e.sha256 = p.evidence \
             WHERE p.project = $1 AND p.",
            $column,
            " = $2 ORDER BY p.at, p.evidence, p.tag LIMIT $3"
        )
    };
}

impl Session {
    /// What CI concluded about a commit, oldest first; as all below do, at most 200.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn verdicts(
        &mut self,
        project: &Name,
        commit: &CommitSha,
    ) -> Result<Vec<VerdictRow>, StoreError> {
        self.about(VERDICTS, project, commit.as_str(), VerdictRow::read).await
    }

    /// The images of a commit, or of a digest.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn artefacts(
        &mut self,
        project: &Name,
        commit: Option<&CommitSha>,
        digest: Option<&Digest>,
    ) -> Result<Vec<ArtefactRow>, StoreError> {
        let params = [
            Text(project.as_str()),
            MaybeText(commit.map(CommitSha::as_str)),
            MaybeText(digest.map(Digest::as_str)),
            Int(MOST),
        ];
        self.rows(ARTEFACTS, &params).await?.iter().map(ArtefactRow::read).collect()
    }

    /// The smoke tests of a commit.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn smokes_of_commit(
        &mut self,
        project: &Name,
        commit: &CommitSha,
    ) -> Result<Vec<SmokeRow>, StoreError> {
        self.about(smokes!("commit_sha"), project, commit.as_str(), SmokeRow::read).await
    }

    /// The smoke tests of a digest.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn smokes_of_digest(
        &mut self,
        project: &Name,
        digest: &Digest,
    ) -> Result<Vec<SmokeRow>, StoreError> {
        self.about(smokes!("digest"), project, digest.as_str(), SmokeRow::read).await
    }

    /// The publications of a commit.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn published_of_commit(
        &mut self,
        project: &Name,
        commit: &CommitSha,
    ) -> Result<Vec<PublishedRow>, StoreError> {
        self.about(published!("commit_sha"), project, commit.as_str(), PublishedRow::read).await
    }

    /// The publications of a digest.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn published_of_digest(
        &mut self,
        project: &Name,
        digest: &Digest,
    ) -> Result<Vec<PublishedRow>, StoreError> {
        self.about(published!("digest"), project, digest.as_str(), PublishedRow::read).await
    }

    /// Facts about one thing; the statement's third placeholder bounds them.
    pub(super) async fn about<T>(
        &mut self,
        sql: &'static str,
        project: &Name,
        key: &str,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(sql, &[Text(project.as_str()), Text(key), Int(MOST)]).await?;
        rows.iter().map(read).collect()
    }
}

impl VerdictRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { outcome: row.word(0)?, at: row.int(1)?, trust: row.text(2)?, evidence: row.text(3)? })
    }
}

impl ArtefactRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.parsed(0)?,
            commit: row.parsed(1)?,
            size_bytes: row.int(2)?,
            platforms: row.text(3)?,
            schema_range: row.maybe_int(4)?.zip(row.maybe_int(5)?),
            milliseconds: row.maybe_int(6)?,
            cache: row.maybe_word(7)?,
            at: row.int(8)?,
            evidence: row.text(9)?,
            trust: row.maybe_text(10)?,
        })
    }
}

impl SmokeRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            commit: row.parsed(0)?,
            digest: row.maybe_parsed(1)?,
            outcome: row.word(2)?,
            engine: row.text(3)?,
            at: row.int(4)?,
            evidence: row.text(5)?,
            trust: row.maybe_text(6)?,
        })
    }
}

impl PublishedRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            repository: row.text(0)?,
            tag: row.parsed(1)?,
            digest: row.parsed(2)?,
            commit: row.parsed(3)?,
            at: row.int(4)?,
            evidence: row.text(5)?,
            trust: row.maybe_text(6)?,
        })
    }
}
