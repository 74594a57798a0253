//! Secondary indexes of SQLite: where many rows are put at once it is less work to make them again afterwards, sorted, than
//! to find each row its place in each of them.

use super::session::Param::Text;
use super::{Session, StoreError, Table};
use sqlx::AssertSqlSafe;

/// The statements that make the indexes of tables again.
#[derive(Debug)]
pub struct Indexes(Vec<String>);

/// Those that a table's definition brings have no statement.
const OF_TABLE: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = $1";

impl Session {
    /// Takes the secondary indexes of tables away, on SQLite: there everybody else goes on seeing what was, until the
    /// transaction ends. On Postgres that would lock everybody else out, and none is taken away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_indexes(&mut self, tables: &[&'static Table]) -> Result<Indexes, StoreError> {
        let mut taken = Vec::new();
        if let Self::Sqlite(_) = self {
            for table in tables {
                for row in self.rows(OF_TABLE, &[Text(table.name)]).await? {
                    let (name, sql) = (row.text(0)?, row.text(1)?);
                    self.execute(AssertSqlSafe(format!("DROP INDEX \"{name}\"")), &[]).await?;
                    taken.push(sql);
                }
            }
        }
        Ok(Indexes(taken))
    }

    /// Makes the indexes again that were taken away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn make_indexes(&mut self, Indexes(taken): Indexes) -> Result<(), StoreError> {
        for sql in taken {
            self.execute(AssertSqlSafe(sql), &[]).await?;
        }
        Ok(())
    }
}
