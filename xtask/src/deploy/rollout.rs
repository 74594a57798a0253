//! The one algorithm: pull, migrate, start beside, look, switch, observe, watch, settle.
//!
//! Until the switch nothing is touched that serves. After it the old version stands by until the new one has been watched
//! for a while, so going back is the same switch once more.

use super::lock::Held;
use super::looks::{looks_shown, until_right};
use super::restore::SEEN;
use super::steps::Steps;
use crate::context::Stop;
use crate::error::{Exit, exit_code};
use crate::patience::rest;
use crate::target::image::Pinned;
use crate::target::state::Document;
use crate::target::{Done, Failure, Schema, Slot, Target};
use anyhow::Result;
use evidence::{DeploymentMode, DeploymentPhase, FailureClass};
use std::time::{Duration, Instant};

/// Between two looks at a new version.
const LOOK: Duration = Duration::from_millis(250);
/// How long an answer may be wrong while a new version is watched: a database may be away for a moment.
const HICCUP: Duration = Duration::from_secs(2);
/// How many lines of a log are shown.
const LINES: usize = 30;

/// What a deployment is given.
pub struct Rollout<'a> {
    /// Where to.
    pub target: &'a dyn Target,
    /// By what right.
    pub held: &'a Held,
    /// The user's wish to stop.
    pub stop: &'a Stop,
    /// What is said.
    pub steps: &'a Steps,
    /// What shall run.
    pub image: &'a Pinned,
    /// Why.
    pub mode: DeploymentMode,
    /// How long a container may take to become healthy.
    pub health: Duration,
    /// How long a migration may take.
    pub migrate: Duration,
    /// How long the new version is watched while the old one stands by.
    pub soak: Duration,
    /// A look from outside, where the environment has an address.
    pub outside: Option<&'a dyn Fn() -> Result<(), String>>,
    /// Is told each phase.
    pub phase: &'a dyn Fn(DeploymentPhase),
}

/// How a deployment stopped.
pub enum Stopped {
    /// A version failed, or the user stopped it: what ran before has to be restored.
    Failed(&'static str, Failure),
    /// The lock is somebody else's: nothing may be touched any more.
    Lost(anyhow::Error),
}

/// How far it came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// From the beginning to the observed new version.
    pub observed: Option<Duration>,
    /// Workers may run the new version.
    pub workers: bool,
    /// What served in peace may be gone.
    pub settling: bool,
}

impl Rollout<'_> {
    /// Brings the version there. `reached` tells how far it came, also where it stopped.
    pub fn run(&self, reached: &mut Reached) -> Result<(), Stopped> {
        let (target, image) = (self.target, self.image);
        self.phase(DeploymentPhase::Pulling)?;
        self.step("pull", &image.by_digest(), || target.pull(image).map(|()| image.by_digest()))?;
        self.phase(DeploymentPhase::Migrating)?;
        self.migrate()?;
        self.phase(DeploymentPhase::Starting)?;
        let mut began = None;
        self.step("start", "beside what serves", || {
            target.start(Slot::Next, image, self.health)?;
            began = target.present(Slot::Next).map_err(|error| other(&error))?.map(|present| present.began);
            Ok(format!("{} is healthy", Slot::Next.name()))
        })?;
        self.step("smoke", "before anybody is sent there", || self.smoke(Some(Slot::Next), SEEN))?;
        self.phase(DeploymentPhase::Switching)?;
        self.switch("switch", Slot::Next)?;
        self.step("observe", "what answers", || {
            self.smoke(None, Duration::from_secs(5))?;
            self.is_what_runs(Slot::Next)
        })?;
        reached.observed = Some(self.steps.time());
        self.step("watch", "the old version stands by", || self.watch(began.as_deref()))?;
        if let Some(outside) = self.outside {
            self.step("outside", "at its users' address", || {
                outside().map(|()| String::new()).map_err(unwell)
            })?;
        }
        reached.workers = true;
        self.step("workers", "", || target.start_workers(image, self.health).map(|()| "healthy".to_owned()))?;
        reached.settling = true;
        self.step("settle", "to where it serves in peace", || {
            target.start(Slot::Web, image, self.health)?;
            self.smoke(Some(Slot::Web), SEEN)
        })?;
        self.switch("return", Slot::Web)?;
        self.step("clear", Slot::Next.name(), || {
            target.clear(Slot::Next).map(|()| String::new()).map_err(|error| other(&error))
        })
    }

    fn migrate(&self) -> Result<(), Stopped> {
        let (target, image) = (self.target, self.image);
        let mut schema = None;
        self.step("schema", "", || {
            schema = target.schema(image)?;
            let Some(Schema { database, pending }) = &schema else { return Ok("this image cannot tell".to_owned()) };
            if let Some(range) = image.schema.filter(|range| range.max < database.floor) {
                let (min, max) = (range.min, range.max);
                return Err(Failure::new(
                    FailureClass::Migrate,
                    format!(
                        "{} runs on the schemas {min} to {max}, and the database has made the contract step {}",
                        image.version, database.floor
                    ),
                ));
            }
            let pending = if pending.is_empty() { "nothing to do".to_owned() } else { pending.join(", ") };
            Ok(format!("at {}; {pending}", database.schema))
        })?;
        if self.mode != DeploymentMode::Rollback && schema.as_ref().is_none_or(|it| !it.pending.is_empty()) {
            self.step("migrate", "", || {
                schema = target.migrate(image, self.migrate)?;
                Ok(schema
                    .as_ref()
                    .map_or(String::new(), |it| format!("the schema is at {}", it.database.schema)))
            })?;
        } else {
            let rollback = self.mode == DeploymentMode::Rollback;
            let why = if rollback { "a rollback migrates nothing" } else { "nothing to do" };
            self.steps.begin("migrate", "").left(why);
        }
        // The database stays as it is now, whatever becomes of the version.
        let database = schema.map(|it| it.database);
        let noted = self.held.update(self.target, |document, _| Document {
            database: database.or(document.database),
            ..document.clone()
        });
        noted.map(drop).map_err(|error| stopped("migrate", error))
    }

    fn step(
        &self,
        name: &'static str,
        what: &str,
        act: impl FnOnce() -> Done<String>,
    ) -> Result<(), Stopped> {
        // Whoever was stopped and woken up may have lost it, and what runs is another's by now.
        self.held.confirm(self.target).map_err(|error| stopped("lock", error))?;
        let step = self.steps.begin(name, what);
        let done = match self.stop.check() {
            Ok(()) => act(),
            Err(error) => Err(other(&error)),
        };
        self.ended(step, name, done)
    }

    fn ended(
        &self,
        step: super::steps::Step<'_>,
        name: &'static str,
        done: Done<String>,
    ) -> Result<(), Stopped> {
        match done {
            Ok(detail) => {
                step.done(&detail);
                Ok(())
            }
            Err(failure) => {
                step.failed(&failure.message);
                Err(Stopped::Failed(name, failure))
            }
        }
    }

    /// Notes how far it is. That the lock is still held is thereby seen before each step.
    fn phase(&self, phase: DeploymentPhase) -> Result<(), Stopped> {
        let noted = self.held.update(self.target, |document, _| with_phase(document, phase));
        noted.map_err(|error| stopped("lock", error))?;
        (self.phase)(phase);
        Ok(())
    }

    fn switch(&self, name: &'static str, to: Slot) -> Result<(), Stopped> {
        let step = self.steps.begin(name, to.name());
        match self.held.switch(self.target, to, |document, _| document.clone()) {
            Ok(_) => {
                step.done(&format!("requests go to {}", to.name()));
                Ok(())
            }
            Err(error) => {
                step.failed(&format!("{error:#}"));
                Err(stopped(name, error))
            }
        }
    }

    fn smoke(&self, slot: Option<Slot>, limit: Duration) -> Done<String> {
        let right = until_right(self.target, self.stop, slot, self.image, limit);
        right.map(|()| looks_shown()).map_err(|wrong| {
            let logs = self.target.logs(slot.unwrap_or(Slot::Next), LINES);
            Failure { logs, ..unwell(wrong) }
        })
    }

    /// The target's own word, beside that of the application.
    fn is_what_runs(&self, slot: Slot) -> Done<String> {
        let present = self.target.present(slot).map_err(|error| other(&error))?;
        let digest = present.and_then(|present| present.digest);
        if digest.as_ref() == Some(&self.image.digest) {
            return Ok(format!("{} runs", self.image.digest));
        }
        let found = digest.map_or("no digest".to_owned(), |digest| digest.to_string());
        Err(unwell(format!("{} runs {found}, expected {}", slot.name(), self.image.digest)))
    }

    /// Looks again and again at what `began` then: an engine that is started again starts it again too, within less than a
    /// look may take.
    fn watch(&self, began: Option<&str>) -> Done<String> {
        let since = Instant::now();
        loop {
            let present = self.target.present(Slot::Next).map_err(|error| other(&error))?;
            let wrong = match present {
                None => Some("is gone".to_owned()),
                Some(it) if it.restarts > 0 || began != Some(&it.began) => {
                    Some("was healthy, ended, and was started again".to_owned())
                }
                Some(it) if !it.running => Some(format!("was healthy and has {}", it.state)),
                Some(it) if !it.healthy => Some(format!("was healthy and is {}", it.state)),
                Some(_) => until_right(self.target, self.stop, None, self.image, HICCUP).err(),
            };
            if let Some(wrong) = wrong {
                let logs = self.target.logs(Slot::Next, LINES);
                return Err(Failure { logs, ..unwell(format!("{} {wrong}", Slot::Next.name())) });
            }
            if since.elapsed() >= self.soak {
                return Ok(format!("healthy for {} s", self.soak.as_secs()));
            }
            if !rest(self.stop, LOOK) {
                self.stop.check().map_err(|error| other(&error))?;
            }
        }
    }
}

/// The document with the phase of what is deployed.
fn with_phase(document: &Document, phase: DeploymentPhase) -> Document {
    let mut next = document.clone();
    if let Some(deploying) = &mut next.deploying {
        deploying.phase = phase;
    }
    next
}

fn stopped(step: &'static str, error: anyhow::Error) -> Stopped {
    if exit_code(&error) == Exit::Refused as u8 {
        Stopped::Lost(error)
    } else {
        Stopped::Failed(step, other(&error))
    }
}

fn unwell(message: String) -> Failure {
    Failure::new(FailureClass::Health, message)
}

fn other(error: &anyhow::Error) -> Failure {
    Failure::new(FailureClass::Other, format!("{error:#}"))
}
