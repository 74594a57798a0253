//! What the files' names say, and whether they go together.

use super::Unreadable;
use super::rules::{NUMBER, Rule, TWINS};
use crate::policy::finding::{File, Finding};
use std::collections::{BTreeMap, BTreeSet};

/// Where the migrations are.
pub const FOLDER: &str = "backend/migrations/";

/// A database that has migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Database {
    /// Postgres 17.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Database {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// Its folder's name.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// A file's name: `NNNN_name.sql`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its number.
    pub number: u32,
    /// What stands between the number and `.sql`.
    pub what: String,
}

impl Name {
    /// Reads `NNNN_name.sql`.
    pub fn parse(name: &str) -> Option<Self> {
        let (number, what) = name.strip_suffix(".sql")?.split_once('_')?;
        let plain = |what: &str| {
            what.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let good = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
        (good && !what.is_empty() && plain(what))
            .then(|| Some(Self { number: number.parse().ok()?, what: what.to_owned() }))?
    }

    /// Whether an older program can no longer work after it.
    pub fn is_contract(&self) -> bool {
        self.what.starts_with("contract_")
    }
}

/// The database and the name of a file by its path.
///
/// # Errors
/// When it is not `NNNN_name.sql` in one of the folders.
pub fn place(path: &str) -> Result<(Database, Name), Unreadable> {
    let parts = path.strip_prefix(FOLDER).and_then(|rest| rest.split_once('/'));
    let found = parts.and_then(|(folder, name)| {
        let database = Database::ALL.into_iter().find(|database| database.folder() == folder)?;
        Some((database, Name::parse(name)?))
    });
    found.ok_or_else(|| Unreadable {
        file: path.to_owned(),
        line: 1,
        why: format!("expected {FOLDER}postgres/NNNN_name.sql or sqlite/, of a-z, 0-9 and _"),
    })
}

/// A finding of a rule about a file.
pub fn finding(rule: &Rule, file: &str, line: usize, what: impl Into<String>) -> Finding {
    Finding {
        file: file.to_owned(),
        line,
        rule: rule.code,
        what: what.into(),
        expected: rule.expected.to_owned(),
        mend: rule.mend.to_owned(),
    }
}

/// Numbers that are there twice or not at all, and files that only one database has.
pub fn check(files: &[(Database, Name, &File)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names: BTreeMap<Database, BTreeSet<(u32, &str)>> = BTreeMap::new();
    for database in Database::ALL {
        let mut last: Option<(&Name, &File)> = None;
        let mut own: Vec<_> = files.iter().filter(|(of, ..)| *of == database).collect();
        own.sort_by_key(|(_, name, file)| (name.number, &file.path));
        for (_, name, file) in own {
            let wanted = last.map_or(1, |(last, _)| last.number + 1);
            if let Some((_, other)) = last.filter(|(last, _)| last.number == name.number) {
                let what = format!("{} has the number {:04} too", other.path, name.number);
                findings.push(finding(&NUMBER, &file.path, 1, what));
            } else if name.number != wanted {
                let what = format!("{:04} follows where {wanted:04} is missing", name.number);
                findings.push(finding(&NUMBER, &file.path, 1, what));
            }
            last = Some((name, file));
            names.entry(database).or_default().insert((name.number, &name.what));
        }
    }
    for (database, name, file) in files {
        for other in Database::ALL.into_iter().filter(|other| other != database) {
            let known = names.get(&other);
            if !known.is_some_and(|known| known.contains(&(name.number, name.what.as_str()))) {
                let what =
                    format!("there is no {FOLDER}{}/{:04}_{}.sql", other.folder(), name.number, name.what);
                findings.push(finding(&TWINS, &file.path, 1, what));
            }
        }
    }
    findings
}
