//! Whether a contract step may do what it does: what goes must have been out of use since a release.

use super::Input;
use super::header::Header;
use super::mentions::mentions;
use super::names::finding;
use super::rules::{STILL_USED, UNNEEDED, UNUSED_SINCE};
use super::walk::{Gone, Item};
use crate::policy::finding::Finding;
use semver::Version;

/// A contract step of one database, and what it does.
pub struct Step<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its header.
    pub header: &'a Header,
    /// What only contract steps may do.
    pub needs: Vec<&'a Item>,
    /// Whether the other database's file of that number needs to be one.
    pub twin_needs: bool,
}

impl Step<'_> {
    /// What the rules say of it.
    pub fn judge(&self, input: &Input) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.needs.is_empty() && !self.twin_needs {
            findings.push(finding(
                &UNNEEDED,
                self.path,
                1,
                "nothing here would keep an older release from working",
            ));
        }
        let Some((line, tag)) = &self.header.unused_since else { return findings };
        if let Some(why) = self.fault_of_tag(input, tag) {
            findings.push(finding(&UNUSED_SINCE, self.path, *line, why));
            return findings;
        }
        let sources = input.sources.get(tag).map(Vec::as_slice).unwrap_or_default();
        let mut excused = vec![false; self.header.mentioned.len()];
        for item in &self.needs {
            let Some(gone) = &item.gone else { continue };
            let places = mentions(sources, gone);
            if places.is_empty() {
                continue;
            }
            match self.header.mentioned.iter().position(|(_, name, _)| is_named(name, gone)) {
                Some(at) => excused[at] = true,
                None => findings.push(finding(&STILL_USED, self.path, item.line, said(tag, gone, &places))),
            }
        }
        // Where the twin drops it and this file does not, the line belongs to both all the same.
        if !self.needs.is_empty() {
            for ((line, name, _), _) in self.header.mentioned.iter().zip(excused).filter(|(_, used)| !used) {
                let what =
                    format!("-- mentioned-but-unused: {name}, which {tag} does not say, or which stays");
                findings.push(finding(&UNUSED_SINCE, self.path, *line, what));
            }
        }
        findings
    }

    fn fault_of_tag(&self, input: &Input, tag: &str) -> Option<String> {
        let version = |tag: &str| Version::parse(tag.strip_prefix('v')?).ok();
        let Some(since) = version(tag).filter(|version| version.pre.is_empty()) else {
            return Some(format!("{tag:?} is not of the form v1.2.3"));
        };
        if !input.sources.contains_key(tag) {
            return Some(format!("there is no tag {tag}"));
        }
        let brought = input.released.iter().find(|old| {
            old.path == self.path && version(&old.revision).is_some_and(|version| version <= since)
        })?;
        Some(format!("{} brings this very file: the release before it must be the one", brought.revision))
    }
}

fn is_named(name: &str, gone: &Gone) -> bool {
    match &gone.column {
        Some(column) => name == column || name == format!("{}.{column}", gone.table),
        None => name == gone.table,
    }
}

fn said(tag: &str, gone: &Gone, places: &[String]) -> String {
    let name = match &gone.column {
        Some(column) => format!("{}.{column}", gone.table),
        None => gone.table.clone(),
    };
    let shown = places.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = places.len().saturating_sub(3);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{tag} says {name} at {shown}{more}")
}
