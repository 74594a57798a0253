//! What the databases' migrations must be like, so that the previous release goes on working while and after they run.
//!
//! Pure: files, releases and sources come in as text. docs/migrations.md tells the rules.

mod alter;
mod columns;
mod constraints;
mod contract;
mod header;
mod judge;
mod literals;
mod locks;
mod mentions;
mod names;
mod rebuild;
mod released;
mod rules;
mod schema;
mod sql;
#[cfg(test)]
mod tests;
mod walk;

use super::finding::{File, Finding};
use contract::Step;
use header::Header;
use locks::Whole;
pub use names::{Database, FOLDER};
use names::{Name, finding};
pub use released::Released;
use rules::OLDEST;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use walk::{Item, Walk};

/// What is judged, and by what.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The migrations of both databases.
    pub files: Vec<File>,
    /// The content of `backend/migrations/oldest`, if there is one.
    pub oldest: Option<String>,
    /// The first number that the rules hold for.
    pub since: u32,
    /// The tables that grow without bound.
    pub big_tables: Vec<String>,
    /// The migrations of releases and other revisions.
    pub released: Vec<Released>,
    /// The sources of the back-end at the tags that [`tags_of`] names and that exist.
    pub sources: BTreeMap<String, Vec<File>>,
}

/// A file that cannot be read as a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path.
    pub file: String,
    /// The line.
    pub line: usize,
    /// Why.
    pub why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// The file that says the oldest schema that the code works on.
pub const OLDEST_FILE: &str = "backend/migrations/oldest";

/// A migration that was read and judged by itself.
struct Read<'a> {
    database: Database,
    name: Name,
    file: &'a File,
    header: Header,
    findings: Vec<Finding>,
    items: Vec<Item>,
}

/// The tags that contract steps name as those since which something is not used.
pub fn tags_of(files: &[File]) -> BTreeSet<String> {
    let tag = |file: &File| {
        let (_, name) = names::place(&file.path).ok()?;
        Some(Header::read(&file.path, &name, &file.text).0.unused_since?.1)
    };
    files.iter().filter_map(tag).collect()
}

/// Everything that is not as it must be, by file and line.
///
/// # Errors
/// Where a file cannot be read as a migration.
pub fn check(input: &Input) -> Result<Vec<Finding>, Unreadable> {
    let read = read(input)?;
    let named: Vec<_> = read.iter().map(|own| (own.database, own.name.clone(), own.file)).collect();
    let mut findings = names::check(&named);
    findings.extend(released::check(&input.files, &input.released));
    findings.extend(oldest(input, &read)?);
    for own in read.iter().filter(|own| own.name.number >= input.since) {
        findings.extend(own.findings.iter().cloned());
        let contract = own.name.is_contract();
        let wrong = own.items.iter().filter(|item| !(item.rule.contract && contract));
        findings.extend(wrong.map(|item| finding(item.rule, &own.file.path, item.line, item.what.clone())));
        if contract {
            let twin = |other: &&Read| other.database != own.database && other.name == own.name;
            let step = Step {
                path: &own.file.path,
                header: &own.header,
                needs: needs(own),
                twin_needs: read.iter().find(twin).is_some_and(|twin| !needs(twin).is_empty()),
            };
            findings.extend(step.judge(input));
        }
    }
    findings.sort();
    findings.dedup();
    Ok(findings)
}

fn needs<'a>(own: &'a Read) -> Vec<&'a Item> {
    own.items.iter().filter(|item| item.rule.contract).collect()
}

/// Reads the files in order, so that each is judged by what those before it made.
fn read(input: &Input) -> Result<Vec<Read<'_>>, Unreadable> {
    let mut placed = Vec::new();
    for file in &input.files {
        let (database, name) = names::place(&file.path)?;
        placed.push((database, name, file));
    }
    placed.sort_by_key(|(database, name, file)| (*database, name.number, &file.path));
    let mut walks = Database::ALL.map(|database| (database, Walk::new(database, &input.big_tables)));
    let mut read = Vec::new();
    for (database, name, file) in placed {
        let statements = sql::parse(database, &file.path, &file.text)?;
        let (header, findings) = Header::read(&file.path, &name, &file.text);
        let Some((_, walk)) = walks.iter_mut().find(|(of, _)| *of == database) else { continue };
        let before = walk.schema.clone();
        let mut items = walk.file(name.number, &statements);
        let big = &input.big_tables;
        let whole = Whole { database, header: &header, statements: &statements, before: &before, big };
        items.extend(whole.judge());
        read.push(Read { database, name, file, header, findings, items });
    }
    Ok(read)
}

/// Whether the code is said to need at least what the newest contract step made.
fn oldest(input: &Input, read: &[Read]) -> Result<Option<Finding>, Unreadable> {
    let contract = read.iter().map(|own| &own.name).filter(|name| name.is_contract());
    let (floor, head) = (
        contract.map(|name| name.number).max(),
        read.iter().map(|own| own.name.number).max().unwrap_or_default(),
    );
    let wrong = |what: String| Ok(Some(finding(&OLDEST, OLDEST_FILE, 1, what)));
    let Some(text) = &input.oldest else {
        return floor
            .map_or(Ok(None), |floor| wrong(format!("it is not there, but contract step {floor:04} is")));
    };
    let Ok(number) = text.trim().parse::<u32>() else {
        let why = format!("expected one number, found {:?}", text.trim());
        return Err(Unreadable { file: OLDEST_FILE.to_owned(), line: 1, why });
    };
    match floor {
        Some(floor) if number < floor => {
            wrong(format!("it says {number}, but contract step {floor:04} is newer"))
        }
        _ if number > head => wrong(format!("it says {number}, but the newest migration is {head:04}")),
        _ => Ok(None),
    }
}
