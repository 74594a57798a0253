//! Commits, each with the newest facts about it.

use super::session::Param::{Int, Text};
use super::session::Row;
use super::{LinkRow, Session, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome, Tag};

/// A commit with the newest facts about it.
#[derive(Clone, Debug)]
pub struct CommitRow {
    /// The project.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// What its own evidence says; none of a commit that only other evidence speaks of.
    pub message: Option<MessageRow>,
    /// What CI concluded.
    pub ci: Option<Outcome>,
    /// Digest, size and platforms (a JSON list) of its image.
    pub image: Option<(Digest, i64, String)>,
    /// How its smoke test ended.
    pub smoke: Option<Outcome>,
    /// Whether a force-push left it behind.
    pub unreachable: bool,
}

/// What a commit's own evidence says.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// The first line of its message.
    pub subject: String,
    /// Its author.
    pub author: String,
    /// Its commit time in microseconds.
    pub at: i64,
    /// Its first parent.
    pub first_parent: Option<CommitSha>,
}

/// A tag and the commit that it stands for now.
#[derive(Clone, Debug)]
pub struct PublicationRow {
    /// The project.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The tag.
    pub tag: Tag,
}

/// What runs in a cell.
#[derive(Clone, Debug)]
pub struct RunningRow {
    /// The environment.
    pub environment: Name,
    /// The service.
    pub service: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The digest, if it is an image.
    pub digest: Option<Digest>,
}

const COMMITS: &str = "SELECT list.value ->> 0, list.value ->> 1, k.subject, k.author, k.occurred_at, \
     k.first_parent, v.outcome, i.digest, i.size_bytes, i.platforms, s.outcome, u.commit_sha FROM {list} \
     LEFT JOIN commit_known AS k ON k.project = list.value ->> 0 AND k.commit_sha = list.value ->> 1 \
     LEFT JOIN commit_ci AS v ON v.project = list.value ->> 0 AND v.commit_sha = list.value ->> 1 \
     LEFT JOIN image AS i ON i.project = list.value ->> 0 AND i.commit_sha = list.value ->> 1 \
     LEFT JOIN smoke AS s ON s.project = list.value ->> 0 AND s.commit_sha = list.value ->> 1 \
     LEFT JOIN commit_unreachable AS u ON u.project = list.value ->> 0 AND u.commit_sha = list.value ->> 1";

const PUBLICATIONS: &str = "SELECT p.project, p.commit_sha, p.tag FROM {list} \
     JOIN publication AS p ON p.project = list.value ->> 0 AND p.commit_sha = list.value ->> 1 \
     ORDER BY p.project, p.commit_sha, p.tag";

const PAGE: &str = "SELECT project, commit_sha, occurred_at, first_parent FROM commit_known \
     WHERE project = $1 AND (occurred_at, commit_sha) < ($2, $3) \
     ORDER BY occurred_at DESC, commit_sha DESC LIMIT $4";

const RUNNING: &str = "SELECT environment, service, commit_sha, digest FROM env_state \
     WHERE project = $1 AND slot = 'running' ORDER BY environment, service";

/// Every table that can be the first to speak of a commit, by a range of commits.
const BY_PREFIX: &str = "SELECT commit_sha FROM (\
     SELECT commit_sha FROM commit_known WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM ci_fact WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM ci_run WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM artefact WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM smoke_fact WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM publication_fact WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3 \
     UNION SELECT commit_sha FROM deployment WHERE project = $1 AND commit_sha >= $2 AND commit_sha < $3) \
     AS found ORDER BY commit_sha LIMIT $4";

impl Session {
    /// At most `limit` commits of the default branch before the key, newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn commit_page(
        &mut self,
        project: &Name,
        before: (i64, &str),
        limit: i64,
    ) -> Result<Vec<LinkRow>, StoreError> {
        let params = [Text(project.as_str()), Int(before.0), Text(before.1), Int(limit)];
        self.rows(PAGE, &params).await?.iter().map(|row| LinkRow::read(project, row)).collect()
    }

    /// What runs in each cell.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn running(&mut self, project: &Name) -> Result<Vec<RunningRow>, StoreError> {
        let rows = self.rows(RUNNING, &[Text(project.as_str())]).await?;
        rows.iter()
            .map(|row| {
                Ok(RunningRow {
                    environment: row.parsed(0)?,
                    service: row.parsed(1)?,
                    commit: row.parsed(2)?,
                    digest: row.maybe_parsed(3)?,
                })
            })
            .collect()
    }

    /// At most `limit` commits that anything speaks of and that begin with these hexadecimal digits.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn commits_by_prefix(
        &mut self,
        project: &Name,
        prefix: &str,
        limit: i64,
    ) -> Result<Vec<CommitSha>, StoreError> {
        // The first letter that is no hexadecimal digit.
        let end = format!("{prefix}g");
        let params = [Text(project.as_str()), Text(prefix), Text(&end), Int(limit)];
        self.rows(BY_PREFIX, &params).await?.iter().map(|row| row.parsed(0)).collect()
    }

    /// These commits, in any order.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn commits(&mut self, commits: &[(&Name, &CommitSha)]) -> Result<Vec<CommitRow>, StoreError> {
        self.rows_about(COMMITS, keys(commits)).await?.iter().map(CommitRow::read).collect()
    }

    /// The tags that stand for these commits now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn tags_of_commits(
        &mut self,
        commits: &[(&Name, &CommitSha)],
    ) -> Result<Vec<PublicationRow>, StoreError> {
        self.rows_about(PUBLICATIONS, keys(commits)).await?.iter().map(PublicationRow::read).collect()
    }
}

pub(super) fn keys<'a>(commits: &'a [(&Name, &CommitSha)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    commits.iter().map(|(project, commit)| (project.as_str(), commit.as_str()))
}

impl CommitRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let message = match row.maybe_text(2)? {
            Some(subject) => Some(MessageRow {
                subject,
                author: row.text(3)?,
                at: row.int(4)?,
                first_parent: row.maybe_parsed(5)?,
            }),
            None => None,
        };
        let image = match row.maybe_parsed(7)? {
            Some(digest) => Some((digest, row.int(8)?, row.text(9)?)),
            None => None,
        };
        Ok(Self {
            project: row.parsed(0)?,
            commit: row.parsed(1)?,
            message,
            ci: row.maybe_word(6)?,
            image,
            smoke: row.maybe_word(10)?,
            unreachable: row.maybe_text(11)?.is_some(),
        })
    }
}

impl PublicationRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { project: row.parsed(0)?, commit: row.parsed(1)?, tag: row.parsed(2)? })
    }
}
