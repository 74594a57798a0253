//! The one place where plans are executed.

use super::fingerprint::{Passed, Tree};
use super::report::JobReport;
use super::screen::Screen;
use super::{Counts, Need, Outcome, Plan, RunReport, Step, StepReport};
use crate::context::Context;
use crate::process::{self, Spawn};
use anyhow::{Context as _, Result};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How a plan is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Go on after a failure with every step that does not need the failed one.
    pub keep_going: bool,
    /// Run also the steps that passed before on the same inputs.
    pub fresh: bool,
}

/// The lines of a failed step's output that are shown.
const TAIL_LINES: usize = 60;

/// Runs a plan. A failing step is a result and not an error.
///
/// `missing` answers for a [`Need`] what is missing and how to get it, or none where it is there.
///
/// # Errors
/// When a step cannot be started for another reason than its own, or logs cannot be written.
pub fn run(
    ctx: &Context,
    name: &str,
    plan: &Plan,
    options: RunOptions,
    missing: &dyn Fn(Need) -> Option<String>,
) -> Result<RunReport> {
    let steps: Vec<&Step> = plan.steps().collect();
    let remembers = steps.iter().any(|step| !step.inputs.is_empty());
    let runner = Runner {
        ctx,
        logs: ctx.work_dir(&format!("logs/{name}"))?,
        passed: Passed::open(ctx)?,
        tree: if remembers { Some(Tree::read(ctx)?) } else { None },
        options,
        states: steps.iter().map(|_| State::Waiting).collect(),
        screen: Screen::new(ctx, steps.len()),
        steps,
    };
    let began = Instant::now();
    let mut results = runner.run(missing)?.into_iter();
    let jobs = plan
        .jobs
        .iter()
        .map(|job| {
            let steps = results.by_ref().take(job.steps.len()).collect();
            JobReport { name: job.name.clone(), steps }
        })
        .collect();
    Ok(RunReport { jobs, time: began.elapsed() })
}

enum State {
    Waiting,
    Running(Instant),
    Done(StepReport),
}

struct Runner<'a> {
    ctx: &'a Context,
    logs: PathBuf,
    passed: Passed,
    tree: Option<Tree>,
    options: RunOptions,
    steps: Vec<&'a Step>,
    states: Vec<State>,
    screen: Screen<'a>,
}

/// What came of one step's process.
struct Ended {
    at: usize,
    code: Result<Option<i32>>,
    time: Duration,
}

impl<'a> Runner<'a> {
    fn run(mut self, missing: &dyn Fn(Need) -> Option<String>) -> Result<Vec<StepReport>> {
        let width = std::thread::available_parallelism().map_or(2, |n| n.get().max(2));
        let (sender, ended) = mpsc::channel::<Ended>();
        let (ctx, steps) = (self.ctx, self.steps.clone());
        std::thread::scope(|scope| -> Result<()> {
            loop {
                while let Some(at) = self.next_step(width) {
                    let step = steps[at];
                    if let Some(outcome) = self.outcome_without_running(step, missing) {
                        self.finish(at, outcome, Duration::ZERO)?;
                        continue;
                    }
                    self.states[at] = State::Running(Instant::now());
                    self.screen.started(step);
                    let (sender, log) = (sender.clone(), self.log(step));
                    scope.spawn(move || {
                        let began = Instant::now();
                        let code = execute(ctx, step, &log);
                        // The receiver lives until the last step has ended.
                        let _ = sender.send(Ended { at, code, time: began.elapsed() });
                    });
                }
                let running = self.running();
                if running.is_empty() {
                    return Ok(());
                }
                match ended.recv_timeout(Duration::from_millis(100)) {
                    Ok(end) => self.ended(end)?,
                    Err(_) => self.screen.tick(&running),
                }
            }
        })?;
        self.screen.clear();
        Ok(self
            .states
            .into_iter()
            .filter_map(|state| if let State::Done(report) = state { Some(report) } else { None })
            .collect())
    }

    fn log(&self, step: &Step) -> PathBuf {
        self.logs.join(format!("{}.log", step.id.replace('/', ".")))
    }

    fn running(&self) -> Vec<(&'a str, Duration)> {
        let since = |state: &State| match state {
            State::Running(since) => Some(since.elapsed()),
            _ => None,
        };
        self.steps
            .iter()
            .zip(&self.states)
            .filter_map(|(step, state)| Some((step.id.as_str(), since(state)?)))
            .collect()
    }

    /// The first waiting step whose needs are settled, whose lane is free, and for which there is room.
    fn next_step(&self, width: usize) -> Option<usize> {
        let running: Vec<&Step> = self
            .steps
            .iter()
            .zip(&self.states)
            .filter_map(|(step, state)| matches!(state, State::Running(_)).then_some(*step))
            .collect();
        if running.len() >= width {
            return None;
        }
        let settled = |id: &String| self.report_of(id).is_some();
        let free = |lane: Option<&str>| lane.is_none() || running.iter().all(|step| step.lane != lane);
        self.steps.iter().zip(&self.states).position(|(step, state)| {
            matches!(state, State::Waiting) && step.needs.iter().all(settled) && free(step.lane)
        })
    }

    fn report_of(&self, id: &str) -> Option<&StepReport> {
        let at = self.steps.iter().position(|step| step.id == id)?;
        if let State::Done(report) = &self.states[at] { Some(report) } else { None }
    }

    fn outcome_without_running(
        &self,
        step: &Step,
        missing: &dyn Fn(Need) -> Option<String>,
    ) -> Option<Outcome> {
        if self.ctx.stop.requested() {
            return Some(Outcome::Cancelled);
        }
        let bad = |report: &&StepReport| !report.outcome.is_good();
        if let Some(need) = step.needs.iter().filter_map(|id| self.report_of(id)).find(bad) {
            // What a missing tool prevents is prevented by it too, however far down.
            return Some(match &need.outcome {
                Outcome::Missing { what } => Outcome::Missing { what: what.clone() },
                _ => Outcome::NotRun { because: format!("{} did not pass", need.id) },
            });
        }
        if !self.options.keep_going {
            let failed = self.states.iter().find_map(|state| match state {
                State::Done(report) if matches!(report.outcome, Outcome::Failed(_)) => Some(&report.id),
                _ => None,
            });
            if let Some(id) = failed {
                return Some(Outcome::NotRun { because: format!("{id} failed; --keep-going goes on") });
            }
        }
        for need in &step.requires {
            match missing(*need) {
                Some(why) if need.is_outside() => return Some(Outcome::Skipped { why }),
                Some(what) => return Some(Outcome::Missing { what }),
                None => {}
            }
        }
        let mark = self.tree.as_ref()?.fingerprint(step)?;
        (!self.options.fresh && !step.always && self.passed.holds(step, &mark)).then_some(Outcome::Unchanged)
    }

    fn ended(&mut self, end: Ended) -> Result<()> {
        let outcome = match end.code {
            Ok(Some(0)) => Outcome::Passed,
            _ if self.ctx.stop.requested() => Outcome::Cancelled,
            Ok(code) => Outcome::Failed(code),
            Err(error) => {
                let log = self.log(self.steps[end.at]);
                std::fs::write(&log, format!("{error:#}\n"))
                    .with_context(|| format!("cannot write {}", log.display()))?;
                Outcome::Failed(None)
            }
        };
        self.finish(end.at, outcome, end.time)
    }

    fn finish(&mut self, at: usize, outcome: Outcome, time: Duration) -> Result<()> {
        let step = self.steps[at];
        let log = self.log(step);
        let ran = !time.is_zero();
        let counts = match step.counter {
            _ if matches!(outcome, Outcome::Skipped { .. }) => Counts { skipped: 1, ..Counts::default() },
            Some(counter) if ran => counter.read(&std::fs::read_to_string(&log).unwrap_or_default()),
            _ => Counts::default(),
        };
        let mark = self.tree.as_ref().and_then(|tree| tree.fingerprint(step));
        match (&outcome, mark) {
            // What was left out on this machine today may be run tomorrow.
            (Outcome::Passed, Some(mark)) if counts.skipped == 0 => self.passed.set(step, Some(&mark))?,
            (Outcome::Failed(_), _) => self.passed.set(step, None)?,
            _ => {}
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        let report = StepReport {
            id: step.id.clone(),
            line: step.line(),
            outcome,
            time,
            counts,
            tail: if failed { process::tail(&log, TAIL_LINES) } else { String::new() },
            hint: step.hint.clone(),
        };
        self.screen.ended(&report, ran.then_some(log.as_path()));
        self.states[at] = State::Done(report);
        Ok(())
    }
}

/// Runs one step to its end, or to the user's stop, with its output in `log`.
fn execute(ctx: &Context, step: &Step, log: &Path) -> Result<Option<i32>> {
    let mut env = if step.is_xtask() { process::own_env(ctx) } else { process::child_env(ctx) };
    env.extend(step.env.clone());
    let program = if step.is_xtask() { process::own_binary()?.into() } else { step.argv[0].clone().into() };
    let spawn = Spawn { program, args: step.argv[1..].to_vec(), dir: ctx.root.join(&step.dir), env };
    let mut running = spawn.start(log)?;
    let mut follow = if ctx.out.verbose { Some(std::fs::File::open(log)?) } else { None };
    running.wait(&ctx.stop, || {
        if let Some(file) = &mut follow {
            let mut new = Vec::new();
            file.read_to_end(&mut new)?;
            std::io::Write::write_all(&mut std::io::stderr(), &new)?;
        }
        Ok(())
    })
}
