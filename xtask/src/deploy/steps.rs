//! What is done, said as it is done.

use crate::context::Output;
use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
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
    /// Tells now and then that it goes on, until this is gone.
    telling: Option<(Sender<()>, JoinHandle<()>)>,
}

/// What takes longer says so, the first time after this.
const SOON: Duration = Duration::from_secs(2);
/// And then as often, where nobody sees a line change.
const AGAIN: Duration = Duration::from_secs(15);

impl Steps {
    /// Times count from here.
    pub fn new(out: Output) -> Self {
        Self { out, began: Instant::now() }
    }

    /// Since the beginning.
    pub fn time(&self) -> Duration {
        self.began.elapsed()
    }

    /// Begins a step. On a terminal it is said at once, elsewhere when it is over or takes long.
    pub fn begin(&self, name: &'static str, what: &str) -> Step<'_> {
        let (sender, over) = channel::<()>();
        let (terminal, what) = (self.out.terminal, what.to_owned());
        if terminal {
            write(&format!("  … {name:<10}          {what}"));
        }
        let began = Instant::now();
        let telling = std::thread::spawn(move || {
            let mut pause = SOON;
            while over.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let line = format!("  … {name:<10} {:>7}  {what}", shown(began.elapsed()));
                write(&if terminal { format!("\r\x1b[K{line}") } else { format!("{line}\n") });
                pause = if terminal { Duration::from_secs(1) } else { AGAIN };
            }
        });
        Step { steps: self, name, began, telling: Some((sender, telling)) }
    }
}

impl Step<'_> {
    /// It is done.
    pub fn done(mut self, detail: &str) {
        self.line('✓', "32", detail);
    }

    /// It was not done, and need not be.
    pub fn left(mut self, why: &str) {
        self.line('-', "2", why);
    }

    /// It failed.
    pub fn failed(mut self, why: &str) {
        self.line('✗', "31", why);
    }

    fn line(&mut self, mark: char, colour: &str, detail: &str) {
        self.hush();
        let clear = if self.steps.out.terminal { "\r\x1b[K" } else { "" };
        let mark =
            if self.steps.out.colour { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_string() };
        let time = shown(self.began.elapsed());
        eprintln!("{clear}  {mark} {:<10} {time:>7}  {detail}", self.name);
    }
}

impl Step<'_> {
    fn hush(&mut self) {
        if let Some((sender, telling)) = self.telling.take() {
            drop(sender);
            // It ends by itself; what it panicked with was printed.
            let _ = telling.join();
        }
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.hush();
    }
}

/// A terminal that is gone does not matter to what is done.
fn write(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// A time for people: `83 ms`, `2.4 s`.
pub fn shown(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
