//! What is done, said as it is done.

use crate::context::Output;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// The lines of one deployment.
pub struct Steps {
    out: Output,
    began: Instant,
}

/// A step under way.
pub struct Step<'a> {
    steps: &'a Steps,
    name: &'static str,
    began: Instant,
}

impl Steps {
    /// Times count from here.
    pub fn new(out: Output) -> Self {
        Self { out, began: Instant::now() }
    }

    /// Since the beginning.
    pub fn time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Begins a step. On a terminal it is said at once, elsewhere when it is over.
    pub fn begin(&self, name: &'static str, what: &str) -> Step<'_> {
        if self.out.terminal {
            eprint!("  … {name:<10} {what}");
            // A terminal that is gone does not matter to what is done.
            let _ = std::io::stderr().flush();
        }
        Step { steps: self, name, began: Instant::now() }
    }
}

impl Step<'_> {
    /// It is done.
    pub fn done(self, detail: &str) {
        self.line('✓', "32", detail);
    }

    /// It was not done, and need not be.
    pub fn left(self, why: &str) {
        self.line('-', "2", why);
    }

    /// It failed.
    pub fn failed(self, why: &str) {
        self.line('✗', "31", why);
    }

    fn line(self, mark: char, colour: &str, detail: &str) {
        let clear = if self.steps.out.terminal { "\r\x1b[K" } else { "" };
        let mark =
            if self.steps.out.colour { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_string() };
        let time = shown(self.began.elapsed());
        eprintln!("{clear}  {mark} {:<10} {time:>7}  {detail}", self.name);
    }
}

/// A time for people: `83 ms`, `2.4 s`.
pub fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
