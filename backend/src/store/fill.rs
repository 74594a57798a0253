//! Fills tables that were emptied in the same transaction.
//!
//! Most rows of a rebuild are new. Postgres takes those by COPY, which looks for no row that might be in the way: less than
//! half the work of an upsert. What is copied is in the binary format of COPY, postgresql.org/docs/current/sql-copy.html.

use super::table::{Cell, Changes, Kind, Rows, Table};
use super::{Session, StoreError};
use sqlx::{Postgres, Transaction};
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// How many bytes are sent at a time.
const CHUNK: usize = 1 << 20;

/// What a binary COPY begins with: its signature, no flags, and no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What stands for the number of columns after the last row.
const TRAILER: i16 = -1;

/// The keys that were filled in. Of each only a hash is kept: two keys that have one are taken for the same, which costs an
/// upsert and nothing else.
#[derive(Default)]
pub struct Filled {
    keys: HashSet<u64>,
    hasher: RandomState,
}

impl Filled {
    /// Notes the key of a row; whether it is surely new.
    fn is_new(&mut self, table: &Table, row: &[Cell]) -> bool {
        self.keys.insert(self.hasher.hash_one((table.name, &row[..table.key])))
    }
}

impl Session {
    /// As [`Session::put`], into tables that were empty before the first call with `filled`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fill(&mut self, changes: &Changes, filled: &mut Filled) -> Result<(), StoreError> {
        if let Self::Sqlite(_) = self {
            // Its upsert is no more work than an insertion.
            return self.put(changes).await.map(drop);
        }
        for (table, rows) in changes.winners() {
            let (new, known): (Rows<'_>, Rows<'_>) =
                rows.into_iter().partition(|row| filled.is_new(table, row));
            if let Self::Postgres(transaction) = self {
                copy(transaction, table, &new).await?;
            }
            self.put_rows(table, &known).await?;
        }
        Ok(())
    }
}

async fn copy(
    transaction: &mut Transaction<'static, Postgres>,
    table: &Table,
    rows: &[&Vec<Cell>],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, names.join(", "));
    let mut copying = transaction.copy_in_raw(&sql).await?;
    let mut bytes = HEADER.to_vec();
    for row in rows {
        encode(table, row, &mut bytes)?;
        if bytes.len() >= CHUNK {
            copying.send(bytes.as_slice()).await?;
            bytes.clear();
        }
    }
    bytes.extend(TRAILER.to_be_bytes());
    copying.send(bytes.as_slice()).await?;
    copying.finish().await?;
    Ok(())
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
