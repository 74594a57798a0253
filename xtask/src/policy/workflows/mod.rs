//! What GitHub's workflows must be like: thin, pinned, with few rights, and whole.
//!
//! Pure: files come in as text, and what the command line knows comes in as a function.

mod images;
mod lines;
mod matrix;
mod model;
mod orphans;
mod pins;
mod rights;
mod runs;
#[cfg(test)]
mod tests;
mod triggers;

pub use super::finding::{File, Finding};
pub use matrix::matrix;
use model::Document;

/// The files that are judged.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// `.github/workflows/*.yml`.
    pub workflows: Vec<File>,
    /// `.github/actions/*/action.yml`.
    pub actions: Vec<File>,
    /// Compose files.
    pub compose: Vec<File>,
}

/// What the files are judged by.
pub struct World<'a> {
    /// The jobs of pipeline.yml: the required checks.
    pub jobs: &'a [String],
    /// The host of the production image's registry.
    pub registry: &'a str,
    /// What is wrong with the arguments of a `cargo xtask` call; none when it is a call that can be made.
    pub fault: &'a dyn Fn(&[&str]) -> Option<String>,
}

/// Everything that is not as it must be, by file and line.
pub fn check(files: &Files, world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut parse = |files: &[File]| -> Vec<Document> {
        let parsed = files.iter().map(Document::parse).collect::<Vec<_>>();
        let mut good = Vec::new();
        for document in parsed {
            match document {
                Ok(document) => good.push(document),
                Err(finding) => findings.push(finding),
            }
        }
        good
    };
    let workflows = parse(&files.workflows);
    let actions = parse(&files.actions);
    let compose = parse(&files.compose);
    for document in workflows.iter().chain(&actions) {
        pins::check(document, &mut findings);
        runs::no_expressions(document, &mut findings);
        images::in_values(document, world.registry, &mut findings);
    }
    for workflow in &workflows {
        runs::calls(workflow, world, &mut findings);
        rights::check(workflow, &workflows, &mut findings);
        triggers::head_sha(workflow, &mut findings);
        images::in_jobs(workflow, &mut findings);
    }
    for file in &compose {
        images::in_compose(file, &mut findings);
    }
    orphans::check(&workflows, &actions, world, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}
