//! What a person sees while a plan runs. Everything here goes to stderr: stdout is for data.

use super::report::summary::{duration, mark, paint};
use super::{Outcome, Step, StepReport};
use crate::context::Context;
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two signs of life where there is no terminal to redraw.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// A line per step, and on a terminal one live line below them.
pub struct Screen<'a> {
    ctx: &'a Context,
    total: usize,
    done: usize,
    beat: Instant,
    drawn: bool,
}

impl<'a> Screen<'a> {
    /// A screen for a plan of `total` steps.
    pub fn new(ctx: &'a Context, total: usize) -> Self {
        Self { ctx, total, done: 0, beat: Instant::now(), drawn: false }
    }

    /// Says that a step has started.
    pub fn started(&mut self, step: &Step) {
        self.clear();
        eprintln!("{} {}", paint(self.ctx.out, "2", "$"), step.line());
        self.beat = Instant::now();
    }

    /// Redraws the live line, or says now and then that it is still at it.
    pub fn tick(&mut self, running: &[(&str, Duration)]) {
        let list: Vec<String> = running
            .iter()
            .map(|(id, time)| format!("{id} {}", duration(Duration::from_secs(time.as_secs()))))
            .collect();
        let line = format!("[{}/{}] {}", self.done, self.total, list.join(", "));
        let out = self.ctx.out;
        if out.terminal && !out.verbose && !out.github {
            // Cut to the usual width: a line that wraps cannot be redrawn.
            let cut: String = line.chars().take(78).collect();
            eprint!("\r\u{1b}[2K{}", paint(out, "2", &cut));
            self.drawn = true;
        } else if self.beat.elapsed() > HEARTBEAT {
            eprintln!("  … {line}");
            self.beat = Instant::now();
        }
    }

    /// Says how a step ended; of a failed one also the last lines, on GitHub all of its output in a group.
    pub fn ended(&mut self, report: &StepReport, log: Option<&Path>) {
        self.clear();
        self.done += 1;
        let out = self.ctx.out;
        if let (true, Some(log)) = (out.github, log) {
            eprintln!("::group::{} ({})", report.id, report.outcome.word());
            eprint!("{}", crate::process::tail(log, usize::MAX));
            eprintln!("\n::endgroup::");
        }
        let why = report.outcome.reason().map(|why| format!(": {why}")).unwrap_or_default();
        eprintln!(
            "{} {} {}{why}",
            mark(&report.outcome, out),
            report.id,
            paint(out, "2", &duration(report.time)),
        );
        if matches!(report.outcome, Outcome::Failed(_)) {
            if out.github {
                let text = if report.hint.is_empty() { &report.line } else { &report.hint };
                eprintln!("::error title={}::{}", property(&report.id), data(text));
            } else if !out.verbose {
                eprintln!("{}\n", indent(&report.tail));
            }
            if let Some(log) = log {
                eprintln!("  whole output: {}", self.ctx.shown(log));
            }
        }
    }

    /// Takes the live line away.
    pub fn clear(&mut self) {
        if self.drawn {
            eprint!("\r\u{1b}[2K");
            self.drawn = false;
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Escapes a workflow command's data, as GitHub's toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a workflow command's property, as GitHub's toolkit does.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_cannot_be_broken_out_of() {
        assert_eq!(data("50%\nnext"), "50%25%0Anext");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
