//! What tags named in the course of time.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{CommitSha, Digest, Name, Tag};

/// What a tag named, and what it named before.
#[derive(Clone, Debug)]
pub struct TagMoveRow {
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// The digest; none when there was no such tag.
    pub digest: Option<Digest>,
    /// The commit, where a publication says it.
    pub commit: Option<CommitSha>,
    /// When, in microseconds.
    pub at: i64,
    /// Whether the registry said so; otherwise who published.
    pub observed: bool,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// Who vouches for it.
    pub trust: Option<String>,
    /// Whether anything was known of the tag before.
    pub known_before: bool,
    /// What it named before.
    pub before: Option<Digest>,
}

/// When, 1 if observed and 0 if published, the evidence and the tag.
pub type TagMoveKey = (i64, i64, String, String);

/// What tags named, newest first, each beside what it named before.
const TAGS: &str = "SELECT m.repository, m.tag, m.digest, m.commit_sha, m.at, m.observed, m.evidence, e.trust, \
     (SELECT COUNT(*) FROM (SELECT 1 FROM publication_fact AS b WHERE b.project = $1 \
     AND b.repository = m.repository AND b.tag = m.tag \
     AND (b.at, 0, b.evidence) < (m.at, m.observed, m.evidence) \
     UNION ALL SELECT 1 FROM tag_observation AS b WHERE b.project = $1 AND b.repository = m.repository \
     AND b.tag = m.tag AND (b.at, 1, b.evidence) < (m.at, m.observed, m.evidence) LIMIT 1) AS known), \
     (SELECT before.digest FROM (SELECT b.digest, b.at, CAST(0 AS BIGINT) AS observed, b.evidence FROM publication_fact AS b \
     WHERE b.project = $1 AND b.repository = m.repository AND b.tag = m.tag \
     UNION ALL SELECT b.digest, b.at, CAST(1 AS BIGINT) AS observed, b.evidence FROM tag_observation AS b \
     WHERE b.project = $1 AND b.repository = m.repository AND b.tag = m.tag) AS before \
     WHERE (before.at, before.observed, before.evidence) < (m.at, m.observed, m.evidence) \
     ORDER BY before.at DESC, before.observed DESC, before.evidence DESC LIMIT 1) \
     FROM (SELECT * FROM (SELECT * FROM (\
     SELECT repository, tag, digest, commit_sha, at, CAST(0 AS BIGINT) AS observed, evidence FROM publication_fact \
     WHERE project = $1 AND ($2 IS NULL OR repository = $2) AND ($3 IS NULL OR tag = $3) \
     AND at <= $4 AND (at, 0, evidence, tag) < ($4, $5, $6, $7) \
     ORDER BY at DESC, evidence DESC, tag DESC LIMIT $8) AS published \
     UNION ALL SELECT * FROM (\
     SELECT repository, tag, digest, NULL AS commit_sha, at, CAST(1 AS BIGINT) AS observed, evidence FROM tag_observation \
     WHERE project = $1 AND ($2 IS NULL OR repository = $2) AND ($3 IS NULL OR tag = $3) \
     AND at <= $4 AND (at, 1, evidence, tag) < ($4, $5, $6, $7) \
     ORDER BY at DESC, evidence DESC, tag DESC LIMIT $8) AS observed) AS both_ \
     ORDER BY at DESC, observed DESC, evidence DESC, tag DESC LIMIT $8) AS m \
     LEFT JOIN evidence AS e ON e.project = $1 AND e.sha256 = m.evidence \
     ORDER BY m.at DESC, m.observed DESC, m.evidence DESC, m.tag DESC";

impl Session {
    /// At most `limit` facts about tags before the key, newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tag_moves(
        &mut self,
        project: &Name,
        repository: Option<&str>,
        tag: Option<&Tag>,
        before: &TagMoveKey,
        limit: i64,
    ) -> Result<Vec<TagMoveRow>, StoreError> {
        let params = [
            Text(project.as_str()),
            MaybeText(repository),
            MaybeText(tag.map(Tag::as_str)),
            Int(before.0),
            Int(before.1),
            Text(&before.2),
            Text(&before.3),
            Int(limit),
        ];
        self.rows(TAGS, &params).await?.iter().map(TagMoveRow::read).collect()
    }
}

impl TagMoveRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            repository: row.text(0)?,
            tag: row.parsed(1)?,
            digest: row.maybe_parsed(2)?,
            commit: row.maybe_parsed(3)?,
            at: row.int(4)?,
            observed: row.int(5)? != 0,
            evidence: row.text(6)?,
            trust: row.maybe_text(7)?,
            known_before: row.int(8)? != 0,
            before: row.maybe_parsed(9)?,
        })
    }
}
