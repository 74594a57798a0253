//! GitHub's job summary page: the same table as on the terminal, as markdown.

use super::RunReport;
use super::summary::duration;
use crate::context::Context;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::io::Write as _;

/// Appends the table of a run to the job's summary page.
pub fn append_table(ctx: &Context, name: &str, report: &RunReport) -> Result<()> {
    append_summary(ctx, &markdown(name, report))
}

/// Appends markdown to the file that `GITHUB_STEP_SUMMARY` names, if it names one.
pub fn append_summary(ctx: &Context, markdown: &str) -> Result<()> {
    let Some(path) = ctx.env.get("GITHUB_STEP_SUMMARY") else {
        return Ok(());
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open GITHUB_STEP_SUMMARY, {path}"))?;
    file.write_all(markdown.as_bytes())?;
    Ok(())
}

/// Says an output of the workflow's step, and whether there is a step: `GITHUB_OUTPUT` names the file.
pub fn append_output(ctx: &Context, name: &str, value: &str) -> Result<bool> {
    let Some(path) = ctx.env.get("GITHUB_OUTPUT") else {
        return Ok(false);
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open GITHUB_OUTPUT, {path}"))?;
    writeln!(file, "{name}={value}").with_context(|| format!("cannot write GITHUB_OUTPUT, {path}"))?;
    Ok(true)
}

fn markdown(name: &str, report: &RunReport) -> String {
    let mut text =
        format!("### cargo xtask {name}\n\n| step | outcome | time | tests |\n|---|---|---|---|\n");
    for step in report.steps() {
        let reason = step.outcome.reason().map(|why| format!(": {}", cell(why))).unwrap_or_default();
        let tests = if step.counts == Default::default() { String::new() } else { step.counts.to_string() };
        let _ = writeln!(
            text,
            "| {} | {}{reason} | {} | {tests} |",
            cell(&step.id),
            step.outcome.word(),
            duration(step.time),
        );
    }
    let _ = writeln!(text, "\n{} in {}\n", report.counts(), duration(report.time));
    text
}

/// Text that cannot end a table's cell or begin markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
