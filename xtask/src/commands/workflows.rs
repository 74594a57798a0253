//! `workflows`: whether GitHub's workflows are as they must be, and what starts what.

use super::findings::{known_files, report};
use crate::cli::Cli;
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::inputs;
use crate::policy::Pipeline;
use crate::policy::workflows::{Files, World, check, matrix};
use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use std::path::Path;

/// Arguments of `workflows`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask workflows check             every finding with its file, its line and how to mend it
  cargo xtask workflows matrix            what starts what, as markdown
  cargo xtask workflows matrix --write    the same into docs/triggers.md")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Judge workflows, their actions, and the images that they and compose files name
    #[command(after_help = "Examples:
  cargo xtask workflows check
  cargo xtask workflows check --json")]
    Check {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what starts what
    #[command(after_help = "Examples:
  cargo xtask workflows matrix
  cargo xtask workflows matrix --check
  cargo xtask workflows matrix --write")]
    Matrix {
        /// Fail where docs/triggers.md differs from what it would be
        #[arg(long, conflicts_with_all = ["write", "json"])]
        check: bool,
        /// Write docs/triggers.md
        #[arg(long, conflicts_with = "json")]
        write: bool,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Where the matrix is kept.
const TRIGGERS: &str = "docs/triggers.md";

/// Judges the workflows, or prints what starts what.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    match args.what {
        What::Check { json } => judge(ctx, json),
        What::Matrix { check, write, json } => {
            let pipeline = Pipeline::read(&ctx.root)?;
            let files = read_files(ctx)?;
            let matrix = matrix(&files.workflows, &pipeline.jobs()?, tag_rules(&ctx.root)?)
                .map_err(|finding| Problem::usage(finding.to_string()))?;
            if json {
                println!("{:#}", serde_json::to_value(&matrix)?);
                return Ok(());
            }
            let text = matrix.markdown();
            if check || write {
                return ensure_contents(ctx, &text, check);
            }
            print!("{text}");
            Ok(())
        }
    }
}

fn judge(ctx: &Context, json: bool) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let jobs: Vec<String> = pipeline.jobs()?.into_iter().map(|(name, _)| name).collect();
    let files = read_files(ctx)?;
    let world = World { jobs: &jobs, registry: &pipeline.image.registry, fault: &fault_of_call };
    let findings = check(&files, &world);
    let judged = files.workflows.len() + files.actions.len() + files.compose.len();
    report(ctx, &findings, &format!("{judged} files"), json, Exit::Failed)
}

/// What is wrong with the arguments of a call, in clap's words; none when it is a call that can be made.
fn fault_of_call(words: &[&str]) -> Option<String> {
    let call = [&["cargo xtask"], words].concat();
    let error = Cli::command().try_get_matches_from(call).err()?;
    // What such a command is not given here, its variables give it.
    let by_variables = matches!(words, [name] if inputs::COMMANDS.contains(name));
    let answers = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        ErrorKind::MissingRequiredArgument => by_variables,
        _ => false,
    };
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    (!answers).then(|| format!("`cargo xtask {}`: {first}", words.join(" ")))
}

fn read_files(ctx: &Context) -> Result<Files> {
    let read = |patterns: &[&str]| known_files(ctx, patterns);
    let workflows = read(&[":(glob).github/workflows/*.yml", ":(glob).github/workflows/*.yaml"])?;
    if workflows.is_empty() {
        return Err(Problem::usage("there are no workflows: expected .github/workflows/*.yml").into());
    }
    Ok(Files {
        workflows,
        actions: read(&[":(glob).github/actions/*/action.yml", ":(glob).github/actions/*/action.yaml"])?,
        compose: read(&[":(glob)**/*compose*.yml", ":(glob)**/*compose*.yaml"])?,
    })
}

/// The rules under `tags:` in pipeline.yml, as they are written: a list, or a block of lines.
fn tag_rules(root: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(root.join("pipeline.yml"))?;
    let yaml: serde_yaml::Value = serde_yaml::from_str(&text)?;
    let lines: Vec<&str> = match &yaml["tags"] {
        serde_yaml::Value::String(block) => block.lines().collect(),
        serde_yaml::Value::Sequence(items) => items.iter().filter_map(serde_yaml::Value::as_str).collect(),
        _ => Vec::new(),
    };
    let rules = lines.into_iter().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(rules.map(str::to_owned).collect())
}

/// Writes the matrix, or fails where the file is not what it would be.
fn ensure_contents(ctx: &Context, text: &str, check: bool) -> Result<()> {
    let path = ctx.root.join(TRIGGERS);
    if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
        eprintln!("{TRIGGERS} is up to date");
        return Ok(());
    }
    if check {
        return Err(Problem::new(
            Exit::Failed,
            format!("{TRIGGERS} is not what the workflows and pipeline.yml say"),
        )
        .next("cargo xtask workflows matrix --write, and commit the result")
        .into());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, text).with_context(|| format!("cannot write {TRIGGERS}"))?;
    eprintln!("wrote {TRIGGERS}");
    Ok(())
}
