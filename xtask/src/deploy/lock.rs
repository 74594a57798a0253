//! The right to change an environment, for as long as it is held.

use crate::context::{Context, Stop};
use crate::error::{Exit, Problem};
use crate::patience::rest;
use crate::target::state::{Document, Holder, Lock, Lost, Process, millis};
use crate::target::{Mark, Reading, Slot, Target};
use anyhow::{Result, anyhow, bail};
use evidence::Name;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a change is tried that others are faster with.
const TRIES: usize = 20;

/// A lock that is held, and renewed while this value lives.
pub struct Held {
    environment: Name,
    fence: u64,
    time: Duration,
    done: Stop,
    lost: Arc<AtomicBool>,
    /// When the last change or renewal began that went well. Until this is as old as the lock may get, nobody has it.
    sure: Arc<Mutex<Instant>>,
    renewing: Option<JoinHandle<()>>,
    known: RefCell<Option<Known>>,
}

/// What was written last.
struct Known {
    document: Document,
    mark: Mark,
    /// The target's clock, and this program's at the same moment.
    now: i64,
    at: Instant,
}

/// Takes the lock. `renewing` is the same target once more, for the thread that renews it.
///
/// # Errors
/// Exit 3 when somebody has it.
pub fn acquire(
    ctx: &Context,
    environment: &Name,
    time: Duration,
    target: &dyn Target,
    renewing: Box<dyn Target>,
) -> Result<(Held, Document)> {
    let holder = holder(ctx);
    for _ in 0..TRIES {
        let asked = Instant::now();
        let Reading { document, mark, now, .. } = target.read()?;
        let next =
            document.acquired(&holder, now, time, alive).map_err(|lock| busy(environment, &lock, now))?;
        if target.write(&mark, &next)?.is_some() {
            let held = Held::start(environment, next.fence, time, asked, renewing);
            return Ok((held, next));
        }
    }
    bail!("what {environment} remembers is changed by others all the time")
}

impl Held {
    fn start(
        environment: &Name,
        fence: u64,
        time: Duration,
        asked: Instant,
        target: Box<dyn Target>,
    ) -> Self {
        let (done, lost, sure) =
            (Stop::default(), Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(asked)));
        let (ended, gone, renewed) = (done.clone(), lost.clone(), sure.clone());
        let renewing = std::thread::spawn(move || {
            while rest(&ended, time / 3) {
                let asked = Instant::now();
                match renew(&*target, fence, time) {
                    Ok(Ok(())) => set(&renewed, asked),
                    Ok(Err(Lost { .. })) => {
                        gone.store(true, Ordering::SeqCst);
                        return;
                    }
                    // What cannot be asked at this moment is asked again; until the lock expires nothing is lost by it.
                    Err(_) => {}
                }
            }
        });
        Self {
            environment: environment.clone(),
            fence,
            time,
            done,
            lost,
            sure,
            renewing: Some(renewing),
            known: RefCell::default(),
        }
    }

    /// Its number.
    pub fn fence(&self) -> u64 {
        self.fence
    }

    /// That the lock is still held: whoever slept for longer than it lasts has to ask.
    ///
    /// # Errors
    /// Exit 3 when it is held no longer.
    pub fn confirm(&self, target: &dyn Target) -> Result<()> {
        let sure = *self.sure.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.lost.load(Ordering::SeqCst) && sure.elapsed() < self.time {
            return Ok(());
        }
        self.update(target, |document, _| document.clone()).map(drop)
    }

    /// Changes the document, if the lock is still held. The change is given the target's clock.
    ///
    /// # Errors
    /// Exit 3 when the lock is held no longer: then nothing was changed.
    pub fn update(
        &self,
        target: &dyn Target,
        change: impl Fn(&Document, i64) -> Document,
    ) -> Result<Document> {
        self.change(target, None, change)
    }

    /// The same, and sends requests to a slot in one go with it.
    ///
    /// # Errors
    /// Exit 3 when the lock is held no longer: then nothing was changed, and nobody was sent elsewhere.
    pub fn switch(
        &self,
        target: &dyn Target,
        to: Slot,
        change: impl Fn(&Document, i64) -> Document,
    ) -> Result<Document> {
        self.change(target, Some(to), change)
    }

    fn change(
        &self,
        target: &dyn Target,
        to: Option<Slot>,
        change: impl Fn(&Document, i64) -> Document,
    ) -> Result<Document> {
        for attempt in 0..TRIES {
            let asked = Instant::now();
            // What was written last is still there, unless somebody else was at it: that shows when it is replaced.
            let known = self.known.borrow_mut().take().filter(|_| attempt == 0);
            let (document, mark, now) = match known {
                Some(Known { document, mark, now, at }) => (document, mark, now + millis(at.elapsed())),
                None => {
                    let Reading { document, mark, now, .. } = target.read()?;
                    (document, mark, now)
                }
            };
            let at = Instant::now();
            if self.lost.load(Ordering::SeqCst) {
                return Err(self.lost(&Lost { fence: self.fence, now: document.lock }).into());
            }
            // Whoever changes something is alive: its lock lasts longer by that.
            let renewed = document.renewed(self.fence, now, self.time).map_err(|lost| self.lost(&lost))?;
            let next = change(&renewed, now);
            let written = match to {
                Some(slot) => target.switch(&mark, &next, slot)?,
                None => target.write(&mark, &next)?,
            };
            if let Some(mark) = written {
                set(&self.sure, asked);
                *self.known.borrow_mut() = Some(Known { document: next.clone(), mark, now, at });
                return Ok(next);
            }
        }
        bail!("what {} remembers is changed by others all the time", self.environment)
    }

    fn lost(&self, lost: &Lost) -> Problem {
        let now = match &lost.now {
            Some(lock) => format!("{} has it under {}", lock.holder, lock.fence),
            None => "it was released".to_owned(),
        };
        Problem::new(
            Exit::Refused,
            format!(
                "the lock of {} under {} is no longer held: {now}. Nothing more was changed",
                self.environment, self.fence
            ),
        )
        .next(format!("cargo xtask status --env {}", self.environment))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.done.request();
        if let Some(renewing) = self.renewing.take() {
            // It ends by itself; what it panicked with was printed.
            let _ = renewing.join();
        }
    }
}

fn set(sure: &Mutex<Instant>, at: Instant) {
    let mut sure = sure.lock().unwrap_or_else(PoisonError::into_inner);
    *sure = at.max(*sure);
}

fn renew(target: &dyn Target, fence: u64, time: Duration) -> Result<Result<(), Lost>> {
    for _ in 0..TRIES {
        let Reading { document, mark, now, .. } = target.read()?;
        let next = match document.renewed(fence, now, time) {
            Ok(next) => next,
            Err(lost) => return Ok(Err(lost)),
        };
        if target.write(&mark, &next)?.is_some() {
            return Ok(Ok(()));
        }
    }
    Err(anyhow!("it is changed by others all the time"))
}

fn busy(environment: &Name, lock: &Lock, now: i64) -> Problem {
    let run = lock.run.as_ref().map(|run| format!(", {run}")).unwrap_or_default();
    Problem::new(
        Exit::Refused,
        format!(
            "{environment} is being deployed to by {}{run}, since {} s; its lock {} lasts {} s more unless it is renewed",
            lock.holder,
            (now - lock.since) / 1000,
            lock.fence,
            (lock.expires - now).max(0) / 1000
        ),
    )
    .next(format!("cargo xtask lock show --env {environment}"))
}

/// Who this is.
fn holder(ctx: &Context) -> Holder {
    let env = |name: &str| ctx.env.get(name).map(str::to_owned);
    let run = env("GITHUB_SERVER_URL")
        .zip(env("GITHUB_REPOSITORY"))
        .zip(env("GITHUB_RUN_ID"))
        .map(|((server, repository), id)| format!("{server}/{repository}/actions/runs/{id}"));
    Holder { name: actor(ctx), run, process: this_process() }
}

/// Whoever asks for a deployment, for people: at most 100 characters.
pub fn actor(ctx: &Context) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let own = || format!("{}@{}", ctx.env.get("USER").unwrap_or("somebody"), host.trim());
    let named = ["PORTBOOK_DEPLOY_HOLDER", "GITHUB_ACTOR"].iter().find_map(|name| ctx.env.get(name));
    named.map_or_else(own, str::to_owned).chars().filter(|c| !c.is_control()).take(100).collect()
}

/// This process, as others on this machine can tell it. Elsewhere than on Linux nothing is told, and only time ends a lock.
fn this_process() -> Process {
    let pid = std::process::id();
    Process { world: world().unwrap_or_default(), pid, began: began(pid).unwrap_or_default() }
}

/// This machine since it was started, and the name space that process numbers are of.
fn world() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let numbers = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), numbers.display()))
}

/// When a process began: the 22nd field of its `stat`, see proc(5). The second may have spaces and is in parentheses.
fn began(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    // One that waits only for its parent to take notice does nothing any more.
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Whether a process of this machine lives; none for one of another machine.
pub fn alive(process: &Process) -> Option<bool> {
    (world().as_ref() == Some(&process.world)).then(|| began(process.pid) == Some(process.began))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_ends_and_another_of_its_number_is_not_it() {
        let own = this_process();
        assert_eq!(alive(&own), Some(true));
        assert_eq!(alive(&Process { began: own.began + 1, ..own.clone() }), Some(false));
        assert_eq!(alive(&Process { world: "elsewhere".to_owned(), ..own }), None);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let other = Process { pid: child.id(), began: 1, ..this_process() };
        child.wait().unwrap();
        assert_eq!(alive(&other), Some(false));
    }
}
