//! What the board is made of.

use super::session::Param::{self, MaybeText};
use super::session::Row;
use super::{Session, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome, Tag};

/// How many commits of the default branch are looked through for "commits behind".
pub const KNOWN_COMMITS: usize = 2000;

/// All rows that a board is made of, of one state of the projection.
pub struct BoardRows {
    /// The projection's version.
    pub version: i64,
    /// By project, service, environment and slot.
    pub runs: Vec<RunRow>,
    /// The newest commits of the default branch, newest first.
    pub commits: Vec<CommitRow>,
    /// The newest commits that only other evidence speaks of, newest first.
    pub other_commits: Vec<CommitRow>,
    /// The newest publications.
    pub publications: Vec<PublicationRow>,
}

/// The two rows that each service has in each environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// What runs.
    Running,
    /// What was last attempted.
    Attempt,
}

/// What runs in an environment, or was attempted there.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The project.
    pub project: Name,
    /// The service.
    pub service: Name,
    /// The environment.
    pub environment: Name,
    /// Which of the two.
    pub slot: Slot,
    /// Whether it came there by a rollback.
    pub rollback: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it is an image.
    pub digest: Option<Digest>,
    /// The version that people call it by.
    pub version: String,
    /// Who or what asked for it.
    pub actor: String,
    /// The evidence's SHA-256.
    pub evidence: String,
    /// When, in microseconds.
    pub at: i64,
}

/// A commit with the newest facts about it.
#[derive(Clone, Debug)]
pub struct CommitRow {
    /// The project.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// Its commit time in microseconds; of a commit that only other evidence speaks of, the time of the
    /// newest of that.
    pub at: i64,
    /// The first line of its message and its author, if its own evidence is there.
    pub message: Option<(String, String)>,
    /// Its first parent.
    pub first_parent: Option<CommitSha>,
    /// What CI concluded.
    pub ci: Option<Outcome>,
    /// Digest, size and platforms (a JSON list) of its image.
    pub image: Option<(Digest, i64, String)>,
    /// How its smoke test ended.
    pub smoke: Option<Outcome>,
}

/// A tag and the commit that it stands for now.
#[derive(Debug)]
pub struct PublicationRow {
    /// The project.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The tag.
    pub tag: Tag,
}

const RUNS: &str = "SELECT project, service, environment, slot, kind, outcome, commit_sha, digest, \
     version, actor, evidence, occurred_at FROM env_state \
     WHERE ($1 IS NULL OR project = $1) ORDER BY project, service, environment, slot";

macro_rules! commits {
    ($from:literal) => {
        concat!(
            "SELECT k.project, k.commit_sha, k.occurred_at, k.subject, k.author, k.first_parent, \
             v.outcome, i.digest, i.size_bytes, i.platforms, s.outcome FROM ",
            $from,
            " AS k LEFT JOIN commit_ci AS v ON v.project = k.project AND v.commit_sha = k.commit_sha \
             LEFT JOIN image AS i ON i.project = k.project AND i.commit_sha = k.commit_sha \
             LEFT JOIN smoke AS s ON s.project = k.project AND s.commit_sha = k.commit_sha \
             WHERE ($1 IS NULL OR k.project = $1) ORDER BY k.occurred_at DESC, k.commit_sha LIMIT $2"
        )
    };
}

const COMMITS: &str = commits!("commit_known");

const OTHER_COMMITS: &str = commits!(
    "(SELECT f.project, f.commit_sha, MAX(f.occurred_at) AS occurred_at, NULL AS subject, \
      NULL AS author, NULL AS first_parent FROM (\
      SELECT project, commit_sha, concluded_at AS occurred_at FROM commit_ci \
      UNION ALL SELECT project, commit_sha, occurred_at FROM image \
      UNION ALL SELECT project, commit_sha, occurred_at FROM smoke \
      UNION ALL SELECT project, commit_sha, occurred_at FROM publication \
      UNION ALL SELECT project, commit_sha, occurred_at FROM env_state) AS f \
      WHERE NOT EXISTS (SELECT 1 FROM commit_known AS c \
      WHERE c.project = f.project AND c.commit_sha = f.commit_sha) GROUP BY f.project, f.commit_sha)"
);

const PUBLICATIONS: &str = "SELECT project, commit_sha, tag FROM publication \
     WHERE ($1 IS NULL OR project = $1) ORDER BY occurred_at DESC LIMIT $2";

impl Session {
    /// All rows of the board, of one project or of all; `other` bounds the commits that only other
    /// evidence speaks of.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn board_rows(
        &mut self,
        project: Option<&Name>,
        other: usize,
    ) -> Result<BoardRows, StoreError> {
        let version = self.projection_head().await?.version;
        let project = MaybeText(project.map(Name::as_str));
        let limit = |most: usize| Param::Int(i64::try_from(most).unwrap_or(i64::MAX));
        let runs = self.rows(RUNS, &[project]).await?;
        let commits = self.rows(COMMITS, &[project, limit(KNOWN_COMMITS)]).await?;
        let other_commits = self.rows(OTHER_COMMITS, &[project, limit(other)]).await?;
        let publications = self.rows(PUBLICATIONS, &[project, limit(2 * KNOWN_COMMITS)]).await?;
        Ok(BoardRows {
            version,
            runs: runs.iter().map(RunRow::read).collect::<Result<_, _>>()?,
            commits: commits.iter().map(CommitRow::read).collect::<Result<_, _>>()?,
            other_commits: other_commits.iter().map(CommitRow::read).collect::<Result<_, _>>()?,
            publications: publications.iter().map(PublicationRow::read).collect::<Result<_, _>>()?,
        })
    }
}

impl RunRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let slot = match row.text(3)?.as_str() {
            "running" => Slot::Running,
            _ => Slot::Attempt,
        };
        Ok(Self {
            project: row.parsed(0)?,
            service: row.parsed(1)?,
            environment: row.parsed(2)?,
            slot,
            rollback: row.text(4)? == "rollback",
            outcome: row.word(5)?,
            commit: row.parsed(6)?,
            digest: row.maybe_parsed(7)?,
            version: row.text(8)?,
            actor: row.text(9)?,
            evidence: row.text(10)?,
            at: row.int(11)?,
        })
    }
}

impl CommitRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let image = match row.maybe_parsed(7)? {
            Some(digest) => Some((digest, row.int(8)?, row.text(9)?)),
            None => None,
        };
        Ok(Self {
            project: row.parsed(0)?,
            commit: row.parsed(1)?,
            at: row.int(2)?,
            message: row.maybe_text(3)?.zip(row.maybe_text(4)?),
            first_parent: row.maybe_parsed(5)?,
            ci: row.maybe_word(6)?,
            image,
            smoke: row.maybe_word(10)?,
        })
    }
}

impl PublicationRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { project: row.parsed(0)?, commit: row.parsed(1)?, tag: row.parsed(2)? })
    }
}
