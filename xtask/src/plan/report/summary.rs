//! The table that ends a run, on success and on failure.

use super::{Outcome, RunReport};
use crate::context::Output;
use std::fmt::Write as _;
use std::time::Duration;

/// A mark, a colour and a word per outcome: never colour alone.
pub fn mark(outcome: &Outcome, out: Output) -> String {
    let (sign, colour) = match outcome {
        Outcome::Passed => ("✓", "32"),
        Outcome::Unchanged => ("=", "36"),
        Outcome::Failed(_) => ("✗", "31"),
        Outcome::Cancelled => ("✗", "33"),
        Outcome::Missing { .. } => ("!", "33"),
        Outcome::NotRun { .. } | Outcome::Skipped { .. } => ("-", "2"),
    };
    paint(out, colour, sign)
}

/// Text in an SGR colour, where colour may be used.
pub fn paint(out: Output, sgr: &str, text: &str) -> String {
    if out.colour { format!("\u{1b}[{sgr}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// A duration for people: `340 ms`, `4.2 s`, `2 min 05 s`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        format!("{} ms", time.as_millis())
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

/// The closing table and, below it, what failed and what could not be run.
pub fn text(report: &RunReport, out: Output) -> String {
    let mut text = String::new();
    let width = report.steps().map(|step| step.id.chars().count()).max().unwrap_or(0);
    for step in report.steps() {
        let tests = match step.counts {
            counts if counts == Default::default() => String::new(),
            counts => format!("   {counts}"),
        };
        let _ = writeln!(
            text,
            "  {} {:width$}  {:9}  {:>12}{tests}",
            mark(&step.outcome, out),
            step.id,
            step.outcome.word(),
            duration(step.time),
        );
    }
    for step in report.steps() {
        match &step.outcome {
            Outcome::Failed(_) => {
                let _ =
                    writeln!(text, "\n{} {}\n  again: {}", paint(out, "31", "failed:"), step.id, step.line);
                if !step.hint.is_empty() {
                    let _ = writeln!(text, "  next:  {}", step.hint);
                }
            }
            Outcome::Skipped { why } => {
                let _ = writeln!(text, "\n{} {}: {why}", paint(out, "33", "skipped:"), step.id);
            }
            Outcome::Missing { what } => {
                let _ = writeln!(text, "\n{} {}: {what}", paint(out, "33", "not run:"), step.id);
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (milliseconds, shown) in [(340, "340 ms"), (4_240, "4.2 s"), (125_000, "2 min 05 s")] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), shown);
        }
    }
}
