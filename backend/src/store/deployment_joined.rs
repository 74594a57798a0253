//! Deployments and smoke tests, read from rows that are on their way into the database.

use super::StoreError;
use super::facts::{read_deployment, read_smoke};
use super::projection::Finished;
use super::session::Row;
use super::table::Cell;
use super::tables::{DEPLOYMENT, DEPLOYMENT_OUTCOME, SMOKE_FACT};
use evidence::rules::{DeploymentFact, SmokeFact};

/// A deployment with what it has come to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The project.
    pub project: String,
    /// What it is judged by.
    pub fact: DeploymentFact,
    /// What the board shows of it, once it came to an end.
    pub finished: Option<Finished>,
}

/// Where a row of `deployment`, followed by one of `deployment_outcome`, has what is read of it.
const PLACES: [usize; 16] = [
    DEPLOYMENT.place("project"),
    DEPLOYMENT.place("id"),
    DEPLOYMENT.place("service"),
    DEPLOYMENT.place("environment"),
    DEPLOYMENT.place("digest"),
    DEPLOYMENT.place("commit_sha"),
    DEPLOYMENT.place("reference"),
    DEPLOYMENT.place("mode"),
    DEPLOYMENT.columns.len() + DEPLOYMENT_OUTCOME.place("outcome"),
    DEPLOYMENT.place("started_at"),
    DEPLOYMENT.columns.len() + DEPLOYMENT_OUTCOME.place("at"),
    DEPLOYMENT.place("evidence"),
    DEPLOYMENT.place("version"),
    DEPLOYMENT.place("actor"),
    DEPLOYMENT.columns.len() + DEPLOYMENT_OUTCOME.place("seq"),
    DEPLOYMENT.columns.len() + DEPLOYMENT_OUTCOME.place("evidence"),
];

const SMOKE_PLACES: [usize; 5] = [
    SMOKE_FACT.place("project"),
    SMOKE_FACT.place("digest"),
    SMOKE_FACT.place("outcome"),
    SMOKE_FACT.place("at"),
    SMOKE_FACT.place("evidence"),
];

fn pick(mut cells: Vec<Cell>, places: &[usize]) -> Row {
    let cell =
        |place: &usize| cells.get_mut(*place).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null));
    Row::Cells(places.iter().map(cell).collect())
}

impl Joined {
    /// Reads a row of `deployment` that is followed by the deployment's row of `deployment_outcome`, if it has one.
    ///
    /// # Errors
    /// When a value is not one of its column's.
    pub fn read(cells: Vec<Cell>) -> Result<Self, StoreError> {
        let row = pick(cells, &PLACES);
        let project = row.text(0)?;
        let fact = read_deployment(&row, 1)?;
        let finished = match (row.maybe_text(8)?, row.maybe_int(10)?) {
            (Some(outcome), Some(at)) => Some(Finished {
                project: project.clone(),
                id: fact.id.to_string(),
                service: fact.service.to_string(),
                environment: fact.environment.to_string(),
                mode: row.text(7)?,
                commit: fact.commit.to_string(),
                digest: fact.digest.as_ref().map(ToString::to_string),
                version: row.text(12)?,
                actor: row.text(13)?,
                outcome,
                at,
                seq: row.int(14)?,
                evidence: row.text(15)?,
            }),
            _ => None,
        };
        Ok(Self { project, fact, finished })
    }
}

/// A smoke test of a digest.
#[derive(Clone, Debug)]
pub struct Smoked {
    /// The project.
    pub project: String,
    /// The digest.
    pub digest: String,
    /// What others are judged by.
    pub fact: SmokeFact,
}

impl Smoked {
    /// Reads a row of `smoke_fact` that names a digest.
    ///
    /// # Errors
    /// When a value is not one of its column's.
    pub fn read(cells: Vec<Cell>) -> Result<Self, StoreError> {
        let row = pick(cells, &SMOKE_PLACES);
        Ok(Self { project: row.text(0)?, digest: row.text(1)?, fact: read_smoke(&row, 2)? })
    }
}
