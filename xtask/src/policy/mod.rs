//! Decisions as pure functions of what they are given: no environment, no clock, no I/O.

mod affected;
pub mod checks;
pub mod environment;
pub mod event;
pub mod finding;
pub mod floating;
pub mod gate;
pub mod migrations;
mod pipeline;
pub mod prune;
pub mod refs;
pub mod tags;
pub mod workflows;

pub use affected::affected_jobs;
pub use environment::{Environment, Environments};
pub use pipeline::Pipeline;
