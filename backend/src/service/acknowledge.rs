//! Somebody has seen an incident, and says so.

use super::incident::{self, Incident};
use super::{clock, token::Access};
use crate::field::FieldError;
use crate::store::{AuditRow, Lock, Store, StoreError};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The most characters of a note.
const LONGEST_NOTE: usize = 2000;

/// What goes with it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledging {
    /// What there is to say, 1 to 2000 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000, nullable = false)]
    pub note: Option<String>,
}

/// Why it was not written down.
#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    /// There is no such incident.
    #[error("there is no such incident")]
    Unknown,
    /// It is not what the caller has seen; this is its ETag now.
    #[error("the incident is {0} by now")]
    Stale(String),
    /// The database could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a body says nothing of use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It is JSON of another form.
    #[error("the body is not an acknowledgement")]
    OtherForm(FieldError),
}

/// Reads what goes with it; nothing at all is fine.
///
/// # Errors
/// When it is not JSON, or the place where it is wrong.
pub fn read(body: &[u8]) -> Result<Acknowledging, BodyError> {
    if body.is_empty() {
        return Ok(Acknowledging::default());
    }
    let wrong = |pointer: &str, detail: String| {
        BodyError::OtherForm(FieldError { pointer: pointer.to_owned(), detail })
    };
    let value: Value = serde_json::from_slice(body).map_err(|error| BodyError::NotJson(error.to_string()))?;
    // serde would also take a list of the fields' values.
    if value.is_null() {
        return Ok(Acknowledging::default());
    }
    if !value.is_object() {
        return Err(wrong("", "expected an object".to_owned()));
    }
    let read: Acknowledging = serde_path_to_error::deserialize(value)
        .map_err(|error| BodyError::OtherForm(FieldError::of("", 0, &error)))?;
    let note = read.note.as_deref().unwrap_or("-");
    let length = note.chars().count();
    if !(1..=LONGEST_NOTE).contains(&length) {
        return Err(wrong("/note", format!("expected 1 to {LONGEST_NOTE} characters, got {length}")));
    }
    if note.contains('\0') {
        return Err(wrong("/note", "expected text without the character U+0000".to_owned()));
    }
    Ok(read)
}

/// Writes it down, if the incident is still what the caller has seen: `seen` is asked about its ETag.
///
/// # Errors
/// When there is no such incident, it has changed, or the database refuses.
pub async fn acknowledge(
    store: &Store,
    access: &Access,
    id: &str,
    seen: impl FnOnce(&str) -> bool,
    what: &Acknowledging,
) -> Result<Incident, AcknowledgeError> {
    let project = &access.project;
    // Of two who saw the same, one comes later and has not seen the other.
    let mut session = store.write(Lock::Incidents).await?;
    let row = session.incident(project, id).await?.ok_or(AcknowledgeError::Unknown)?;
    let present = incident::etag(&row);
    if !seen(&present) {
        return Err(AcknowledgeError::Stale(present));
    }
    let (at, actor, note) = (clock::now(), format!("pb_{}", access.token_id), what.note.as_deref());
    session.insert_acknowledgement(project, id, at, &actor, note).await?;
    let detail =
        serde_json::json!({"rule": row.incident.rule, "subject": row.incident.subject, "note": note})
            .to_string();
    session
        .audit(&AuditRow {
            at,
            project: Some(project.as_str()),
            actor: &actor,
            action: "incident.acknowledge",
            subject: id,
            detail: Some(&detail),
        })
        .await?;
    let row = session.incident(project, id).await?.ok_or(AcknowledgeError::Unknown)?;
    session.commit().await?;
    Ok(Incident::of(row)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_may_be_left_out_and_must_be_text() {
        for (body, note) in [("", None), ("null", None), ("{}", None), (r#" {"note":"seen"} "#, Some("seen"))]
        {
            assert_eq!(read(body.as_bytes()).unwrap().note.as_deref(), note, "{body}");
        }
        let long = format!(r#"{{"note":"{}"}}"#, "é".repeat(LONGEST_NOTE + 1));
        for (body, pointer) in [
            ("[]", ""),
            (r#"{"note":7}"#, "/note"),
            (r#"{"note":""}"#, "/note"),
            (r#"{"note":"\u0000"}"#, "/note"),
            (r#"{"nota":"x"}"#, "/nota"),
            (&long, "/note"),
        ] {
            let error = read(body.as_bytes()).unwrap_err();
            assert!(
                matches!(&error, BodyError::OtherForm(field) if field.pointer == pointer),
                "{body}: {error:?}"
            );
        }
        for body in [&b"{"[..], b"{} {}", b"seen", b"{\"note\":\"\xff\"}", &b"[".repeat(100_000)] {
            assert!(matches!(read(body), Err(BodyError::NotJson(_))), "{body:?}");
        }
    }
}
