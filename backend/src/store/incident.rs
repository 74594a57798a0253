//! Incidents as they are projected.

use super::facts::Key;
use super::list::list_of;
use super::session::Param::Text;
use super::session::Row;
use super::{Session, StoreError};
use serde::Serialize;

/// A row of the table `incident`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentRow {
    /// The project.
    pub project: String,
    /// Its id: 32 hexadecimal digits.
    pub id: String,
    /// The rule, such as `R1`.
    pub rule: String,
    /// What was found, in one word.
    pub code: String,
    /// Unique within project and rule.
    pub dedupe_key: String,
    /// What was judged.
    pub scope: String,
    /// What it is about, for people.
    pub subject: String,
    /// The environment, where there is one.
    pub environment: Option<String>,
    /// The service, where there is one.
    pub service: Option<String>,
    /// The digest, where there is one.
    pub digest: Option<String>,
    /// The commit, where there is one.
    pub commit_sha: Option<String>,
    /// Since when, in microseconds.
    pub opened_at: i64,
    /// Until when, in microseconds.
    pub resolved_at: Option<i64>,
    /// What happened.
    pub message: String,
    /// A JSON list of SHA-256s.
    pub evidence: String,
}

/// The columns of [`IncidentRow::read`].
pub(super) const INCIDENT_COLUMNS: &str = "project, id, rule, code, dedupe_key, scope, subject, environment, service, \
     digest, commit_sha, opened_at, resolved_at, message, evidence";

impl Session {
    /// The incidents of these scopes, each a project and a scope.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn incidents_of_scopes(&mut self, scopes: &[Key]) -> Result<Vec<IncidentRow>, StoreError> {
        let columns: Vec<_> = INCIDENT_COLUMNS.split(", ").map(|name| format!("i.{}", name.trim())).collect();
        let sql = self.with_list(&format!(
            "SELECT {} FROM {{list}} JOIN incident AS i \
             ON i.project = list.value ->> 0 AND i.scope = list.value ->> 1",
            columns.join(", ")
        ));
        self.rows(sql, &[Text(&list_of(scopes))]).await?.iter().map(IncidentRow::read).collect()
    }

    /// Takes incidents away, each a project and an id.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_incidents(&mut self, ids: &[Key]) -> Result<(), StoreError> {
        let sql = self.with_list(
            "DELETE FROM incident WHERE (project, id) IN (SELECT value ->> 0, value ->> 1 FROM {list})",
        );
        self.execute(sql, &[Text(&list_of(ids))]).await?;
        Ok(())
    }

    /// Adds incidents, or replaces those of the same id.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_incidents(&mut self, rows: &[IncidentRow]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let sql = self.with_list(&format!(
            "INSERT INTO incident ({INCIDENT_COLUMNS}) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, \
             value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, \
             CAST(value ->> 11 AS BIGINT), CAST(value ->> 12 AS BIGINT), value ->> 13, value ->> 14 FROM {{list}} \
             WHERE true ON CONFLICT (project, id) DO UPDATE SET code = excluded.code, scope = excluded.scope, \
             subject = excluded.subject, environment = excluded.environment, service = excluded.service, \
             digest = excluded.digest, commit_sha = excluded.commit_sha, opened_at = excluded.opened_at, \
             resolved_at = excluded.resolved_at, message = excluded.message, evidence = excluded.evidence"
        ));
        let list = list_of(rows.iter().map(|row| {
            let texts =
                (&row.project, &row.id, &row.rule, &row.code, &row.dedupe_key, &row.scope, &row.subject);
            let maybe = (&row.environment, &row.service, &row.digest, &row.commit_sha);
            (
                texts.0,
                texts.1,
                texts.2,
                texts.3,
                texts.4,
                texts.5,
                texts.6,
                maybe.0,
                maybe.1,
                maybe.2,
                maybe.3,
                row.opened_at,
                row.resolved_at,
                &row.message,
                &row.evidence,
            )
        }));
        self.execute(sql, &[Text(&list)]).await?;
        Ok(())
    }

    /// Takes all incidents away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear_incidents(&mut self) -> Result<(), StoreError> {
        self.execute("DELETE FROM incident", &[]).await?;
        Ok(())
    }

    /// All incidents, by project and id; for comparing.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn all_incidents(&mut self) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!("SELECT {INCIDENT_COLUMNS} FROM incident ORDER BY project, id");
        self.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(IncidentRow::read).collect()
    }
}

impl IncidentRow {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            project: row.text(0)?,
            id: row.text(1)?,
            rule: row.text(2)?,
            code: row.text(3)?,
            dedupe_key: row.text(4)?,
            scope: row.text(5)?,
            subject: row.text(6)?,
            environment: row.maybe_text(7)?,
            service: row.maybe_text(8)?,
            digest: row.maybe_text(9)?,
            commit_sha: row.maybe_text(10)?,
            opened_at: row.int(11)?,
            resolved_at: row.maybe_int(12)?,
            message: row.text(13)?,
            evidence: row.text(14)?,
        })
    }
}
