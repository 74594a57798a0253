//! Projection tables as data: which columns, and which row wins.
//!
//! Each row is a register that the greatest value wins: of two rows with one key, the one whose order columns are greater
//! stays. That is associative, commutative and idempotent, so neither the order nor the number of arrivals matters.

use super::Session;
use super::StoreError;
use super::session::Param::{Int, Text};
use serde::Serialize;
use std::collections::BTreeMap;

/// A value of a row. Null is less than any number, and any number less than any text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Texts.
    Text,
}

/// A projection table. Its columns are listed with the key first, then those that decide which row wins, then the rest.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns are the key.
    pub key: usize,
    /// How many columns after the key decide which row wins; 0: the first row stays.
    pub order: usize,
    /// Whether a change shows on the board.
    pub shown: bool,
}

/// Rows to put, of which only the winners are kept.
#[derive(Debug, Default)]
pub struct Changes {
    tables: BTreeMap<&'static str, (&'static Table, Vec<Vec<Cell>>)>,
}

/// SQLite writes a list's member as text anew for each column that is read of it, unless it is kept.
const READ_ONCE: &str = "WITH list AS MATERIALIZED (SELECT value FROM {list})";

/// How many rows SQLite is given as so many parameters, which is the least work; fewer come as a list, whose statement
/// is the same however many there are. SQLite takes 32766 parameters.
const AT_ONCE: usize = 256;

/// Rows of a table that win, by key.
pub(super) type Rows<'a> = Vec<&'a Vec<Cell>>;

impl Changes {
    /// Adds a row, in the order of the table's columns.
    pub fn put(&mut self, table: &'static Table, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), table.columns.len(), "{}", table.name);
        self.tables.entry(table.name).or_insert_with(|| (table, Vec::new())).1.push(row);
    }

    /// Adds all rows of others.
    pub fn append(&mut self, others: Self) {
        for (name, (table, rows)) in others.tables {
            self.tables.entry(name).or_insert_with(|| (table, Vec::new())).1.extend(rows);
        }
    }

    /// Sorts the rows and drops those that do not win: work that need not wait for the database.
    pub fn sort(&mut self) {
        for (table, rows) in self.tables.values_mut() {
            rows.sort_by(|one, other| winner_first(table, one, other));
            rows.dedup_by(|later, first| later[..table.key] == first[..table.key]);
        }
    }

    /// Of the rows that were added to a table those that win, by key.
    pub fn rows(&self, table: &'static Table) -> impl Iterator<Item = &Vec<Cell>> {
        self.tables.get(table.name).map(|(_, rows)| winners(table, rows)).unwrap_or_default().into_iter()
    }

    /// Those of all tables.
    pub(super) fn winners(&self) -> impl Iterator<Item = (&'static Table, Rows<'_>)> {
        self.tables.values().map(|(table, rows)| (*table, winners(table, rows)))
    }
}

/// The rows that win, by key. Sorted all at once, which is less work than finding each row its place as it comes.
fn winners<'a>(table: &Table, rows: &'a [Vec<Cell>]) -> Rows<'a> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by(|one, other| winner_first(table, one, other));
    rows.dedup_by(|later, first| later[..table.key] == first[..table.key]);
    rows
}

/// By key, and of one key the winner first. To be sorted by stably: of two equal rows the first wins.
fn winner_first(table: &Table, one: &[Cell], other: &[Cell]) -> std::cmp::Ordering {
    let order = table.key..table.key + table.order;
    one[..table.key].cmp(&other[..table.key]).then_with(|| other[order.clone()].cmp(&one[order.clone()]))
}

impl Session {
    /// Puts rows; answers whether any of them changed what the board shows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put(&mut self, changes: &Changes) -> Result<bool, StoreError> {
        let mut shown = false;
        for (table, rows) in changes.winners() {
            shown |= self.put_rows(table, &rows).await? > 0 && table.shown;
        }
        Ok(shown)
    }

    /// Puts rows of which no two have one key; answers how many changed anything.
    pub(super) async fn put_rows(&mut self, table: &Table, rows: &[&Vec<Cell>]) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let transaction = match self {
            Self::Sqlite(transaction) => transaction,
            Self::Postgres(transaction) => {
                let sql = sqlx::AssertSqlSafe(table.upsert(&table.array_rows()));
                let columns = table.columns.iter().enumerate();
                let query = columns.fold(sqlx::query(sql), |query, (index, (_, kind))| match kind {
                    Kind::Int => query.bind(rows.iter().map(|row| row[index].int()).collect::<Vec<_>>()),
                    Kind::Text => query.bind(rows.iter().map(|row| row[index].text()).collect::<Vec<_>>()),
                });
                return Ok(query.execute(&mut **transaction).await?.rows_affected());
            }
        };
        let (full, rest) = rows.as_chunks::<AT_ONCE>();
        let mut changed = 0;
        for rows in full {
            let sql = sqlx::AssertSqlSafe(table.upsert(&table.placeholders()));
            let cells = rows.iter().zip(std::iter::repeat(table.columns));
            let cells = cells.flat_map(|(row, columns)| row.iter().zip(columns));
            let query = cells.fold(sqlx::query(sql), |query, (cell, (_, kind))| match kind {
                Kind::Int => query.bind(cell.int()),
                Kind::Text => query.bind(cell.text().map(str::to_owned)),
            });
            changed += query.execute(&mut **transaction).await?.rows_affected();
        }
        if !rest.is_empty() {
            let upsert = table.upsert(&table.list_rows());
            let sql = self.with_list(&format!("{READ_ONCE} {upsert}"));
            changed += self.execute(sql, &[Text(&super::list::list_of(rest))]).await?;
        }
        Ok(changed)
    }

    /// Has Postgres count the rows of tables that were filled at once, so that its plans fit them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count_rows(&mut self, tables: &[&'static Table]) -> Result<(), StoreError> {
        if let Self::Postgres(_) = self {
            for table in tables {
                self.execute(sqlx::AssertSqlSafe(format!("ANALYZE {}", table.name)), &[]).await?;
            }
        }
        Ok(())
    }

    /// Deletes all rows of a table.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear(&mut self, table: &'static Table) -> Result<(), StoreError> {
        self.execute(sqlx::AssertSqlSafe(format!("DELETE FROM {}", table.name)), &[]).await?;
        Ok(())
    }

    /// At most `limit` rows of a table in the order of their keys, after the given row.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn dump(
        &mut self,
        table: &'static Table,
        after: Option<&[Cell]>,
        limit: i64,
    ) -> Result<Vec<Vec<Cell>>, StoreError> {
        let columns = table.names(0..table.columns.len());
        let key = table.names(0..table.key);
        let mut params = vec![Int(limit)];
        let mut sql = format!("SELECT {columns} FROM {}", table.name);
        if let Some(after) = after {
            let places: Vec<_> = (0..table.key).map(|index| format!("${}", index + 2)).collect();
            sql += &format!(" WHERE ({key}) > ({})", places.join(", "));
            params.extend(after[..table.key].iter().map(|cell| match cell {
                Cell::Int(value) => Int(*value),
                Cell::Text(value) => Text(value),
                Cell::Null => Text(""),
            }));
        }
        sql += &format!(" ORDER BY {key} LIMIT $1");
        let rows = self.rows(sqlx::AssertSqlSafe(sql), &params).await?;
        rows.iter()
            .map(|row| {
                let kinds = table.columns.iter().enumerate();
                let cells = kinds.map(|(index, (_, kind))| match kind {
                    Kind::Int => row.maybe_int(index).map(Cell::from),
                    Kind::Text => row.maybe_text(index).map(Cell::from),
                });
                cells.collect()
            })
            .collect()
    }
}

impl Table {
    /// The place of one of its columns.
    pub const fn place(&self, column: &str) -> usize {
        let mut place = 0;
        while !same(self.columns[place].0.as_bytes(), column.as_bytes()) {
            place += 1;
        }
        place
    }

    fn names(&self, range: std::ops::Range<usize>) -> String {
        let names: Vec<_> = self.columns[range].iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// [`AT_ONCE`] rows of parameters.
    fn placeholders(&self) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        format!("VALUES {}", vec![row.as_str(); AT_ONCE].join(", "))
    }

    /// The rows of a JSON list of lists. `WHERE true`: else SQLite takes the ON that follows for a join's.
    fn list_rows(&self) -> String {
        let values = self.columns.iter().enumerate().map(|(index, (_, kind))| match kind {
            Kind::Text => format!("value ->> {index}"),
            Kind::Int => format!("CAST(value ->> {index} AS BIGINT)"),
        });
        format!("SELECT {} FROM list WHERE true", values.collect::<Vec<_>>().join(", "))
    }

    /// The rows of an array for each column: Postgres would spend longer on reading a JSON list than on the rows.
    fn array_rows(&self) -> String {
        let arrays = self.columns.iter().zip(1..).map(|((_, kind), place)| match kind {
            Kind::Text => format!("${place}::TEXT[]"),
            Kind::Int => format!("${place}::BIGINT[]"),
        });
        format!("SELECT * FROM unnest({}) AS list WHERE true", arrays.collect::<Vec<_>>().join(", "))
    }

    fn upsert(&self, rows: &str) -> String {
        let mut sql = format!(
            "INSERT INTO {} ({}) {rows} ON CONFLICT ({}) DO ",
            self.name,
            self.names(0..self.columns.len()),
            self.names(0..self.key),
        );
        if self.order == 0 {
            return sql + "NOTHING";
        }
        let set = self.columns[self.key..].iter().map(|(name, _)| format!("{name} = excluded.{name}"));
        let set: Vec<_> = set.collect();
        let order = &self.columns[self.key..self.key + self.order];
        let of = |owner: &str| {
            let names: Vec<_> = order.iter().map(|(name, _)| format!("{owner}.{name}")).collect();
            names.join(", ")
        };
        sql += &format!("UPDATE SET {} WHERE ({}) > ({})", set.join(", "), of("excluded"), of(self.name));
        sql
    }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

impl Cell {
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Null | Self::Text(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            Self::Null | Self::Int(_) => None,
        }
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u64> for Cell {
    /// Numbers in evidence are at most 2^53 - 1.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

macro_rules! from_text {
    ($($type:ident),*) => {$(
        impl From<&evidence::$type> for Cell {
            fn from(value: &evidence::$type) -> Self {
                Self::Text(value.as_str().to_owned())
            }
        }
    )*};
}
from_text!(CommitSha, DeploymentId, Digest, Name, Tag);

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "t",
        columns: &[("k", Kind::Text), ("at", Kind::Int), ("v", Kind::Text)],
        key: 1,
        order: 1,
        shown: true,
    };

    #[test]
    fn the_greatest_row_wins_in_memory_as_in_the_database() {
        static T: Table = TABLE;
        let row = |at: i64, value: &str| vec!["a".into(), at.into(), value.into()];
        let mut changes = Changes::default();
        for (at, value) in [(2, "two"), (1, "one"), (2, "two again")] {
            changes.put(&T, row(at, value));
        }
        assert_eq!(changes.rows(&T).collect::<Vec<_>>(), [&row(2, "two")]);
        assert_eq!(
            T.upsert(&T.list_rows()),
            "INSERT INTO t (k, at, v) SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2 FROM list \
             WHERE true ON CONFLICT (k) DO UPDATE SET at = excluded.at, v = excluded.v WHERE (excluded.at) > (t.at)"
        );
    }
}
