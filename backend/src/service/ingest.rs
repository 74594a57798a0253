//! Takes evidence in.

use super::claim;
use super::intake::Intake;
use super::oidc;
use super::token::Access;
pub use crate::field::FieldError;
use crate::store::StoreError;
use evidence::Evidence;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The most documents in one batch.
pub const BATCH_LIMIT: usize = 500;

/// What became of each document of a batch, in the batch's order.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestReport {
    /// One result per document.
    pub results: Vec<ItemResult>,
}

/// What became of one document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemResult {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// What became of it.
    pub status: ItemStatus,
    /// Its identity; null if it was rejected.
    #[schema(required, pattern = "^[a-f0-9]{64}$")]
    pub sha256: Option<String>,
    /// Why it was rejected; empty if it was not.
    pub errors: Vec<FieldError>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// It is new, and durable.
    Recorded,
    /// It was there already, and is durable.
    Duplicate,
    /// It is no evidence; the others of its batch are not touched by that.
    Rejected,
}

/// Why a whole batch was refused; nothing of it was recorded.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but no batch.
    #[error("the body is not a batch of evidence")]
    NotABatch(FieldError),
    /// Documents of another project than the token's.
    #[error("the token is for another project")]
    OtherProject(Vec<FieldError>),
    /// The database could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    // Kept as text, so that one bad document does not take the others with it.
    #[serde(borrow)]
    evidence: Vec<&'a RawValue>,
}

/// Records a batch. When this returns well, all that it calls recorded or duplicate is durable.
///
/// # Errors
/// When the batch as a whole is refused.
pub async fn ingest(intake: &Intake, access: &Access, body: &[u8]) -> Result<IngestReport, IngestError> {
    let items = read_batch(body)?;
    let parsed: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(index, raw)| claim::read(&format!("/evidence/{index}"), raw.get()))
        .collect();
    let foreign: Vec<_> = parsed
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((index, item.as_ref().ok()?)))
        .filter(|(_, evidence)| evidence.project != access.project)
        .map(|(index, evidence)| FieldError {
            pointer: format!("/evidence/{index}/project"),
            detail: format!("the token is for {}, not for {}", access.project, evidence.project),
        })
        .collect();
    if !foreign.is_empty() {
        return Err(IngestError::OtherProject(foreign));
    }
    let believed = parsed.into_iter().enumerate().map(|(index, item)| {
        let evidence = item?;
        let errors = oidc::contradictions(access, &evidence.claim, &format!("/evidence/{index}"));
        if errors.is_empty() { Ok(evidence) } else { Err(errors) }
    });
    let results = record(intake, access, body.len(), believed.collect()).await?;
    Ok(IngestReport { results })
}

fn read_batch(body: &[u8]) -> Result<Vec<&RawValue>, IngestError> {
    let text = std::str::from_utf8(body).map_err(|error| IngestError::NotJson(error.to_string()))?;
    let not_a_batch = |pointer: &str, detail: String| {
        IngestError::NotABatch(FieldError { pointer: pointer.to_owned(), detail })
    };
    let batch: Batch<'_> = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            not_a_batch("", error.to_string())
        } else {
            IngestError::NotJson(error.to_string())
        }
    })?;
    // serde would also take a list with the one field's value.
    if !text.trim_start().starts_with('{') {
        return Err(not_a_batch("", "expected an object".to_owned()));
    }
    let count = batch.evidence.len();
    if count == 0 || count > BATCH_LIMIT {
        let detail = format!("expected 1 to {BATCH_LIMIT} documents, got {count}");
        return Err(not_a_batch("/evidence", detail));
    }
    Ok(batch.evidence)
}

async fn record(
    intake: &Intake,
    access: &Access,
    bytes: usize,
    parsed: Vec<Result<Evidence, Vec<FieldError>>>,
) -> Result<Vec<ItemResult>, StoreError> {
    let mut results = Vec::with_capacity(parsed.len());
    if parsed.iter().all(Result::is_err) {
        results.extend(
            parsed
                .into_iter()
                .enumerate()
                .map(|(index, item)| rejected(index, item.err().unwrap_or_default())),
        );
        return Ok(results);
    }
    let provenance = access.provenance();
    let mut documents = Vec::with_capacity(parsed.len());
    for (index, item) in parsed.into_iter().enumerate() {
        match item {
            Ok(evidence) => {
                results.push(ItemResult {
                    index,
                    status: ItemStatus::Recorded,
                    sha256: None,
                    errors: Vec::new(),
                });
                documents.push((evidence, provenance.clone()));
            }
            Err(errors) => results.push(rejected(index, errors)),
        }
    }
    let appended = intake.append(documents, bytes).await?;
    let taken = results.iter_mut().filter(|result| result.status == ItemStatus::Recorded);
    for (result, appended) in taken.zip(appended) {
        result.sha256 = Some(appended.sha256);
        if !appended.new {
            result.status = ItemStatus::Duplicate;
        }
    }
    Ok(results)
}

fn rejected(index: usize, errors: Vec<FieldError>) -> ItemResult {
    ItemResult { index, status: ItemStatus::Rejected, sha256: None, errors }
}
