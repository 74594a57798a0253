//! Incidents as they are shown, with what people did about them.

use super::incident::INCIDENT_COLUMNS;
use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{IncidentRow, Session, StoreError};
use evidence::Name;
use sqlx::AssertSqlSafe;

/// An incident with who has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIncident {
    /// The incident.
    pub incident: IncidentRow,
    /// Who has seen it, oldest first.
    pub acknowledgements: Vec<AcknowledgementRow>,
}

/// That somebody has seen an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcknowledgementRow {
    /// Its place among all that people did about incidents.
    pub id: i64,
    /// When, in microseconds.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What they had to say.
    pub note: Option<String>,
}

/// Which incidents are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct IncidentFilter<'a> {
    /// Of this rule only.
    pub rule: Option<&'a str>,
    /// Open ones, or resolved ones, only.
    pub open: Option<bool>,
    /// Acknowledged ones, or the others, only.
    pub acknowledged: Option<bool>,
}

const PAGE: &str = "WHERE project = $1 AND (opened_at, id) < ($2, $3) AND ($4 IS NULL OR rule = $4) \
     AND ($5 IS NULL OR $5 = CASE WHEN resolved_at IS NULL THEN 'yes' ELSE 'no' END) \
     AND ($6 IS NULL OR $6 = CASE WHEN EXISTS (SELECT 1 FROM incident_event AS e \
     WHERE e.project = incident.project AND e.incident_id = incident.id AND e.kind = 'ack') \
     THEN 'yes' ELSE 'no' END) ORDER BY opened_at DESC, id DESC LIMIT $7";

const ONE: &str = "WHERE project = $1 AND id = $2";

const ACKNOWLEDGEMENTS: &str = "SELECT e.incident_id, e.id, e.at, e.actor, e.note FROM {list} \
     JOIN incident_event AS e ON e.project = list.value ->> 0 AND e.incident_id = list.value ->> 1 \
     WHERE e.kind = 'ack' ORDER BY e.id";

impl Session {
    /// At most `limit` incidents before the key, newest first.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn incidents(
        &mut self,
        project: &Name,
        filter: IncidentFilter<'_>,
        before: (i64, &str),
        limit: i64,
    ) -> Result<Vec<SeenIncident>, StoreError> {
        let word = |flag: Option<bool>| MaybeText(flag.map(|flag| if flag { "yes" } else { "no" }));
        let params = [
            Text(project.as_str()),
            Int(before.0),
            Text(before.1),
            MaybeText(filter.rule),
            word(filter.open),
            word(filter.acknowledged),
            Int(limit),
        ];
        let rows = self.rows(select(PAGE), &params).await?;
        self.with_acknowledgements(project, &rows).await
    }

    /// One incident.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn incident(&mut self, project: &Name, id: &str) -> Result<Option<SeenIncident>, StoreError> {
        let rows = self.rows(select(ONE), &[Text(project.as_str()), Text(id)]).await?;
        Ok(self.with_acknowledgements(project, &rows).await?.pop())
    }

    /// The last thing that people did about any incident of the project; 0 if there was none.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn last_incident_event(&mut self, project: &Name) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(id), 0) FROM incident_event WHERE project = $1";
        let rows = self.rows(sql, &[Text(project.as_str())]).await?;
        rows.first().map_or(Ok(0), |row| row.int(0))
    }

    async fn with_acknowledgements(
        &mut self,
        project: &Name,
        rows: &[Row],
    ) -> Result<Vec<SeenIncident>, StoreError> {
        let read = |row| {
            Ok::<_, StoreError>(SeenIncident {
                incident: IncidentRow::read(row)?,
                acknowledgements: Vec::new(),
            })
        };
        let mut incidents: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let keys = incidents.iter().map(|seen| (project.as_str(), seen.incident.id.as_str()));
        for row in self.rows_about(ACKNOWLEDGEMENTS, keys).await? {
            let about = row.text(0)?;
            let acknowledgement = AcknowledgementRow {
                id: row.int(1)?,
                at: row.int(2)?,
                actor: row.text(3)?,
                note: row.maybe_text(4)?,
            };
            if let Some(seen) = incidents.iter_mut().find(|seen| seen.incident.id == about) {
                seen.acknowledgements.push(acknowledgement);
            }
        }
        Ok(incidents)
    }
}

fn select(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {INCIDENT_COLUMNS} FROM incident {rest}"))
}
