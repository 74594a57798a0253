//! Use cases: take evidence in, project it, show the board, tell how things stand.

pub mod board;
mod claim;
pub mod clock;
mod history;
pub mod ingest;
pub mod log;
pub mod project;
pub mod status;
pub mod token;
