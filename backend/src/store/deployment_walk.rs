//! All deployments of a project, those of one digest beside each other.

use super::facts::read_deployment;
use super::session::Param::{Int, Text};
use super::session::Row;
use super::{Finished, Session, StoreError};
use evidence::rules::DeploymentFact;

/// A deployment with what it has come to.
#[derive(Clone, Debug)]
pub struct Walked {
    /// What it is judged by.
    pub fact: DeploymentFact,
    /// What the board shows of it, once it came to an end.
    pub finished: Option<Finished>,
}

/// Where a walk over the deployments of a project is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Walk {
    /// After this digest, environment, start and id.
    OfDigests(String, String, i64, String),
    /// After this environment, start and id, of those without a digest, which come last.
    OfProcesses(String, i64, String),
}

const WALKED: [&str; 15] = [
    "d.id",
    "d.service",
    "d.environment",
    "d.digest",
    "d.commit_sha",
    "d.reference",
    "d.mode",
    "o.outcome",
    "d.started_at",
    "o.at",
    "d.evidence",
    "d.version",
    "d.actor",
    "o.seq",
    "o.evidence",
];

macro_rules! walked {
    ($rest:literal) => {
        concat!(
            "FROM deployment AS d LEFT JOIN deployment_outcome AS o ON o.project = d.project AND o.id = d.id \
             WHERE d.project = $1 AND ",
            $rest
        )
    };
}

const OF_DIGESTS: &str = walked!(
    "d.digest IS NOT NULL AND (d.digest, d.environment, d.started_at, d.id) > ($2, $3, $4, $5) \
     ORDER BY d.digest, d.environment, d.started_at, d.id LIMIT $6"
);

const OF_PROCESSES: &str = walked!(
    "d.digest IS NULL AND (d.environment, d.started_at, d.id) > ($2, $3, $4) \
     ORDER BY d.environment, d.started_at, d.id LIMIT $5"
);

impl Walk {
    /// Before the first.
    pub fn start() -> Self {
        Self::OfDigests(String::new(), String::new(), i64::MIN, String::new())
    }

    fn after(row: &Row) -> Result<Self, StoreError> {
        let (environment, at, id) = (row.text(2)?, row.int(8)?, row.text(0)?);
        Ok(match row.maybe_text(3)? {
            Some(digest) => Self::OfDigests(digest, environment, at, id),
            None => Self::OfProcesses(environment, at, id),
        })
    }
}

impl Session {
    /// At most `limit` deployments of a project from there on, of those with a digest or of those without.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn walk(&mut self, project: &str, from: &Walk, limit: i64) -> Result<Stride, StoreError> {
        let rows = match from {
            Walk::OfDigests(digest, environment, at, id) => {
                let params = [Text(project), Text(digest), Text(environment), Int(*at), Text(id), Int(limit)];
                self.many_rows(&WALKED, OF_DIGESTS, &params).await?
            }
            Walk::OfProcesses(environment, at, id) => {
                let params = [Text(project), Text(environment), Int(*at), Text(id), Int(limit)];
                self.many_rows(&WALKED, OF_PROCESSES, &params).await?
            }
        };
        let whole = rows.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let end = match self {
            // Packed they come in no order. SQLite's is that of the bytes; that of Postgres is its own.
            Self::Sqlite(_) => {
                let places: Result<Vec<Walk>, StoreError> = rows.iter().map(Walk::after).collect();
                places?.into_iter().max()
            }
            Self::Postgres(_) => rows.last().map(Walk::after).transpose()?,
        };
        let next = match (from, end) {
            (_, Some(end)) if !whole => Some(end),
            (Walk::OfDigests(..), _) => Some(Walk::OfProcesses(String::new(), i64::MIN, String::new())),
            (Walk::OfProcesses(..), _) => None,
        };
        Ok(Stride { project: project.to_owned(), rows, next })
    }
}

/// Some deployments that are still to be read: so that whoever waits for the database need not do that too.
pub struct Stride {
    project: String,
    rows: Vec<Row>,
    /// Where the walk goes on; none at its end.
    pub next: Option<Walk>,
}

impl Stride {
    /// The deployments, those of one digest beside each other.
    ///
    /// # Errors
    /// When a row is broken.
    pub fn read(&self) -> Result<Vec<Walked>, StoreError> {
        let walked: Result<Vec<_>, _> =
            self.rows.iter().map(|row| Walked::read(&self.project, row)).collect();
        let mut walked = walked?;
        walked.sort_by(|one, other| one.fact.digest.cmp(&other.fact.digest));
        Ok(walked)
    }
}

impl Walked {
    fn read(project: &str, row: &Row) -> Result<Self, StoreError> {
        let fact = read_deployment(row, 0)?;
        let finished = match (row.maybe_text(7)?, row.maybe_int(9)?) {
            (Some(outcome), Some(at)) => Some(Finished {
                project: project.to_owned(),
                id: fact.id.to_string(),
                service: fact.service.to_string(),
                environment: fact.environment.to_string(),
                mode: row.text(6)?,
                commit: fact.commit.to_string(),
                digest: fact.digest.as_ref().map(ToString::to_string),
                version: row.text(11)?,
                actor: row.text(12)?,
                outcome,
                at,
                seq: row.int(13)?,
                evidence: row.text(14)?,
            }),
            _ => None,
        };
        Ok(Self { fact, finished })
    }
}
