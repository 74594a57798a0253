//! Commits, each with the newest facts about it.

use super::session::Row;
use super::{Session, StoreError};
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

impl Session {
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

fn keys<'a>(commits: &'a [(&Name, &CommitSha)]) -> impl Iterator<Item = (&'a str, &'a str)> {
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
