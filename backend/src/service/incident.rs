//! Incidents as they are shown.

use super::clock;
use super::reading::{Paged, Snapshot, one_more};
use crate::store::{IncidentFilter, SeenIncident, StoreError};
use evidence::{CommitSha, Digest, Name};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::str::FromStr;
use utoipa::ToSchema;

/// A page of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub struct Incidents {
    /// The incidents, newest first.
    pub incidents: Vec<Incident>,
}

/// A breach of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Incident {
    /// Its identity within the project.
    pub id: String,
    /// The rule, `R1` to `R5`.
    #[schema(example = "R1")]
    pub rule: String,
    /// What sort of breach it is.
    pub code: String,
    /// What it is about: a tag, a digest, a cell.
    pub subject: String,
    /// The environment; null if it is about none.
    #[schema(required)]
    pub environment: Option<Name>,
    /// The service; null if it is about none.
    #[schema(required)]
    pub service: Option<Name>,
    /// The digest; null if it is about none.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// The commit; null if it is about none.
    #[schema(required)]
    pub commit: Option<CommitSha>,
    /// Since when, RFC 3339.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// Until when, RFC 3339; null while it is open.
    #[schema(required, format = DateTime)]
    pub resolved_at: Option<String>,
    /// What happened.
    pub message: String,
    /// The SHA-256s of the evidence that says so.
    pub evidence: Vec<String>,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
    /// Who has, oldest first.
    pub acknowledgements: Vec<Acknowledgement>,
    /// What `If-Match` has to name to acknowledge it as it is shown here.
    pub etag: String,
}

/// That somebody has seen an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who.
    pub actor: String,
    /// What they had to say; null if nothing.
    #[schema(required)]
    pub note: Option<String>,
}

/// Which incidents are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Those that last.
    #[default]
    Open,
    /// Those that are over.
    Resolved,
    /// All.
    All,
}

/// The key of a page's last incident: when it was opened, and its id.
pub type IncidentKey = (i64, String);

/// At most `limit` incidents after the key, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: IncidentFilter<'_>,
    after: Option<&IncidentKey>,
    limit: usize,
) -> Result<Paged<Incident, IncidentKey>, StoreError> {
    let before = after.map_or((i64::MAX, ""), |(at, id)| (*at, id.as_str()));
    let Snapshot { session, project, .. } = snapshot;
    let rows = session.incidents(project, filter, before, one_more(limit)).await?;
    Paged::of(rows, limit, |seen| (seen.incident.opened_at, seen.incident.id.clone())).try_map(Incident::of)
}

/// One incident; none if there is none of that id.
///
/// # Errors
/// When the database cannot be asked.
pub async fn find(snapshot: &mut Snapshot, id: &str) -> Result<Option<Incident>, StoreError> {
    let row = snapshot.session.incident(&snapshot.project, id).await?;
    row.map(Incident::of).transpose()
}

/// The strong ETag of an incident: another one whenever anything about it is different, and the same in each
/// process and after each rebuild otherwise.
pub fn etag(seen: &SeenIncident) -> String {
    let row = &seen.incident;
    let last = seen.acknowledgements.last().map(|acknowledgement| acknowledgement.id);
    let shown = serde_json::json!([
        row.id,
        row.rule,
        row.code,
        row.subject,
        row.environment,
        row.service,
        row.digest,
        row.commit_sha,
        row.opened_at,
        row.resolved_at,
        row.message,
        row.evidence,
        last,
    ]);
    let hash = Sha256::digest(shown.to_string().as_bytes());
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"incident-{digits}\"")
}

impl Incident {
    /// An incident as it is shown.
    ///
    /// # Errors
    /// When a stored value is not what we wrote there.
    pub fn of(seen: SeenIncident) -> Result<Self, StoreError> {
        let etag = etag(&seen);
        let row = seen.incident;
        let acknowledgements = seen.acknowledgements.into_iter().map(|acknowledgement| {
            Ok::<_, StoreError>(Acknowledgement {
                at: clock::stored(acknowledgement.at)?,
                actor: acknowledgement.actor,
                note: acknowledgement.note,
            })
        });
        let acknowledgements: Vec<_> = acknowledgements.collect::<Result<_, _>>()?;
        Ok(Self {
            id: row.id,
            rule: row.rule,
            code: row.code,
            subject: row.subject,
            environment: parsed(row.environment)?,
            service: parsed(row.service)?,
            digest: parsed(row.digest)?,
            commit: parsed(row.commit_sha)?,
            opened_at: clock::stored(row.opened_at)?,
            resolved_at: row.resolved_at.map(clock::stored).transpose()?,
            message: row.message,
            evidence: serde_json::from_str(&row.evidence).map_err(StoreError::corrupt)?,
            acknowledged: !acknowledgements.is_empty(),
            acknowledgements,
            etag,
        })
    }
}

fn parsed<T>(text: Option<String>) -> Result<Option<T>, StoreError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.map(|text| text.parse().map_err(StoreError::corrupt)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AcknowledgementRow, IncidentRow};

    fn row() -> SeenIncident {
        let incident = IncidentRow {
            project: "shop".to_owned(),
            id: "i1".to_owned(),
            rule: "R1".to_owned(),
            code: "published_on_red".to_owned(),
            dedupe_key: "k".to_owned(),
            scope: "s".to_owned(),
            subject: "latest".to_owned(),
            environment: None,
            service: None,
            digest: None,
            commit_sha: None,
            opened_at: 1,
            resolved_at: None,
            message: "m".to_owned(),
            evidence: "[]".to_owned(),
        };
        SeenIncident { incident, acknowledgements: Vec::new() }
    }

    #[test]
    fn the_tag_follows_what_is_shown() {
        let acknowledgement = AcknowledgementRow { id: 1, at: 2, actor: "ada".to_owned(), note: None };
        let acknowledged = SeenIncident { acknowledgements: vec![acknowledgement], ..row() };
        let mut resolved = row();
        resolved.incident.resolved_at = Some(9);
        let tags = [row(), acknowledged, resolved].map(|row| etag(&row));
        assert_eq!(tags[0], etag(&row()));
        assert!(tags[0] != tags[1] && tags[0] != tags[2] && tags[1] != tags[2], "{tags:?}");
        assert!(tags[0].starts_with("\"incident-") && tags[0].ends_with('"'));
    }
}
