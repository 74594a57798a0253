//! Where a version is deployed. One trait; `deploy` has the one algorithm that uses it.
//!
//! Two slots can serve, and one is active: [`Slot::Web`] in peace, [`Slot::Next`] while a deployment replaces it.

pub mod compose;
pub mod image;
pub mod state;

use crate::context::Context;
use crate::policy::environment::TargetKind;
use crate::policy::{Environment, Pipeline};
use anyhow::Result;
use evidence::{Digest, FailureClass};
use image::Pinned;
use state::{Database, Document};
use std::time::Duration;

/// One of the two places that can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// What serves in peace.
    Web,
    /// What a deployment starts beside it.
    Next,
}

impl Slot {
    /// Its name at the target, and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Next => "web-next",
        }
    }
}

/// What went wrong with a version.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What it failed at.
    pub class: FailureClass,
    /// What is wrong and what was expected.
    pub message: String,
    /// The last lines of what was said by who failed.
    pub logs: String,
}

impl Failure {
    /// A failure without a log.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), logs: String::new() }
    }
}

/// What came of a step.
pub type Done<T = ()> = Result<T, Failure>;

/// A state of the document, such that a change can say which one it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(pub String);

/// The target's document and what goes with it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The document.
    pub document: Document,
    /// Which state of it this is.
    pub mark: Mark,
    /// The target's clock, in milliseconds since 1970.
    pub now: i64,
    /// Who serves.
    pub active: Slot,
}

/// What occupies a slot.
#[derive(Clone, Debug)]
pub struct Present {
    /// The image that it runs in, as the target itself resolved it; none where it was not started by digest.
    pub digest: Option<Digest>,
    /// Whether it runs.
    pub running: bool,
    /// Whether its own check says that it is healthy.
    pub healthy: bool,
    /// How often it was started again by itself.
    pub restarts: u64,
    /// When its program began, the last time, in the target's words: others after each start, whoever started it.
    pub began: String,
    /// How it is, in the target's words.
    pub state: String,
}

/// The schema of the environment's database, as an image sees it.
#[derive(Clone, Debug)]
pub struct Schema {
    /// What the database is at.
    pub database: Database,
    /// What the image would do, for people.
    pub pending: Vec<String>,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The environment's target.
///
/// # Errors
/// When the target cannot be set up; nothing is asked of it yet.
pub fn open(ctx: &Context, pipeline: &Pipeline, environment: &Environment) -> Result<Box<dyn Target>> {
    match environment.settings.target {
        TargetKind::Compose => Ok(Box::new(compose::Compose::open(ctx, pipeline, environment)?)),
    }
}

/// An environment's target.
pub trait Target: Send {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// From now on containers are changed under the lock of this number, and not where it is another's by then.
    fn under(&self, fence: u64);

    /// Brings what is needed beside the application, and leaves what is there.
    ///
    /// # Errors
    /// Exit 4 when the target cannot be reached.
    fn prepare(&self) -> Result<()>;

    /// The document, or none where nothing was ever deployed.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn read(&self) -> Result<Reading>;

    /// Replaces the document, if it is still the marked one; its new mark, or none when it is another by now.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn write(&self, mark: &Mark, document: &Document) -> Result<Option<Mark>>;

    /// Replaces the document as [`Target::write`] does and, only then and in one go, sends requests to a slot.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn switch(&self, mark: &Mark, document: &Document, to: Slot) -> Result<Option<Mark>>;

    /// Brings the image there, and sees that it is the one.
    ///
    /// # Errors
    /// Of the class `pull`.
    fn pull(&self, image: &Pinned) -> Done;

    /// What the image would do to the database; none where the image cannot tell. Changes nothing.
    ///
    /// # Errors
    /// Of the class `migrate`.
    fn schema(&self, image: &Pinned) -> Done<Option<Schema>>;

    /// Brings the database to the image's schema, within `limit`; what it is at then, where the image can tell.
    ///
    /// # Errors
    /// Of the class `migrate`; then the migration that failed is rolled back, and those before it stay.
    fn migrate(&self, image: &Pinned, limit: Duration) -> Done<Option<Schema>>;

    /// Starts the image in a slot and waits until it is healthy: for `limit` at most, and not a moment longer than it
    /// lives.
    ///
    /// # Errors
    /// Of the class `health`, with the last lines of its log.
    fn start(&self, slot: Slot, image: &Pinned, limit: Duration) -> Done;

    /// Brings all workers to the image.
    ///
    /// # Errors
    /// Of the class `health`.
    fn start_workers(&self, image: &Pinned, limit: Duration) -> Done;

    /// What occupies a slot; none when it is empty.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn present(&self, slot: Slot) -> Result<Option<Present>>;

    /// The image that occupies a slot, whoever started it; none where the slot is empty, or the image is of no registry.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn found(&self, slot: Slot) -> Result<Option<Pinned>>;

    /// Asks the application for paths on the way that its users' requests take: who is active, or a certain slot. An
    /// answer for each, in order.
    ///
    /// # Errors
    /// When nothing answers.
    fn get(&self, slot: Option<Slot>, paths: &[&str]) -> Result<Vec<Answer>>;

    /// Empties a slot. One that is empty stays so.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn clear(&self, slot: Slot) -> Result<()>;

    /// Removes what a deployment left that was killed, but for the slots.
    ///
    /// # Errors
    /// When the target cannot be asked.
    fn sweep(&self) -> Result<()>;

    /// The last lines of a slot's log.
    fn logs(&self, slot: Slot, lines: usize) -> String;
}
