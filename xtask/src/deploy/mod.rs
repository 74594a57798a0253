//! Bringing a digest to an environment: one algorithm, whatever the environment is deployed to.

pub mod announce;
pub mod gates;
pub mod lock;
mod looks;
pub mod report;
pub mod resolve;
mod restore;
mod rollout;
mod steps;
pub mod verdict;

use crate::context::{Context, Stop};
use crate::error::{Exit, Problem, exit_code};
use crate::ledger;
use crate::patience::rest;
use crate::policy::{Environment, Pipeline};
use crate::target::image::Pinned;
use crate::target::state::{Deploying, Document, Hold, Ran};
use crate::target::{self, Reading, Slot, Target};
use announce::Announcer;
use anyhow::{Result, anyhow};
use evidence::{
    Claim, DeploymentId, DeploymentMode, DeploymentPhase, DeploymentStarted, DeploymentState, Digest,
    FailureClass, Name, Outcome,
};
use gates::gates;
use lock::Held;
use report::{Ended, Report};
use restore::{Left, Touched, recover, restore};
use rollout::{Reached, Rollout, Stopped};
use std::cell::RefCell;
use std::time::Duration;
use steps::Steps;

/// How many seconds an engine that does not answer is waited for, time after time, to restore what ran.
const RESTARTS: [u64; 8] = [1, 2, 4, 8, 15, 30, 30, 30];

/// A deployment that is asked for.
pub struct Request<'a> {
    /// Where to.
    pub environment: &'a Environment,
    /// What.
    pub image: Pinned,
    /// Why.
    pub mode: DeploymentMode,
    /// What a refusal by lack of evidence is overridden for.
    pub break_glass: Option<String>,
    /// Deploy also what runs already.
    pub force: bool,
    /// Leave what runs already without a look at it.
    pub skip_if_running: bool,
    /// Why one goes back.
    pub reason: Option<String>,
    /// Ask everything, and change nothing.
    pub dry_run: bool,
    /// The repository's client, for evidence that is attached to the image.
    pub repository: &'a crate::registry::Repository,
}

/// The target, and the same for what must be done though the user wishes to stop.
struct Targets {
    target: Box<dyn Target>,
    calm: Box<dyn Target>,
    renewing: Box<dyn Target>,
}

impl Targets {
    fn open(ctx: &Context, pipeline: &Pipeline, environment: &Environment) -> Result<Self> {
        let calm = Context { stop: Stop::default(), ..ctx.clone() };
        let open = |ctx: &Context| target::open(ctx, pipeline, environment);
        Ok(Self { target: open(ctx)?, calm: open(&calm)?, renewing: open(&calm)? })
    }
}

/// Brings the image to the environment.
///
/// # Errors
/// Exit 3 when somebody else has the lock, exit 4 when the target cannot be reached. A version that failed is a report, and
/// so is what a gate refused.
pub fn deploy(ctx: &Context, pipeline: &Pipeline, request: Request<'_>) -> Result<Report> {
    let Request { environment, image, .. } = &request;
    let name = &environment.name;
    let steps = Steps::new(ctx.out);
    let Targets { target, calm, renewing } = Targets::open(ctx, pipeline, environment)?;
    eprintln!(
        "{}\n  {}\n  {}",
        doing(request.mode, name, &image.version),
        image.by_digest(),
        target.describe()
    );
    let reading = target.read()?;
    if runs_already(&request, &*target, &reading)? {
        eprintln!("  {} runs {} already; --force-redeploy deploys it again", name, image.version);
        return Ok(Report::of(&request, &reading.document, &steps, Ended::RunningAlready));
    }
    if let Some(refusal) = gates::held(&request, &reading.document) {
        return Ok(Report::of(&request, &reading.document, &steps, Ended::Refused(refusal)));
    }
    let admitted = gates(ctx, pipeline, &request, &reading.document)?;
    admitted.say(ctx.out);
    if let Some(refusal) = admitted.refusal(name) {
        let report = Report::of(&request, &reading.document, &steps, Ended::Refused(refusal));
        return Ok(report.with_reasons(admitted.reasons));
    }
    if request.dry_run {
        return Ok(Report::of(&request, &reading.document, &steps, Ended::WouldDeploy)
            .with_reasons(admitted.reasons));
    }
    target.prepare()?;
    let (held, document) = lock::acquire(ctx, name, environment.lock_time(), &*calm, renewing)?;
    let health = Duration::from_secs(environment.settings.health_seconds.into());
    target.under(held.fence());
    calm.under(held.fence());
    let left = recover(&*calm, &held, &steps, &document, health);
    let document = match left {
        Ok(left) => {
            if let Some(left) = left {
                record_left(ctx, pipeline, &request, left);
            }
            target.read()?.document
        }
        Err(error) => {
            held.update(&*calm, |document, _| document.released())?;
            return Err(error);
        }
    };
    // While this one waited or asked, another may have come and gone.
    let again = Reading { document: document.clone(), ..target.read()? };
    if runs_already(&request, &*target, &again)? {
        held.update(&*calm, |document, _| document.released())?;
        return Ok(Report::of(&request, &document, &steps, Ended::RunningAlready));
    }
    if let Some(refusal) = gates::held(&request, &document) {
        held.update(&*calm, |document, _| document.released())?;
        return Ok(Report::of(&request, &document, &steps, Ended::Refused(refusal)));
    }
    let document = adopt(&*calm, &held, &document)?;
    let run = Run {
        ctx,
        pipeline,
        request: &request,
        target: &*target,
        calm: &*calm,
        held: &held,
        steps: &steps,
        health,
    };
    Ok(run.go(&document)?.with_reasons(admitted.reasons))
}

fn doing(mode: DeploymentMode, environment: &Name, version: &str) -> String {
    match mode {
        DeploymentMode::Deploy => format!("deploying {version} to {environment}"),
        DeploymentMode::Promote => format!("promoting {version} to {environment}"),
        DeploymentMode::Rollback => format!("rolling {environment} back to {version}"),
        DeploymentMode::Hotfix => format!("deploying the hotfix {version} to {environment}"),
    }
}

/// Whether the digest runs there, as it was recorded and as it is.
fn runs_already(request: &Request<'_>, target: &dyn Target, reading: &Reading) -> Result<bool> {
    let digest = &request.image.digest;
    let recorded = reading.document.running.as_ref().is_some_and(|ran| ran.digest == *digest);
    if request.force || !recorded || reading.document.deploying.is_some() || reading.active == Slot::Next {
        return Ok(false);
    }
    if request.skip_if_running {
        return Ok(true);
    }
    let present = target.present(Slot::Web)?;
    Ok(present.is_some_and(|it| it.healthy && it.digest.as_ref() == Some(digest)))
}

/// The document with what serves, where somebody started it by other means: it is what a failure has to leave, and what one
/// can go back to.
fn adopt(target: &dyn Target, held: &Held, document: &Document) -> Result<Document> {
    let Some(image) = target.found(Slot::Web)? else { return Ok(document.clone()) };
    if document.running.as_ref().is_some_and(|ran| ran.digest == image.digest) {
        return Ok(document.clone());
    }
    eprintln!(
        "    {} runs, which no deployment of this program brought: it is what one goes back to",
        image.version
    );
    let id = announce::fresh_id();
    held.update(target, |document, now| document.ran(Ran::of(&image, &id, now), false))
}

/// A deployment under its lock.
struct Run<'a> {
    ctx: &'a Context,
    pipeline: &'a Pipeline,
    request: &'a Request<'a>,
    target: &'a dyn Target,
    calm: &'a dyn Target,
    held: &'a Held,
    steps: &'a Steps,
    health: Duration,
}

impl Run<'_> {
    fn go(&self, before: &Document) -> Result<Report> {
        let Request { environment, image, mode, .. } = self.request;
        let id = announce::fresh_id();
        let mut announcer = Announcer::open(self.ctx, self.pipeline);
        let announced = announcer.as_mut().is_some_and(|it| it.started(&self.started(&id, before)));
        let deploying = |now: i64| Deploying {
            fence: self.held.fence(),
            to: Ran::of(image, &id, now),
            mode: *mode,
            phase: DeploymentPhase::Pending,
        };
        self.held.update(self.calm, |document, now| Document {
            deploying: Some(deploying(now)),
            ..document.clone()
        })?;
        let told = RefCell::new((announcer, 0));
        let tell = |state: DeploymentPhase, failure: Option<FailureClass>, detail: Option<String>| {
            let (announcer, sequence) = &mut *told.borrow_mut();
            *sequence += 1;
            if let Some(announcer) = announcer.as_mut().filter(|_| announced) {
                let sequence = *sequence;
                announcer.state(&DeploymentState { id: id.clone(), sequence, state, failure, detail });
            }
        };
        tell(
            DeploymentPhase::Pending,
            None,
            self.request.break_glass.as_ref().map(|why| format!("break glass: {why}")),
        );
        let outside = environment.settings.url.as_ref().map(|url| {
            let expected = image.clone();
            move || looks::outside(self.ctx, url, &expected)
        });
        let outside = outside.as_ref().map(|look| look as &dyn Fn() -> Result<(), String>);
        let settings = &environment.settings;
        let rollout = Rollout {
            target: self.target,
            held: self.held,
            stop: &self.ctx.stop,
            steps: self.steps,
            image,
            mode: *mode,
            health: self.health,
            migrate: Duration::from_secs(settings.migrate_seconds.into()),
            soak: Duration::from_secs(settings.soak_seconds.into()),
            outside,
            phase: &|phase| tell(phase, None, None),
        };
        let mut reached = Reached::default();
        let ended = match rollout.run(&mut reached) {
            Ok(()) => {
                self.record_success(&id)?;
                tell(DeploymentPhase::Succeeded, None, None);
                Ended::Deployed { to_observed: reached.observed }
            }
            Err(Stopped::Lost(error)) => return Err(error),
            Err(Stopped::Failed(step, failure)) => {
                self.undo(before, reached)?;
                let interrupted = self.ctx.stop.requested();
                let phase = if interrupted { DeploymentPhase::Cancelled } else { DeploymentPhase::Failed };
                let class = (!interrupted).then_some(failure.class);
                tell(phase, class, Some(failure.message.chars().take(2000).collect()));
                Ended::Failed { step, failure, interrupted, to_observed: reached.observed }
            }
        };
        let report = Report::of(self.request, before, self.steps, ended);
        self.record_end(&id, announced, &report);
        Ok(report)
    }

    fn started(&self, id: &DeploymentId, before: &Document) -> DeploymentStarted {
        let Request { environment, image, mode, .. } = self.request;
        let undone = before.running.as_ref().filter(|_| *mode == DeploymentMode::Rollback);
        DeploymentStarted {
            id: id.clone(),
            service: target::compose::service(),
            environment: environment.name.clone(),
            commit: image.commit.clone(),
            digest: Some(image.digest.clone()),
            reference: Some(asked(image)),
            mode: *mode,
            rollback_of: undone.map(|ran| ran.deployment.clone()),
            version: image.version.clone(),
            actor: lock::actor(self.ctx),
        }
    }

    /// What runs now, the hold that a rollback brings, and the lock's end, in one go.
    fn record_success(&self, id: &DeploymentId) -> Result<()> {
        let Request { image, mode, reason, .. } = self.request;
        let back = *mode == DeploymentMode::Rollback;
        self.held.update(self.calm, |document, now| {
            let left = document.running.as_ref().filter(|ran| back && ran.digest != image.digest);
            let hold = left.map(|ran| Hold {
                digest: ran.digest.clone(),
                version: ran.version.clone(),
                by: lock::actor(self.ctx),
                reason: reason.clone(),
                since: now,
            });
            let next = document.ran(Ran::of(image, id, now), back);
            Document { hold: hold.or(next.hold.clone()), deploying: None, ..next }.released()
        })?;
        Ok(())
    }

    fn undo(&self, before: &Document, reached: Reached) -> Result<()> {
        let step = self.steps.begin("restore", "what ran before");
        let old = before.running.as_ref();
        match self.restore_patiently(old, reached) {
            Ok(()) => {
                step.done(
                    &old.map_or("nothing ran before".to_owned(), |old| format!("{} serves", old.version)),
                );
                self.held.update(self.calm, |document, _| {
                    Document { deploying: None, ..document.clone() }.released()
                })?;
                Ok(())
            }
            Err(error) if exit_code(&error) == Exit::Refused as u8 => {
                step.failed(&format!("{error:#}"));
                Err(error)
            }
            Err(error) => {
                step.failed(&format!("{error:#}"));
                // What was going on stays on record, so that the next call takes it up. Where the lock cannot be given back
                // either, it is that of a dead process in a moment, which the next call sees.
                let _ = self.held.update(self.calm, |document, _| document.released());
                let name = &self.request.environment.name;
                Err(anyhow!(
                    Problem::new(Exit::Failed, format!("{name} is not as it was: {error:#}"))
                        .next(format!("cargo xtask status --env {name}, then deploy or roll back again: it begins by mending"))
                ))
            }
        }
    }

    /// Brings back what ran. An engine that is being started again is there in a moment, and with it everything that ran.
    fn restore_patiently(&self, old: Option<&Ran>, reached: Reached) -> Result<()> {
        let touched = Touched { web: reached.settling, workers: reached.workers };
        let attempt = || {
            // What failed may be the doing of who has the lock by now.
            self.held.update(self.calm, |document, _| document.clone())?;
            self.calm.sweep()?;
            restore(self.calm, self.held, old, touched, self.health)
        };
        let mut restored = attempt();
        for (round, pause) in RESTARTS.into_iter().enumerate() {
            let Err(error) = &restored else { break };
            let away = exit_code(error) == Exit::Missing as u8;
            // What an engine says that is about to end can be anything, so anything is tried twice.
            if exit_code(error) == Exit::Refused as u8 || (!away && round > 0) {
                break;
            }
            eprintln!("    {error:#}; once more in {pause} s");
            rest(&Stop::default(), Duration::from_secs(pause));
            restored = attempt();
        }
        restored
    }

    fn record_end(&self, id: &DeploymentId, announced: bool, report: &Report) {
        let Request { environment, image, mode, .. } = self.request;
        let (service, actor) = (target::compose::service(), lock::actor(self.ctx));
        let (commit, digest) = (image.commit.clone(), Some(image.digest.clone()));
        let (version, deployment) = (image.version.clone(), announced.then(|| id.clone()));
        let environment: Name = environment.name.clone();
        let went_back = *mode == DeploymentMode::Rollback && report.outcome() == Outcome::Success;
        let claim = if went_back {
            Claim::RolledBack { service, environment, commit, digest, version, actor, deployment }
        } else {
            Claim::Deployed {
                service,
                environment,
                commit,
                digest,
                version,
                outcome: report.outcome(),
                actor,
                deployment,
                reference: Some(asked(image)),
                failure: report.failure().map(|(_, failure)| failure.class),
                milliseconds: report
                    .to_observed()
                    .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
                break_glass: self.request.break_glass.clone(),
            }
        };
        say_where_not_recorded(ledger::record(self.ctx, self.pipeline, claim));
    }
}

/// The reference that a deployment is by: pinned, whatever was asked for.
fn asked(image: &Pinned) -> String {
    let reference = image.reference.as_ref().unwrap_or(&image.repository);
    format!("{reference}@{}", image.digest)
}

/// What became of a deployment whose own program died.
fn record_left(ctx: &Context, pipeline: &Pipeline, request: &Request<'_>, left: Left) {
    let (left, outcome) = match left {
        Left::Finished(left) => (left, Outcome::Success),
        Left::Undone(left) => (left, Outcome::Failure),
    };
    let claim = Claim::Deployed {
        service: target::compose::service(),
        environment: request.environment.name.clone(),
        commit: left.to.commit.clone(),
        digest: Some(left.to.digest.clone()),
        version: left.to.version.clone(),
        outcome,
        actor: lock::actor(ctx),
        deployment: None,
        reference: Some(asked(&left.to.image())),
        failure: (outcome == Outcome::Failure).then_some(FailureClass::Other),
        milliseconds: None,
        break_glass: None,
    };
    say_where_not_recorded(ledger::record(ctx, pipeline, claim));
}

/// What was done is done, whether or not it can be written down here.
fn say_where_not_recorded(written: Result<()>) {
    if let Err(error) = written {
        eprintln!("warning: the evidence of it is not in the spool: {error:#}");
    }
}

/// The digest that can be gone back to: what was observed healthy last before what runs, and is not on hold.
///
/// # Errors
/// Exit 1 when there is none.
pub fn last_healthy<'a>(environment: &Name, document: &'a Document) -> Result<&'a Ran> {
    let held = |ran: &&Ran| document.held_back(&ran.digest).is_none();
    let running: Option<&Digest> = document.running.as_ref().map(|ran| &ran.digest);
    document.previous.iter().filter(held).find(|ran| Some(&ran.digest) != running).ok_or_else(|| {
        Problem::new(Exit::Failed, format!("nothing was observed healthy in {environment} before what runs"))
            .next(format!("cargo xtask status --env {environment}"))
            .into()
    })
}
