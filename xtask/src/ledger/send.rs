//! Sends documents in batches, and notes what the ledger has.

use super::batch::{Reply, Status};
use super::call::FieldError;
use super::client::Ledger;
use super::sent::Sent;
use crate::error::{Exit, Problem};
use evidence::Evidence;

/// The most documents in one batch, as the ledger takes them.
const MOST: usize = 500;
/// The most bytes in one batch. The ledger takes a little more.
const LARGEST: usize = 4 << 20;

/// What came of sending.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Documents that were new to the ledger.
    pub recorded: usize,
    /// Documents that it had already.
    pub duplicate: usize,
    /// Documents that it does not take, by their place in what was to be sent.
    pub rejected: Vec<(usize, Vec<FieldError>)>,
    /// Documents that are not known to be there.
    pub left: usize,
    /// Why sending ended before its end.
    pub failure: Option<Problem>,
}

/// Sends these documents. The first batch that cannot be sent ends it.
pub fn send(ledger: &mut Ledger, sent: &Sent, documents: &[Evidence]) -> Outcome {
    let mut outcome = Outcome { left: documents.len(), ..Outcome::default() };
    // The last one is the next to go.
    let mut waiting: Vec<std::ops::Range<usize>> = batches(documents);
    waiting.reverse();
    while let Some(range) = waiting.pop() {
        let batch: Vec<&Evidence> = documents[range.clone()].iter().collect();
        match ledger.post(&batch) {
            Ok(Reply::Each(all)) => {
                for (at, status) in range.zip(all) {
                    if let Err(problem) = outcome.take(sent, at, &documents[at], status) {
                        outcome.failure.get_or_insert(problem);
                    }
                }
            }
            Ok(Reply::TooLarge) if range.len() > 1 => {
                let middle = range.start + range.len() / 2;
                waiting.extend([middle..range.end, range.start..middle]);
            }
            Ok(Reply::TooLarge) => {
                let detail = "the ledger, or a proxy before it, takes no document of this size".to_owned();
                outcome.rejected.push((range.start, vec![FieldError { pointer: String::new(), detail }]));
            }
            Err(problem) => outcome.failure = Some(problem),
        }
        if outcome.failure.is_some() {
            break;
        }
    }
    outcome
}

impl Outcome {
    fn take(&mut self, sent: &Sent, at: usize, document: &Evidence, status: Status) -> Result<(), Problem> {
        match status {
            Status::Recorded => self.recorded += 1,
            Status::Duplicate => self.duplicate += 1,
            Status::Rejected(errors) => {
                self.rejected.push((at, errors));
                return Ok(());
            }
            Status::Unsaid => {
                let what = format!("the ledger said nothing, or something else, about {}", document.sha256());
                return Err(Problem::new(Exit::Failed, what));
            }
        }
        self.left -= 1;
        sent.note(&document.sha256()).map_err(|error| Problem::new(Exit::Failed, format!("{error:#}")))
    }
}

/// Neighbours that fit into one batch.
fn batches(documents: &[Evidence]) -> Vec<std::ops::Range<usize>> {
    let (mut all, mut start, mut size) = (Vec::new(), 0, 0);
    for (at, document) in documents.iter().enumerate() {
        let own = document.canonical_json().len() + 1;
        if at > start && (at - start >= MOST || size + own > LARGEST) {
            all.push(start..at);
            (start, size) = (at, 0);
        }
        size += own;
    }
    if start < documents.len() {
        all.push(start..documents.len());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::{Claim, Digest};

    fn document(size: usize) -> Evidence {
        let claim = Claim::ImageBuilt {
            commit: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
            digest: Digest::of(b""),
            platforms: vec!["x".repeat(size)],
            size_bytes: 1,
            milliseconds: None,
            cache: None,
            schema_range: None,
        };
        Evidence::new("p".parse().unwrap(), time::OffsetDateTime::UNIX_EPOCH, claim)
    }

    #[test]
    fn batches_have_at_most_that_many_documents_and_bytes() {
        let small = vec![document(1); 1001];
        assert_eq!(batches(&small), [0..500, 500..1000, 1000..1001]);
        let large = [document(3 << 20), document(2 << 20), document(1 << 20), document(5 << 20), document(1)];
        assert_eq!(batches(&large), [0..1, 1..3, 3..4, 4..5]);
        assert!(batches(&[]).is_empty());
    }
}
