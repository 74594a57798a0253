//! One transaction, in either database, and the few things one can do in it.
//!
//! The statements of this application are the same in both databases, so they are written once, above
//! this; sqlx's types differ per database, so they stay below it.

use super::packed::PackedRow;
use super::table::Cell;
use super::{Lock, StoreError, postgres};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Postgres, Row as _, SqlSafeStr, Sqlite, Transaction};

/// An open transaction. Dropped without [`Session::commit`], it is rolled back.
pub enum Session {
    /// In SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// In Postgres.
    Postgres(Transaction<'static, Postgres>),
}

/// A value for a placeholder `$1`, `$2`, ….
#[derive(Clone, Copy)]
pub(super) enum Param<'a> {
    Int(i64),
    Text(&'a str),
    MaybeText(Option<&'a str>),
}

/// One row of an answer; columns are counted from 0.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
    /// See [`Session::many_rows`].
    Packed(PackedRow),
    /// Of no database.
    Cells(Vec<Cell>),
}

impl Session {
    /// Runs a statement; answers how many rows it touched.
    pub(super) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        params: &[Param<'_>],
    ) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => sqlite_query(sql, params).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => postgres_query(sql, params).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a query; answers all its rows.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let rows = sqlite_query(sql, params).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let rows = postgres_query(sql, params).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Waits for a lock that the transaction did not begin with. SQLite's writer has all of them.
    ///
    /// # Errors
    /// When it stays taken.
    pub async fn take(&mut self, lock: Lock) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => postgres::take(tx, lock).await,
        }
    }

    /// Makes the transaction durable. Nothing may be acknowledged before this has returned.
    ///
    /// # Errors
    /// When the database could not commit; then nothing of the transaction holds.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

pub(super) fn sqlite_query<'q>(
    sql: impl SqlSafeStr,
    params: &[Param<'_>],
) -> Query<'q, Sqlite, SqliteArguments> {
    params.iter().fold(sqlx::query(sql), |query, param| match *param {
        Param::Int(value) => query.bind(value),
        Param::Text(value) => query.bind(value.to_owned()),
        Param::MaybeText(value) => query.bind(value.map(str::to_owned)),
    })
}

fn postgres_query<'q>(sql: impl SqlSafeStr, params: &[Param<'_>]) -> Query<'q, Postgres, PgArguments> {
    params.iter().fold(sqlx::query(sql), |query, param| match *param {
        Param::Int(value) => query.bind(value),
        Param::Text(value) => query.bind(value),
        Param::MaybeText(value) => query.bind(value),
    })
}

impl Row {
    pub(super) fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| null(column))
    }

    pub(super) fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
            Self::Packed(row) => row.get(column)?.map(str::parse).transpose().map_err(StoreError::corrupt)?,
            Self::Cells(cells) => cells.get(column).and_then(Cell::int),
        })
    }

    pub(super) fn blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
            Self::Packed(row) => row.get(column)?.map(|text| text.as_bytes().to_vec()),
            Self::Cells(cells) => cells.get(column).and_then(Cell::text).map(|text| text.as_bytes().to_vec()),
        })
    }

    pub(super) fn text(&self, column: usize) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| null(column))
    }

    pub(super) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
            Self::Packed(row) => row.get(column)?.map(str::to_owned),
            Self::Cells(cells) => cells.get(column).and_then(Cell::text).map(str::to_owned),
        })
    }

    /// A text that parses as one of our own types.
    pub(super) fn parsed<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text(column)?.parse().map_err(StoreError::corrupt)
    }

    /// A text that parses as one of our own types, or null.
    pub(super) fn maybe_parsed<T>(&self, column: usize) -> Result<Option<T>, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.maybe_text(column)?.map(|text| text.parse().map_err(StoreError::corrupt)).transpose()
    }

    /// A text that is one of our words in JSON, such as an outcome.
    pub(super) fn word<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        let word = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(word).map_err(StoreError::corrupt)
    }

    /// A word or null.
    pub(super) fn maybe_word<T: serde::de::DeserializeOwned>(
        &self,
        column: usize,
    ) -> Result<Option<T>, StoreError> {
        match self.maybe_text(column)? {
            Some(_) => self.word(column).map(Some),
            None => Ok(None),
        }
    }
}

fn null(column: usize) -> StoreError {
    StoreError::corrupt(format!("column {column} is null"))
}
