//! `lock`: who deploys at present.

use crate::context::Context;
use crate::deploy::lock::alive;
use crate::policy::Pipeline;
use crate::target;
use crate::target::state::{Document, Lock};
use anyhow::{Result, bail};
use evidence::Name;
use serde_json::json;

/// How often a change is tried that others are faster with.
const TRIES: usize = 20;

/// Arguments of `lock`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask lock show --env prod        who deploys there, and since when
  cargo xtask lock release --env prod     the holder hangs: it can change nothing any more")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say who holds the lock of an environment
    #[command(after_help = "Examples:
  cargo xtask lock show --env prod")]
    Show {
        /// The environment
        #[arg(long, value_name = "ENV")]
        env: Name,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the lock from whoever holds it; it can change nothing any more
    #[command(after_help = "Examples:
  cargo xtask lock release --env prod")]
    Release {
        /// The environment
        #[arg(long, value_name = "ENV")]
        env: Name,
    },
}

/// Shows or releases a lock.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    match &args.command {
        Command::Show { env, json } => {
            let environments = pipeline.environments()?;
            let reading = target::open(ctx, &pipeline, environments.named(env)?)?.read()?;
            let lock = reading.document.lock.as_ref();
            if *json {
                let stands = lock.map(|lock| lock.stands(reading.now, alive));
                println!("{:#}", json!({ "environment": env, "lock": lock, "stands": stands }));
            } else {
                println!("{env}: {}", shown(lock, reading.now));
            }
        }
        Command::Release { env } => {
            let before = changed(ctx, &pipeline, env, Document::released)?;
            match before.lock {
                Some(lock) => println!("{env}: the lock {} of {} is released", lock.fence, lock.holder),
                None => eprintln!("{env}: nobody held the lock"),
            }
        }
    }
    Ok(())
}

/// A lock in a line.
pub fn shown(lock: Option<&Lock>, now: i64) -> String {
    let Some(lock) = lock else { return "free".to_owned() };
    let run = lock.run.as_ref().map(|run| format!(", {run}")).unwrap_or_default();
    let since = (now - lock.since) / 1000;
    let stands = if lock.stands(now, alive) {
        format!("lasts {} s more unless it is renewed", (lock.expires - now) / 1000)
    } else {
        "its holder is gone; the next deployment takes it".to_owned()
    };
    format!("held by {}{run}, number {}, since {since} s; {stands}", lock.holder, lock.fence)
}

/// Changes what an environment remembers, whoever holds its lock; what it remembered before.
pub fn changed(
    ctx: &Context,
    pipeline: &Pipeline,
    environment: &Name,
    change: impl Fn(&Document) -> Document,
) -> Result<Document> {
    let environments = pipeline.environments()?;
    let target = target::open(ctx, pipeline, environments.named(environment)?)?;
    for _ in 0..TRIES {
        let reading = target.read()?;
        let next = change(&reading.document);
        if next == reading.document || target.write(&reading.mark, &next)?.is_some() {
            return Ok(reading.document);
        }
    }
    bail!("what {environment} remembers is changed by others all the time")
}
