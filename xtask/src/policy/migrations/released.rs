//! Whether released migrations are as they were.

use super::names::{Name, finding, place};
use super::rules::RELEASED;
use crate::policy::finding::{File, Finding};
use std::collections::BTreeSet;

/// A migration as a release, or another revision, has it.
#[derive(Clone, Debug)]
pub struct Released {
    /// Its path.
    pub path: String,
    /// Its content.
    pub text: String,
    /// The first revision that has it so.
    pub revision: String,
    /// This history has it too: if it is not there any more it was taken away, and not made elsewhere.
    pub ours: bool,
}

/// What was edited, taken away or got another number or name.
pub fn check(files: &[File], released: &[Released]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    for old in released {
        let present = files.iter().find(|file| file.path == old.path);
        if present.is_some_and(|file| file.text == old.text) || told.contains(&old.path) {
            continue;
        }
        let found = match present {
            Some(file) => {
                let line = first_difference(&file.text, &old.text);
                Some(finding(&RELEASED, &file.path, line, format!("differs from what {} has", old.revision)))
            }
            None => missing(files, old),
        };
        if found.is_some() {
            told.insert(&old.path);
        }
        findings.extend(found);
    }
    findings
}

fn missing(files: &[File], old: &Released) -> Option<Finding> {
    let (database, name) = place(&old.path).ok()?;
    let others = || {
        files.iter().filter_map(|file| {
            let (of, name) = place(&file.path).ok()?;
            (of == database).then_some((file, name))
        })
    };
    let moved = |(file, other): &(&File, Name)| other.what == name.what || file.text == old.text;
    let said = format!("{} of {}", old.path, old.revision);
    if let Some((file, other)) = others().find(|(_, other)| other.number == name.number) {
        let what = format!("the number {:04} is that of {said}", other.number);
        return Some(finding(&RELEASED, &file.path, 1, what));
    }
    if !old.ours {
        return None;
    }
    Some(match others().find(moved) {
        Some((file, _)) => finding(&RELEASED, &file.path, 1, format!("it was {said}")),
        None => finding(&RELEASED, &old.path, 1, format!("{said} is not there")),
    })
}

fn first_difference(a: &str, b: &str) -> usize {
    let same = a.split('\n').zip(b.split('\n')).take_while(|(a, b)| a == b).count();
    (same + 1).min(a.lines().count().max(1))
}
