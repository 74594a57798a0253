//! One loop: step after step, with rests, until it is time to stop.

use super::Context;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;

/// The longest pause after errors.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a step that is under way may go on when it is time to stop. Then it is dropped, and its
/// transaction rolled back: each step can be done again.
const LAST_STEP: Duration = Duration::from_secs(5);

/// What a loop does.
pub(super) trait Work: Send + 'static {
    /// Why a step failed.
    type Error: Display + Send;

    /// Its name in log lines.
    const NAME: &'static str;

    /// How long to rest when there was nothing to do.
    fn rest(&self) -> Duration;

    /// One step; answers how much it did. After 0 the loop rests, else the next step follows at once.
    fn step(&mut self) -> impl Future<Output = Result<usize, Self::Error>> + Send;
}

/// Begins a loop, each time that it is called.
pub(super) type Loop = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A loop of the work that `make` makes.
pub(super) fn endless<W: Work>(context: &Context, make: fn(&Context) -> W) -> Loop {
    let context = context.clone();
    Box::new(move || {
        let (work, shutdown) = (make(&context), context.shutdown.clone());
        let first = context.config.interval;
        Box::pin(repeat(work, first, shutdown))
    })
}

/// Repeats the work until `shutdown` becomes true. The first pause after an error is `first`, and each
/// further one twice as long.
async fn repeat<W: Work>(mut work: W, first: Duration, mut shutdown: watch::Receiver<bool>) {
    let mut pause_after_error = first;
    loop {
        let pause = match finish(work.step(), &mut shutdown).await {
            None => return,
            Some(Ok(0)) => {
                pause_after_error = first;
                work.rest()
            }
            Some(Ok(_)) => {
                pause_after_error = first;
                Duration::ZERO
            }
            Some(Err(error)) => {
                let pause = pause_after_error;
                tracing::warn!(work = W::NAME, %error, retry_in = ?pause, "could not work");
                pause_after_error = LONGEST_PAUSE.min(pause * 2);
                pause
            }
        };
        tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The result of a step; none if it took too long after it was time to stop.
async fn finish<T>(step: impl Future<Output = T>, shutdown: &mut watch::Receiver<bool>) -> Option<T> {
    let mut step = std::pin::pin!(step);
    tokio::select! {
        biased;
        done = &mut step => return Some(done),
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
    tokio::time::timeout(LAST_STEP, step).await.ok()
}
