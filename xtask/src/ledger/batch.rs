//! A batch of evidence, and what the ledger says became of it.

use super::call::{Answer, FieldError, Method, Stumble};
use super::client::{Ledger, Request};
use super::right::Right;
use crate::error::Problem;
use crate::secret::Redactor;
use evidence::Evidence;
use serde::Deserialize;

/// What the ledger says to a batch.
#[derive(Debug)]
pub enum Reply {
    /// What became of each document, in order.
    Each(Vec<Status>),
    /// Something on the way takes no batch of this size.
    TooLarge,
}

/// What became of a document.
#[derive(Clone, Debug)]
pub enum Status {
    /// It is new, and durable.
    Recorded,
    /// It was there already.
    Duplicate,
    /// It is no evidence, for these reasons.
    Rejected(Vec<FieldError>),
    /// The ledger said nothing about it.
    Unsaid,
}

#[derive(Deserialize)]
struct Report {
    results: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    status: String,
    sha256: Option<String>,
    #[serde(default)]
    errors: Vec<FieldError>,
}

impl Ledger {
    /// Posts a batch until the ledger has said what became of it.
    ///
    /// # Errors
    /// When it cannot be asked, or refuses the batch as a whole. Nothing is known then of what it recorded.
    pub fn post(&mut self, batch: &[&Evidence]) -> Result<Reply, Problem> {
        let documents: Vec<String> = batch.iter().map(|document| document.canonical_json()).collect();
        let request = Request {
            method: Method::Post,
            path: "/v1/evidence".to_owned(),
            body: format!("{{\"evidence\":[{}]}}", documents.join(",")),
            right: Right::Write,
        };
        let reply = self.ask(&request, |answer, redactor| match answer.status {
            200 => Some(read(batch, answer, redactor).map(Reply::Each)),
            413 => Some(Ok(Reply::TooLarge)),
            _ => None,
        });
        Ok(reply?)
    }
}

/// What became of each document. What the ledger says of another document than ours is not believed.
fn read(batch: &[&Evidence], answer: &Answer, redactor: &Redactor) -> Result<Vec<Status>, Stumble> {
    let report: Report = answer.json()?;
    let mut all = vec![Status::Unsaid; batch.len()];
    for item in report.results {
        let Some(document) = batch.get(item.index) else { continue };
        let ours = item.sha256.is_some_and(|sha256| sha256 == document.sha256());
        all[item.index] = match item.status.as_str() {
            "recorded" if ours => Status::Recorded,
            "duplicate" if ours => Status::Duplicate,
            "rejected" => {
                let prefix = format!("/evidence/{}", item.index);
                let own = |error: FieldError| {
                    let pointer = error.pointer.strip_prefix(&prefix).unwrap_or(&error.pointer);
                    FieldError { pointer: redactor.clean(pointer), detail: redactor.clean(&error.detail) }
                };
                Status::Rejected(item.errors.into_iter().map(own).collect())
            }
            _ => Status::Unsaid,
        };
    }
    Ok(all)
}
