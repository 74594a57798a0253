//! What the commands that judge files share: which files there are, and how findings are told.

use super::Reported;
use crate::context::Context;
use crate::error::Exit;
use crate::policy::finding::{File, Finding};
use anyhow::{Context as _, Result};
use xshell::cmd;

/// The files that git knows or would take, so that what is new is judged before it is committed.
pub fn known_files(ctx: &Context, patterns: &[&str]) -> Result<Vec<File>> {
    let shell = ctx.shell()?;
    let names = cmd!(shell, "git ls-files -z --cached --others --exclude-standard -- {patterns...}")
        .quiet()
        .read()
        .context("git ls-files failed")?;
    let mut names: Vec<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let here = names.into_iter().filter(|name| ctx.root.join(name).is_file());
    here.map(|name| {
        let text =
            std::fs::read_to_string(ctx.root.join(name)).with_context(|| format!("cannot read {name}"))?;
        Ok(File { path: name.to_owned(), text })
    })
    .collect()
}

/// Prints findings, on GitHub also beside their lines. `judged` says what was looked at.
///
/// # Errors
/// With this exit code where there is a finding.
pub fn report(ctx: &Context, findings: &[Finding], judged: &str, json: bool, exit: Exit) -> Result<()> {
    if json {
        println!("{:#}", serde_json::json!({ "findings": findings }));
    } else {
        for finding in findings {
            println!("{finding}");
        }
    }
    if ctx.out.github {
        for finding in findings {
            eprintln!("{}", annotation(finding));
        }
    }
    match findings.len() {
        0 => {
            eprintln!("{judged}, nothing to mend");
            Ok(())
        }
        found => {
            eprintln!("{found} finding{} in {judged}", if found == 1 { "" } else { "s" });
            Err(Reported(exit).into())
        }
    }
}

/// GitHub's own form, which it shows beside the line.
fn annotation(finding: &Finding) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    format!(
        "::error file={},line={},title={}::{}",
        property(&finding.file),
        finding.line,
        finding.rule,
        escape(&format!("{}; expected {}; {}", finding.what, finding.expected, finding.mend))
    )
}
