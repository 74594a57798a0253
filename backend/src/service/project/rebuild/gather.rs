//! Brings together what a deployment is judged by: its own rows, and those of its digest.
//!
//! Documents about one deployment, and about one digest, are far from each other in the log. To look each of them up in the
//! database would be most of a rebuild's work, so their rows are set aside while the log is read: first by deployment, and
//! once all are there by digest.

use super::compact::Marked;
use super::parts::{PARTS, Parts};
use crate::store::tables::{DEPLOYMENT, DEPLOYMENT_OUTCOME, SMOKE_FACT};
use crate::store::{Cell, Changes, Joined, Smoked, StoreError, Table};
use evidence::rules::SmokeFact;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

/// All deployments of one digest of a project, or one that has none.
#[derive(Default)]
pub(super) struct Group {
    pub deployments: Vec<Joined>,
    /// The digest's smoke tests.
    pub smokes: Vec<SmokeFact>,
}

/// Rows that were set aside.
pub(super) struct Gathered {
    /// Of deployments and what they have come to, by deployment.
    deployments: Parts,
    /// Of smoke tests, and of whole deployments, by digest.
    digests: Parts,
}

/// What a row is one of.
const OF_DEPLOYMENT: u8 = 0;
const OF_OUTCOME: u8 = 1;
const OF_SMOKE: u8 = 2;
/// A deployment's row and its outcome's, if it has one.
const WHOLE: u8 = 3;

/// Where rows have what they are brought together by.
const DIGEST: usize = DEPLOYMENT.place("digest");
const SMOKED: usize = SMOKE_FACT.place("digest");

impl Gathered {
    /// Without rows. Those that do not fit in memory lie in `folder` meanwhile.
    pub fn new(folder: PathBuf) -> Self {
        Self { deployments: Parts::new(folder.clone()), digests: Parts::new(folder) }
    }

    /// Sets aside what a stretch of the log tells of deployments and smoke tests.
    pub fn add(&mut self, changes: &Changes) {
        for (mark, table) in [(OF_DEPLOYMENT, &DEPLOYMENT), (OF_OUTCOME, &DEPLOYMENT_OUTCOME)] {
            for row in changes.rows(table) {
                self.deployments.put(hash(key(table, row)), mark, row.iter());
            }
        }
        for row in changes.rows(&SMOKE_FACT).filter(|row| row[SMOKED] != Cell::Null) {
            self.digests.put(place_of(&row[SMOKED]), OF_SMOKE, row.iter());
        }
    }

    /// Once all are there: those of a digest together, so many at a time as fit in memory.
    ///
    /// # Errors
    /// When what was set aside cannot be read.
    pub fn groups(mut self) -> Result<impl Iterator<Item = Result<Vec<Group>, StoreError>>, StoreError> {
        (0..PARTS).try_for_each(|part| self.join(part))?;
        Ok((0..PARTS).map(move |part| grouped(self.digests.take(part)?)))
    }

    /// Puts the deployments of a part together with their outcomes, and sets them aside by digest.
    fn join(&mut self, part: usize) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        for (mark, row) in self.deployments.take(part)? {
            changes.put(if mark == OF_DEPLOYMENT { &DEPLOYMENT } else { &DEPLOYMENT_OUTCOME }, row);
        }
        let mut outcomes = changes.rows(&DEPLOYMENT_OUTCOME).peekable();
        for deployment in changes.rows(&DEPLOYMENT) {
            let this = key(&DEPLOYMENT, deployment);
            while outcomes.next_if(|outcome| key(&DEPLOYMENT_OUTCOME, outcome) < this).is_some() {}
            let outcome = outcomes.next_if(|outcome| key(&DEPLOYMENT_OUTCOME, outcome) == this);
            let whole: Vec<&Cell> = deployment.iter().chain(outcome.into_iter().flatten()).collect();
            let place = match &deployment[DIGEST] {
                Cell::Null => hash(this),
                digest => place_of(digest),
            };
            self.digests.put(place, WHOLE, whole.into_iter());
        }
        Ok(())
    }
}

fn key<'a>(table: &Table, row: &'a [Cell]) -> &'a [Cell] {
    &row[..table.key]
}

fn hash(key: &[Cell]) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() as usize % PARTS
}

/// The part of a digest. They are in the order of the digests, so that what comes of them is put in that order too.
fn place_of(digest: &Cell) -> usize {
    let Cell::Text(digest) = digest else { return 0 };
    let first =
        digest.split_once(':').and_then(|(_, digits)| usize::from_str_radix(digits.get(..2)?, 16).ok());
    first.unwrap_or(0) * PARTS / 256
}

fn grouped(rows: Vec<Marked>) -> Result<Vec<Group>, StoreError> {
    let mut of_digests: BTreeMap<(String, String), Group> = BTreeMap::new();
    let mut groups = Vec::new();
    for (mark, row) in rows {
        if mark == OF_SMOKE {
            let smoked = Smoked::read(row)?;
            of_digests.entry((smoked.project, smoked.digest)).or_default().smokes.push(smoked.fact);
            continue;
        }
        let joined = Joined::read(row)?;
        match &joined.fact.digest {
            Some(digest) => {
                let subject = (joined.project.clone(), digest.to_string());
                of_digests.entry(subject).or_default().deployments.push(joined);
            }
            None => groups.push(Group { deployments: vec![joined], smokes: Vec::new() }),
        }
    }
    groups.extend(of_digests.into_values());
    Ok(groups)
}
