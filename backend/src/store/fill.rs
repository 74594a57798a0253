//! Fills tables that were emptied in the same transaction.
//!
//! Most rows of a rebuild are new. Postgres takes those by COPY, which looks for no row that might be in the way. What is
//! copied is in the binary format of COPY, postgresql.org/docs/current/sql-copy.html.

use super::table::{Cell, Changes, Kind, Rows, Table};
use super::{Session, Store, StoreError};
use sqlx::{Postgres, Transaction};
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// How many bytes are sent at a time.
const CHUNK: usize = 1 << 20;

/// What a binary COPY begins with: its signature, no flags, and no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What stands for the number of columns after the last row.
const TRAILER: i16 = -1;

/// What was filled in so far. Of each key only a hash is kept: two keys that have one are taken for the same, which costs an
/// upsert and nothing else.
pub struct Filled {
    /// Whether new rows are copied.
    copying: bool,
    keys: HashSet<u64>,
    hasher: RandomState,
}

/// Rows for [`Session::fill`].
pub enum Prepared {
    /// To be put. SQLite's upsert is no more work than an insertion.
    Put(Changes),
    /// To be copied, table by table.
    Copied(Vec<Copied>),
}

/// Rows of a table.
pub struct Copied {
    table: &'static Table,
    /// Those that are surely new, as COPY takes them; nothing where there is none.
    new: Vec<u8>,
    /// The others.
    known: Vec<Vec<Cell>>,
}

impl Filled {
    /// Nothing, in tables of a database that are empty.
    pub fn new(store: &Store) -> Self {
        Self { copying: store.is_postgres(), keys: HashSet::new(), hasher: RandomState::new() }
    }

    /// Does what can be done without the database. What was prepared must be filled in, in that order.
    ///
    /// # Errors
    /// When a row is larger than a table takes.
    pub fn prepare(&mut self, changes: Changes) -> Result<Prepared, StoreError> {
        if !self.copying {
            return Ok(Prepared::Put(changes));
        }
        let mut tables = Vec::new();
        for (table, rows) in changes.winners() {
            let (new, known): (Rows<'_>, Rows<'_>) =
                rows.into_iter().partition(|row| self.is_new(table, row));
            let new = if new.is_empty() { Vec::new() } else { encode_all(table, &new)? };
            tables.push(Copied { table, new, known: known.into_iter().cloned().collect() });
        }
        Ok(Prepared::Copied(tables))
    }

    /// Notes the key of a row; whether it is surely new.
    fn is_new(&mut self, table: &Table, row: &[Cell]) -> bool {
        self.keys.insert(self.hasher.hash_one((table.name, &row[..table.key])))
    }
}

impl Session {
    /// As [`Session::put`], into tables that were empty before the first was prepared.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fill(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        let tables = match prepared {
            Prepared::Put(changes) => return self.put(&changes).await.map(drop),
            Prepared::Copied(tables) => tables,
        };
        for Copied { table, new, known } in tables {
            if let Self::Postgres(transaction) = self
                && !new.is_empty()
            {
                copy(transaction, table, &new).await?;
            }
            self.put_rows(table, &known.iter().collect::<Vec<_>>()).await?;
        }
        Ok(())
    }
}

async fn copy(
    transaction: &mut Transaction<'static, Postgres>,
    table: &Table,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, names.join(", "));
    let mut copying = transaction.copy_in_raw(&sql).await?;
    for chunk in bytes.chunks(CHUNK) {
        copying.send(chunk).await?;
    }
    copying.finish().await?;
    Ok(())
}

fn encode_all(table: &Table, rows: &[&Vec<Cell>]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = HEADER.to_vec();
    rows.iter().try_for_each(|row| encode(table, row, &mut bytes))?;
    bytes.extend(TRAILER.to_be_bytes());
    Ok(bytes)
}

/// A row: how many columns, and of each its length and its bytes; the length of nothing is -1.
fn encode(table: &Table, row: &[Cell], bytes: &mut Vec<u8>) -> Result<(), StoreError> {
    let too_large = StoreError::corrupt;
    bytes.extend(i16::try_from(row.len()).map_err(too_large)?.to_be_bytes());
    for (cell, (_, kind)) in row.iter().zip(table.columns) {
        match kind {
            Kind::Int => match cell.int() {
                Some(value) => {
                    bytes.extend(8_i32.to_be_bytes());
                    bytes.extend(value.to_be_bytes());
                }
                None => bytes.extend((-1_i32).to_be_bytes()),
            },
            Kind::Text => match cell.text() {
                Some(text) => {
                    bytes.extend(i32::try_from(text.len()).map_err(too_large)?.to_be_bytes());
                    bytes.extend(text.as_bytes());
                }
                None => bytes.extend((-1_i32).to_be_bytes()),
            },
        }
    }
    Ok(())
}
