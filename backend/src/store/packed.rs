//! Thousands of rows at a time.
//!
//! Between the thread of sqlx's that speaks with SQLite and whoever asked, each row is handed over by itself, and waking
//! somebody up for a row takes longer than reading it. So SQLite packs all of them into one text. Postgres sends them together
//! in any case.

use super::session::{Param, Row, sqlite_query};
use super::{Session, StoreError};
use sqlx::AssertSqlSafe;
use std::ops::Range;
use std::sync::Arc;

/// SQLite's code for a text that is longer than it takes, see sqlite.org/rescode.html#toobig.
const TOO_BIG: &str = "18";

impl Session {
    /// The rows of a query, which is told in two parts: its columns, and all from its `FROM` on. From SQLite they come in no
    /// order that could be relied upon.
    pub(super) async fn many_rows(
        &mut self,
        columns: &[&str],
        from: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        if let Self::Sqlite(transaction) = self {
            let packed = columns.iter().map(|column| format!("octet_length({column}), ':', {column}"));
            let packed = packed.collect::<Vec<_>>().join(", ");
            let sql =
                format!("SELECT group_concat(packed, '') FROM (SELECT concat({packed}) AS packed {from})");
            let asked = sqlite_query(AssertSqlSafe(sql), params).fetch_one(&mut **transaction).await;
            match asked {
                Ok(row) => {
                    let text = Row::Sqlite(row).maybe_text(0)?;
                    return unpack(text.unwrap_or_default(), columns.len());
                }
                Err(error) if is_too_big(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let sql = format!("SELECT {} {from}", columns.join(", "));
        self.rows(AssertSqlSafe(sql), params).await
    }
}

fn is_too_big(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == TOO_BIG)
}

/// A row in a text that it shares with others.
pub(super) struct PackedRow {
    text: Arc<str>,
    values: Box<[Option<Range<usize>>]>,
}

impl PackedRow {
    /// A value; none where it is null.
    pub fn get(&self, column: usize) -> Result<Option<&str>, StoreError> {
        let value =
            self.values.get(column).ok_or_else(|| StoreError::corrupt(format!("no column {column}")))?;
        Ok(value.clone().map(|range| &self.text[range]))
    }
}

/// Each value is the number of its bytes, a colon and the bytes; without a number it is null.
fn unpack(text: String, columns: usize) -> Result<Vec<Row>, StoreError> {
    let broken = || StoreError::corrupt("rows were packed in a way that is not understood");
    let text: Arc<str> = text.into();
    let mut rows = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let mut values = Vec::with_capacity(columns);
        for _ in 0..columns {
            let (length, _) = text[at..].split_once(':').ok_or_else(broken)?;
            let start = at + length.len() + 1;
            at = start;
            values.push(if length.is_empty() {
                None
            } else {
                at += length.parse::<usize>().map_err(StoreError::corrupt)?;
                text.get(start..at).ok_or_else(broken)?;
                Some(start..at)
            });
        }
        rows.push(Row::Packed(PackedRow { text: Arc::clone(&text), values: values.into() }));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Result<Vec<Row>, StoreError> {
        unpack(text.to_owned(), columns)
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let found = rows("2:428:a:b,\u{fc}\n\u{1f}:1:0::", 3).unwrap();
        let read = |row: &Row| (row.int(0).unwrap(), row.maybe_text(1).unwrap(), row.maybe_text(2).unwrap());
        let read: Vec<_> = found.iter().map(read).collect();
        assert_eq!(read, [(42, Some("a:b,\u{fc}\n\u{1f}".to_owned()), None), (0, None, None)]);
        assert!(found[0].text(2).is_err() && found[0].text(3).is_err());
        assert!(rows("", 3).unwrap().is_empty());
    }

    #[test]
    fn what_was_not_packed_so_is_an_error_and_no_panic() {
        for broken in ["1:", "1", "x:y", "1:a1:b", "1:\u{fc}", "99999999999999999999:"] {
            assert!(rows(broken, 3).is_err(), "{broken}");
        }
    }
}
