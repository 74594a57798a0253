//! Smoke: boots one production build and judges it, check by check.

mod checks;
mod container;
mod recorder;
mod seed;

use crate::engine::{Engine, Role};
use crate::http::Client;
use anyhow::{Context as _, Result};
use evidence::{CommitSha, Digest};
pub use recorder::Recorder;
use std::path::PathBuf;
use std::time::Duration;
use xtask::commands::smoke::BrowserPaths;
use xtask::context::Context;
use xtask::plan::StepReport;
use xtask::policy::Pipeline;

/// What a run is told.
pub struct Settings {
    /// The commit that the build must say it is of.
    pub commit: CommitSha,
    /// The image's digest, where the caller knows it: an engine with the older image store does not.
    pub digest: Option<Digest>,
    /// Leave it running at the end, seeded with this repository's own history.
    pub keep: bool,
    /// Run the browser's checks too; the folder for what they leave behind.
    pub e2e: Option<(BrowserPaths, PathBuf)>,
}

/// What is judged.
pub struct Subject {
    /// The commit that it was built from.
    pub commit: CommitSha,
    /// The image's digest, where it is an image.
    pub digest: Option<Digest>,
}

/// What a run came to.
pub struct Outcome {
    /// A line per check.
    pub checks: Vec<StepReport>,
    /// The digest of the image that was judged, when it was one.
    pub digest: Option<Digest>,
    /// Where it answers, when it was left running.
    pub url: Option<String>,
}

/// What a part gets to drain and end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);
/// The lines of each part's log that follow a failure.
const LOG_LINES: usize = 30;

/// Boots the build and runs every check. A failed check is a result and not an error.
///
/// # Errors
/// When the user stopped it, or what runs the build does not answer.
pub fn run(
    ctx: &Context,
    pipeline: &Pipeline,
    engine: &mut dyn Engine,
    settings: &Settings,
) -> Result<Outcome> {
    let mut recorder = Recorder::new(ctx);
    let told = || engine.container().and_then(|container| container::digest(container).ok().flatten());
    let digest = settings.digest.clone().or_else(told);
    let subject = Subject { commit: settings.commit.clone(), digest };
    let booted = boot_and_check(ctx, pipeline, engine, settings, &subject, &mut recorder);
    // An error of the engine itself is a failed check too, unless the user asked to stop.
    let url = match booted {
        Ok(url) => url,
        Err(error) if ctx.stop.requested() => return Err(error),
        Err(error) => {
            recorder.fail("boot", &error);
            None
        }
    };
    if recorder.failed() {
        for role in [Role::Server, Role::Worker] {
            let log = engine.logs(role, LOG_LINES);
            if !log.trim().is_empty() {
                eprintln!("\nthe {}'s last lines:\n{log}", role.name());
            }
        }
    }
    Ok(Outcome { checks: recorder.into_checks(), digest: subject.digest, url })
}

/// The checks in order. Returns early, with what was recorded, where nothing further can pass.
fn boot_and_check(
    ctx: &Context,
    pipeline: &Pipeline,
    engine: &mut dyn Engine,
    settings: &Settings,
    subject: &Subject,
    recorder: &mut Recorder,
) -> Result<Option<String>> {
    let migrated = recorder.check("migrate an empty database", || checks::migrate(engine, false))?;
    if !migrated || !recorder.check("migrate again: nothing to do", || checks::migrate(engine, true))? {
        return Ok(None);
    }
    engine.start(Role::Server)?;
    engine.start(Role::Worker)?;
    let client = Client::new(&engine.base_url()?)?;
    if !recorder.check("ready within 30 s", || checks::ready(ctx, engine, &client))? {
        return Ok(None);
    }
    let tokens = checks::Tokens::create(engine, pipeline)?;
    recorder.check("version is the commit", || checks::version(&client, &settings.commit))?;
    recorder.check("index page", || checks::index(&client))?;
    recorder.check("hashed asset, precompressed", || checks::asset(&client))?;
    recorder.check("missing asset is 404", || checks::missing_asset(&client))?;
    recorder.check("no token is refused", || checks::no_token(&client, pipeline))?;
    recorder.check("wrong scope is refused", || checks::wrong_scope(&client, pipeline, &tokens))?;
    recorder.check("evidence is recorded once", || checks::evidence(&client, pipeline, &tokens, subject))?;
    recorder.check("evidence is seen on the board", || checks::board(ctx, &client))?;
    recorder.check("unchanged board is 304", || checks::not_modified(&client))?;
    recorder.check("worker is alive", || checks::worker(ctx, engine))?;
    recorder.check("health check passes", || checks::healthcheck(ctx, engine))?;
    if let Some(container) = engine.container() {
        recorder.check("container is not root", || container::not_root(container))?;
        recorder.check("root file system is read-only", || container::read_only(container))?;
        recorder.check("labels", || container::labels(container, &client, &settings.commit))?;
    }
    if let Some((paths, output)) = &settings.e2e {
        recorder.check("browser", || checks::browser(ctx, &client, &tokens, *paths, output))?;
    }
    if settings.keep {
        if recorder.failed() {
            recorder.skip("SIGTERM drains and exits 0", "--keep");
            return Ok(None);
        }
        recorder.check("seed with this repository's history", || {
            seed::seed(ctx, pipeline, &client, &tokens, subject)
        })?;
        recorder.skip("SIGTERM drains and exits 0", "--keep leaves it running");
        let url = engine.base_url()?;
        return Ok(Some(url));
    }
    for role in [Role::Server, Role::Worker] {
        let name = format!("SIGTERM: {} drains and exits 0", role.name());
        recorder.check(&name, || {
            let code = engine.stop(role, DRAIN)?.context("it did not end by itself and was killed")?;
            anyhow::ensure!(code == 0, "exit code {code}, expected 0");
            Ok(String::new())
        })?;
    }
    Ok(None)
}
