//! One measured figure.

use serde::Serialize;
use std::time::Duration;

/// One measured figure beside the one that it is compared with.
#[derive(Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub against: &'static str,
    /// `value` divided by the other's value, in this very run.
    pub ratio: f64,
    pub goal: &'static str,
    pub reached: bool,
}

impl Figure {
    pub fn say(self) -> Self {
        let Self { name, value, unit, against, ratio, goal, reached } = &self;
        let reached = if *reached { "reached" } else { "NOT reached" };
        eprintln!("{name}: {value:.2} {unit}, {ratio:.2} times {against} (goal: {goal}, {reached})");
        self
    }
}

/// The time that 99 of 100 do not exceed, in milliseconds.
pub fn p99(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times[at].as_secs_f64() * 1000.0
}
