//! `status`: what runs where.

use super::lock;
use crate::context::Context;
use crate::error::{Exit, Reported};
use crate::policy::{Environment, Pipeline};
use crate::target::state::{Document, Ran};
use crate::target::{self, Present, Reading, Slot};
use anyhow::Result;
use evidence::Name;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask status
  cargo xtask status --env prod --json")]
pub struct Args {
    /// One environment; without it all of them
    #[arg(long, value_name = "ENV")]
    env: Option<Name>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// An environment as it is.
struct Found {
    reading: Reading,
    present: Option<Present>,
}

/// Says what runs where.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let environments = pipeline.environments()?;
    let one = args.env.as_ref().map(|name| environments.named(name)).transpose()?;
    let wanted: Vec<&Environment> = one.map_or_else(|| environments.iter().collect(), |one| vec![one]);
    let (mut all, mut unasked) = (Vec::new(), None);
    for environment in wanted {
        let found = look(ctx, &pipeline, environment);
        // Asked for one, what cannot be asked is an error; among several it is a line.
        let found = match found {
            Err(error) if one.is_some() => return Err(error),
            other => other,
        };
        unasked = unasked.or(found.is_err().then_some(Exit::Missing));
        if args.json {
            all.push(as_json(environment, &found));
        } else {
            print!("{}", text(environment, &found, one.is_some()));
        }
    }
    if args.json {
        println!("{:#}", json!({ "environments": all }));
    }
    unasked.map_or(Ok(()), |exit| Err(Reported(exit).into()))
}

fn look(ctx: &Context, pipeline: &Pipeline, environment: &Environment) -> Result<Found> {
    let target = target::open(ctx, pipeline, environment)?;
    let reading = target.read()?;
    let present = target.present(reading.active)?;
    Ok(Found { reading, present })
}

/// What is wrong between what was recorded and what is; nothing where they agree.
fn trouble(document: &Document, active: Slot, present: Option<&Present>) -> Vec<String> {
    let mut wrong = Vec::new();
    match (&document.running, present) {
        (Some(ran), Some(present))
            if present.digest.as_ref() != Some(&ran.digest) && document.deploying.is_none() =>
        {
            let found =
                present.digest.as_ref().map_or("something that no deployment started", |it| it.as_str());
            wrong.push(format!("{found} runs, and {} was deployed", ran.digest));
        }
        (Some(_), None) => wrong.push("nothing runs".to_owned()),
        _ => {}
    }
    if let Some(present) = present.filter(|present| !present.healthy) {
        wrong.push(format!("{} is {}", active.name(), present.state));
    }
    if document.deploying.is_some() && document.lock.is_none() {
        wrong.push("a deployment was interrupted; the next one mends that".to_owned());
    }
    wrong
}

fn as_json(environment: &Environment, found: &Result<Found>) -> Value {
    let name = &environment.name;
    match found {
        Err(error) => json!({ "environment": name, "error": format!("{error:#}") }),
        Ok(Found { reading: Reading { document, active, .. }, present }) => json!({
            "environment": name,
            "running": document.running,
            "active": active.name(),
            "observed": present.as_ref().map(|it| json!({ "digest": it.digest, "state": it.state, "healthy": it.healthy })),
            "trouble": trouble(document, *active, present.as_ref()),
            "previous": document.previous,
            "hold": document.hold,
            "lock": document.lock,
            "deploying": document.deploying,
            "database": document.database,
        }),
    }
}

fn text(environment: &Environment, found: &Result<Found>, whole: bool) -> String {
    let name = &environment.name;
    let Found { reading: Reading { document, now, active, .. }, present } = match found {
        Ok(found) => found,
        Err(error) => return format!("{:<10} cannot be asked: {error:#}\n", name.as_str()),
    };
    let mut text = match &document.running {
        Some(ran) => format!("{:<10} {}\n", name.as_str(), ran_line(ran, *now)),
        None => format!("{:<10} nothing was deployed yet\n", name.as_str()),
    };
    let mut line = |label: &str, what: &str| {
        let _ = writeln!(text, "  {label:<10} {what}");
    };
    for wrong in trouble(document, *active, present.as_ref()) {
        line("TROUBLE", &wrong);
    }
    if let Some(deploying) = &document.deploying {
        line("deploying", &format!("{} ({:?})", deploying.to.version, deploying.phase).to_lowercase());
    }
    if document.lock.is_some() {
        line("lock", &lock::shown(document.lock.as_ref(), *now));
    }
    if let Some(hold) = &document.hold {
        let why = hold.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        line("on hold", &format!("{}, taken back by {}{why}", hold.version, hold.by));
    }
    if whole {
        if let Some(database) = document.database {
            line("schema", &format!("{}, contract steps up to {}", database.schema, database.floor));
        }
        for ran in &document.previous {
            line(
                "before",
                &format!("{}  cargo xtask rollback --env {name} --to {}", ran_line(ran, *now), ran.digest),
            );
        }
    }
    text
}

fn ran_line(ran: &Ran, now: i64) -> String {
    format!(
        "{} {} {}, healthy {} ago",
        ran.version,
        ran.commit.short(),
        ran.digest.short(),
        age(now - ran.at)
    )
}

/// A span for people: `40 s`, `12 min`, `5 h`, `3 d`.
fn age(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        assert_eq!(
            [0, 119_000, 120_000, 7_200_000, 172_800_000].map(age),
            ["0 s", "119 s", "2 min", "2 h", "2 d"]
        );
    }
}
