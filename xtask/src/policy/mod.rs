//! Decisions as pure functions of what they are given: no environment, no clock, no I/O.

mod affected;
mod pipeline;

pub use affected::affected_jobs;
pub use pipeline::Pipeline;
