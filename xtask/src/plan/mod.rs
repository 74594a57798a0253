//! Commands as data: a command makes a [`Plan`], one runner executes or prints it.

mod counts;
mod fingerprint;
mod report;
mod runner;
mod screen;
mod step;

pub use counts::{Counter, Counts};
pub use report::{
    JobReport, Outcome, RunReport, StepReport, append_output, append_summary, json, summary, write_reports,
};
pub use runner::{RunOptions, run};
pub use step::{Job, Need, Plan, Step, quote};
