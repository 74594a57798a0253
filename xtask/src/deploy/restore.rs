//! Back to what ran before: after a failure, and after a deployment that was killed.

use super::lock::Held;
use super::looks::until_right;
use super::steps::Steps;
use crate::context::Stop;
use crate::target::image::Pinned;
use crate::target::state::{Deploying, Document, Ran};
use crate::target::{Present, Slot, Target};
use anyhow::{Result, anyhow};
use evidence::DeploymentPhase;
use std::time::Duration;

/// How long the ingress may take to see what has become healthy.
pub const SEEN: Duration = Duration::from_secs(15);

/// What an interrupted deployment came to.
pub enum Left {
    /// Its version runs: it was finished.
    Finished(Deploying),
    /// What ran before runs.
    Undone(Deploying),
}

/// What a deployment may have changed.
#[derive(Clone, Copy, Debug)]
pub struct Touched {
    /// What serves in peace.
    pub web: bool,
    /// The workers.
    pub workers: bool,
}

/// Brings the environment back to `old`, wherever a deployment stopped. `health` is what a container may take to become
/// healthy, where one has to be started again.
pub fn restore(
    target: &dyn Target,
    held: &Held,
    old: Option<&Ran>,
    touched: Touched,
    health: Duration,
) -> Result<()> {
    let active = target.read()?.active;
    match old.map(Ran::image) {
        Some(image) if touched.web => {
            // Whoever is active goes on serving meanwhile.
            if !serves(target.present(Slot::Web)?.as_ref(), &image) {
                start(target, Slot::Web, &image, health)?;
            }
            if active == Slot::Next {
                until_right(target, &Stop::default(), Some(Slot::Web), &image, SEEN)
                    .map_err(|wrong| anyhow!("{} does not come back: {wrong}", image.version))?;
            }
        }
        // The first version ever: nothing ran before, and nothing of it stays.
        None if touched.web => target.clear(Slot::Web)?,
        _ => {}
    }
    if active == Slot::Next {
        held.switch(target, Slot::Web, |document, _| document.clone())?;
    }
    target.clear(Slot::Next)?;
    if let Some(old) = old.filter(|_| touched.workers) {
        target.start_workers(&old.image(), health).map_err(|failure| anyhow!("{}", failure.message))?;
    }
    Ok(())
}

fn serves(present: Option<&Present>, image: &Pinned) -> bool {
    present.is_some_and(|it| it.healthy && it.digest.as_ref() == Some(&image.digest))
}

fn start(target: &dyn Target, slot: Slot, image: &Pinned, health: Duration) -> Result<()> {
    target.start(slot, image, health).map_err(|failure| anyhow!("{}\n{}", failure.message, failure.logs))
}

/// Takes up what a killed deployment left: finished where its version had taken over and the old one is gone, undone
/// otherwise. None where nothing was left.
pub fn recover(
    target: &dyn Target,
    held: &Held,
    steps: &Steps,
    document: &Document,
    health: Duration,
) -> Result<Option<Left>> {
    let reading = target.read()?;
    target.sweep()?;
    let next = target.present(Slot::Next)?;
    let Some(left) = document.deploying.clone() else {
        if reading.active == Slot::Next || next.is_some() {
            let untouched = Touched { web: false, workers: false };
            restore(target, held, document.running.as_ref(), untouched, health)?;
        }
        return Ok(None);
    };
    let step = steps.begin("recover", &left.to.version);
    let image = left.to.image();
    let old = document.running.as_ref();
    let web = target.present(Slot::Web)?;
    let old_stands = old.is_some_and(|old| serves(web.as_ref(), &old.image()));
    let took_over =
        serves(web.as_ref(), &image) || (reading.active == Slot::Next && serves(next.as_ref(), &image));
    let back = left.mode == evidence::DeploymentMode::Rollback;
    if took_over && !old_stands {
        settle(target, held, &image, health)?;
        held.update(target, |document, now| {
            let ran = Ran { at: now, ..left.to.clone() };
            Document { deploying: None, ..document.ran(ran, back) }
        })?;
        step.done(&format!("{} was interrupted after its switch, and is finished", left.to.version));
        return Ok(Some(Left::Finished(left)));
    }
    let switched = left.phase >= DeploymentPhase::Switching;
    // It was being replaced where the new version stands in its place, or nothing does.
    let replaced = web.as_ref().is_none_or(|web| web.digest.as_ref() == Some(&image.digest));
    let touched = Touched { web: switched && replaced, workers: switched };
    restore(target, held, old, touched, health)?;
    held.update(target, |document, _| Document { deploying: None, ..document.clone() })?;
    let stays = old.map_or("nothing runs".to_owned(), |old| format!("{} serves", old.version));
    step.done(&format!("{} was interrupted and is undone: {stays}", left.to.version));
    Ok(Some(Left::Undone(left)))
}

/// Brings a version that has taken over to where it serves in peace.
pub fn settle(target: &dyn Target, held: &Held, image: &Pinned, health: Duration) -> Result<()> {
    target
        .start_workers(image, health)
        .map_err(|failure| anyhow!("{}\n{}", failure.message, failure.logs))?;
    if target.read()?.active == Slot::Next {
        start(target, Slot::Web, image, health)?;
        until_right(target, &Stop::default(), Some(Slot::Web), image, SEEN)
            .map_err(|wrong| anyhow!("{wrong}"))?;
        held.switch(target, Slot::Web, |document, _| document.clone())?;
    }
    target.clear(Slot::Next)
}
