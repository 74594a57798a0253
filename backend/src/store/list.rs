//! Many values in one placeholder: both databases read a JSON text as rows.

use super::session::{Param, Row};
use super::{Session, StoreError};
use sqlx::AssertSqlSafe;

/// Where a statement reads its list from.
const LIST: &str = "{list}";

impl Session {
    /// The statement with `{list}` replaced by what reads the first placeholder as a JSON list of lists: a row with the
    /// one column `value` for each, of which `value ->> 0` is the first member. A number is read by
    /// `CAST(value ->> 0 AS BIGINT)`.
    pub(super) fn with_list(&self, sql: &str) -> AssertSqlSafe<String> {
        let rows = match self {
            Self::Sqlite(_) => "json_each($1) AS list",
            Self::Postgres(_) => "jsonb_array_elements($1::jsonb) AS list(value)",
        };
        AssertSqlSafe(sql.replace(LIST, rows))
    }

    /// The rows that a query about a list answers; none about none.
    pub(super) async fn rows_about<R: serde::Serialize>(
        &mut self,
        sql: &str,
        list: impl IntoIterator<Item = R>,
    ) -> Result<Vec<Row>, StoreError> {
        let list = list_of(list);
        if list == "[]" {
            return Ok(Vec::new());
        }
        let sql = self.with_list(sql);
        self.rows(sql, &[Param::Text(&list)]).await
    }
}

/// A JSON list of lists, for a statement made by [`Session::with_list`].
pub(super) fn list_of<R: serde::Serialize>(rows: impl IntoIterator<Item = R>) -> String {
    let rows: Vec<R> = rows.into_iter().collect();
    // Texts and numbers in lists always serialise.
    serde_json::to_string(&rows).unwrap_or_default()
}
