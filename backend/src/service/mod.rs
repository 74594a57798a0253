//! Use cases: take evidence in, project it, show the board, tell how things stand.

pub mod acknowledge;
pub mod admin;
pub mod board;
mod claim;
pub mod clock;
pub mod commit;
pub mod commit_facts;
pub mod decision;
pub mod delivery;
pub mod deployment;
pub mod deployment_reading;
pub mod github_reconcile;
pub mod github_redeliver;
mod github_round;
pub mod group_commit;
mod history;
pub mod image;
pub mod incident;
pub mod ingest;
pub mod intake;
pub mod log;
pub mod oidc;
pub mod project;
pub mod reading;
pub mod status;
pub mod tag;
pub mod token;
