//! `fuzz`: inputs that nobody thought of, for what reads other people's text.

use super::{conclude, run_plan};
use crate::context::Context;
use crate::error::{Problem, nearest};
use crate::plan::{self, Need, Plan, RunOptions, Step};
use anyhow::{Context as _, Result};
use serde_json::json;

/// Where the targets are.
const TARGETS: &str = "fuzz/fuzz_targets";

/// Arguments of `fuzz`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask fuzz                          every target for a minute
  cargo xtask fuzz webhook --seconds 600    one of them, longer
  cargo xtask fuzz --list

What was found lies in fuzz/artifacts/TARGET; `cd fuzz && cargo fuzz run --sanitizer none TARGET FILE` shows it again.")]
pub struct Args {
    /// What to feed; every target without it
    targets: Vec<String>,
    /// How long each is fed
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Print the targets' names
    #[arg(long)]
    list: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Feeds the targets.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let all = targets(ctx)?;
    if args.list {
        all.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    for name in &args.targets {
        if !all.contains(name) {
            let meant = nearest(name, all.iter().map(String::as_str));
            let meant = meant.map(|target| format!("; did you mean {target}?")).unwrap_or_default();
            let problem = format!("there is no target {name:?}{meant}");
            return Err(Problem::usage(problem).next("cargo xtask fuzz --list").into());
        }
    }
    let chosen: Vec<_> =
        all.into_iter().filter(|name| args.targets.is_empty() || args.targets.contains(name)).collect();
    let plan = plan(&chosen, args.seconds);
    if args.dry_run {
        print!("{}", plan.script());
        return Ok(());
    }
    for name in &chosen {
        let corpus = ctx.root.join("fuzz/corpus").join(name);
        std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    }
    let report = run_plan(ctx, "fuzz", &plan, RunOptions { keep_going: true, fresh: true })?;
    eprint!("\n{}", plan::summary::text(&report, ctx.out));
    let executed: Vec<_> = chosen.iter().map(|name| (name, executions(ctx, name))).collect();
    if args.json {
        let targets: Vec<_> = executed
            .iter()
            .map(|(name, count)| json!({ "target": name, "executions": count, "seconds": args.seconds }))
            .collect();
        println!("{:#}", json!({ "targets": targets, "report": plan::json::value(&report) }));
    } else {
        for (name, count) in executed {
            let count =
                count.map_or_else(|| "not run to its end".to_owned(), |count| format!("{count} inputs"));
            println!("{name:<12} {count}");
        }
    }
    conclude(&report)
}

fn targets(ctx: &Context) -> Result<Vec<String>> {
    let folder = ctx.root.join(TARGETS);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all of them once, then feeds one after the other. No sanitizer: nothing here is `unsafe`, and without one the
/// toolchain of this repository does.
fn plan(targets: &[String], seconds: u32) -> Plan {
    let cargo_fuzz = |id: String, words: &[&str]| {
        Step::new(id, &["cargo", "fuzz"])
            .args(words.iter().copied())
            .dir("fuzz")
            .lane("cargo")
            .requires(Need::CargoFuzz)
    };
    let build = cargo_fuzz("fuzz/build".to_owned(), &["build", "--sanitizer", "none"]);
    let mut steps = vec![build.hint("cargo xtask fuzz --verbose shows the compiler's words")];
    for name in targets {
        let step = cargo_fuzz(format!("fuzz/{name}"), &["run", "--sanitizer", "none", name])
            .args([format!("corpus/{name}"), format!("seeds/{name}"), "--".to_owned()])
            .args([format!("-max_total_time={seconds}")])
            .args(["-print_final_stats=1", "-timeout=10", "-max_len=16384"])
            .after("fuzz/build")
            .hint("the input lies in fuzz/artifacts; the last lines say how to feed it again");
        steps.push(step);
    }
    Plan::of("fuzz", steps)
}

/// How many inputs a target was fed, as its log says at the end.
fn executions(ctx: &Context, target: &str) -> Option<u64> {
    let log = ctx.root.join(format!("target/xtask/logs/fuzz/fuzz.{target}.log"));
    let text = std::fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}
