//! The board: services × environments, and the newest commits.

mod assemble;
mod cache;
mod others;

pub use super::commit::{Commit, Image};
pub use cache::BoardCache;

use crate::store::{State, Store, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What runs where, and what is on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    /// Grows whenever anything on the board changes; also in the `ETag`.
    pub version: i64,
    /// Which database and rebuild the version is of.
    #[serde(skip)]
    pub epoch: String,
    /// The columns, in their order.
    pub environments: Vec<Name>,
    /// The rows, by project and name.
    pub services: Vec<Service>,
    /// The newest commits, newest first.
    pub commits: Vec<Commit>,
    /// How many incidents are open, those of no cell included.
    pub incidents: u64,
}

/// One service and where it runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Service {
    /// The project that it belongs to.
    pub project: Name,
    /// The service's name.
    pub name: Name,
    /// One cell for each environment in which it was ever deployed, or an attempt was made.
    pub cells: Vec<Cell>,
}

/// One service in one environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cell {
    /// The environment.
    pub environment: Name,
    /// Whether anything runs there.
    pub state: CellState,
    /// The version that people call it by.
    pub version: String,
    /// The commit that runs, or that was attempted if nothing ever ran.
    pub commit: CommitSha,
    /// The digest that runs; null when it is a process and not an image.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// Who or what asked for it.
    pub actor: String,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub since: String,
    /// How many commits of the default branch it is behind the newest; null if its commit is not on
    /// the known first-parent chain.
    #[schema(required)]
    pub commits_behind: Option<u64>,
    /// How it came there.
    pub kind: CellKind,
    /// The SHA-256 of the evidence that says so.
    #[schema(pattern = "^[a-f0-9]{64}$")]
    pub evidence: String,
    /// The last attempt, when it was not a success and came after what runs; otherwise null.
    #[schema(required)]
    pub last_attempt: Option<Attempt>,
    /// What the service said last that it is; null if it was never asked.
    #[schema(required)]
    pub observed: Option<Observed>,
    /// How many incidents are open about this cell.
    pub incidents: u64,
}

/// What a service said that it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Observed {
    /// Whether it answered at all.
    pub reachable: bool,
    /// The digest that it says it runs in; null if it said none.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// Whether that is what was recorded; null if it said nothing that could be compared.
    #[schema(required)]
    pub matches: Option<bool>,
    /// Since when it says so, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
}

/// Whether anything runs in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// It was deployed or rolled back with success.
    Running,
    /// No attempt has ever succeeded.
    Failed,
}

/// How what runs in a cell came there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// By a deployment.
    Deploy,
    /// By going back to an earlier digest.
    Rollback,
}

/// A deployment that did not succeed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// The commit that should have run.
    pub commit: CommitSha,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
}

/// The state that the board is in.
///
/// # Errors
/// When the database cannot be asked.
pub async fn state(store: &Store) -> Result<State, StoreError> {
    store.read().await?.state().await
}

/// The board, of one project or of all.
///
/// # Errors
/// When the database cannot be asked.
pub async fn board(store: &Store, project: Option<&Name>) -> Result<Board, StoreError> {
    Ok(assemble::board(&mut store.read().await?, project, None).await?.0)
}
