//! The log: evidence is appended, each project's in a hash chain of its own.
//!
//! The chain begins with the SHA-256 of `portbook.chain/v1`, a line feed and the project's name. A row's `prev_hash` is the
//! chain's hash before it; the hash after it is the SHA-256 of that hash and the row's own SHA-256, both as 64 hexadecimal
//! digits, one after the other. Whoever has the export can check that nothing was changed, left out or put in between.

use super::clock;
use crate::store::{NewEvidence, Session, Store, StoreError};
use evidence::Evidence;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};

/// How a document came to us.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// Who vouches for it.
    pub trust: Trust,
    /// The token that it came with.
    pub token_id: Option<String>,
    /// What it came by: a delivery's GUID, the claims of a workflow's token as JSON, or what was asked.
    pub source: Option<String>,
}

/// Who vouches for a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Whoever holds a token of ours.
    Token,
    /// A workflow, by a token that its own signed one was exchanged for.
    Oidc,
    /// GitHub, by a signed webhook.
    Webhook,
    /// The ledger itself: it asked.
    Poll,
}

impl Trust {
    /// The word as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Oidc => "oidc",
            Self::Webhook => "webhook",
            Self::Poll => "poll",
        }
    }
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its identity.
    pub sha256: String,
    /// Whether it was not there before.
    pub new: bool,
}

/// Appends documents in their order, within a transaction that has the log to itself
/// ([`Lock::Ledger`](crate::store::Lock::Ledger)). They are durable once that is committed.
///
/// # Errors
/// When the database refuses.
pub async fn append(
    session: &mut Session,
    documents: &[(Evidence, Provenance)],
) -> Result<Vec<Appended>, StoreError> {
    let hashed: Vec<_> = documents.iter().map(|(evidence, _)| evidence.hashed()).collect();
    let keys: Vec<_> = documents
        .iter()
        .zip(&hashed)
        .map(|((evidence, _), (_, sha256))| (evidence.project.as_str(), sha256.as_str()))
        .collect();
    let known = session.known_evidence(&keys).await?;
    let mut seen = HashSet::new();
    let mut appended = Vec::with_capacity(documents.len());
    for key in &keys {
        let new = !known.contains(&(key.0.to_owned(), key.1.to_owned())) && seen.insert(*key);
        appended.push(Appended { sha256: key.1.to_owned(), new });
    }
    if seen.is_empty() {
        return Ok(appended);
    }
    let mut heads = heads(session).await?;
    let recorded_at = clock::now();
    let subjects: Vec<_> = documents.iter().map(|(evidence, _)| evidence.claim.subject()).collect();
    let mut previous = Vec::with_capacity(documents.len());
    for (key, appended) in keys.iter().zip(&appended) {
        let head = heads.entry(key.0.to_owned()).or_insert_with(|| genesis(key.0));
        previous.push(head.clone());
        if appended.new {
            *head = link(head, key.1);
        }
    }
    let rows: Vec<_> = (0..documents.len())
        .filter(|index| appended[*index].new)
        .map(|index| {
            let (evidence, provenance) = &documents[index];
            NewEvidence {
                project: evidence.project.as_str(),
                kind: evidence.claim.kind(),
                sha256: &hashed[index].1,
                subject: &subjects[index],
                body: &hashed[index].0,
                trust: provenance.trust.as_str(),
                token_id: provenance.token_id.as_deref(),
                source: provenance.source.as_deref(),
                occurred_at: clock::micros(evidence.occurred_at),
                recorded_at,
                prev_hash: &previous[index],
            }
        })
        .collect();
    session.insert_evidence(&rows).await?;
    let moved: HashSet<_> = rows.iter().map(|row| row.project).collect();
    let ends: Vec<_> =
        moved.iter().filter_map(|project| Some((*project, heads.get(*project)?.as_str()))).collect();
    session.set_chain_heads(&ends).await?;
    Ok(appended)
}

/// The ends of all chains. What an older version of the program appended in the meantime is taken along.
async fn heads(session: &mut Session) -> Result<HashMap<String, String>, StoreError> {
    const BATCH: i64 = 1000;
    let mut heads = session.chain_heads().await?;
    let mut tail = session.chain_tail().await?;
    loop {
        let rows = session.unchained(tail, BATCH).await?;
        let Some(last) = rows.last() else {
            return Ok(heads);
        };
        tail = last.0;
        for (_, project, sha256) in rows {
            let head = heads.entry(project).or_insert_with_key(|project| genesis(project));
            *head = link(head, &sha256);
        }
    }
}

/// What is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    /// The row.
    pub seq: i64,
    /// Its project.
    pub project: String,
    /// What was found.
    pub detail: String,
}

/// The log, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many rows there are.
    pub rows: usize,
    /// What is wrong with them; nothing, if all is well.
    pub broken: Vec<BrokenLink>,
}

/// Checks every row: its text against its SHA-256, and its place in the chain.
///
/// # Errors
/// When the database cannot be read.
pub async fn verify(store: &Store) -> Result<Verified, StoreError> {
    const BATCH: i64 = 1000;
    let mut broken = Vec::new();
    let mut count = 0;
    let mut heads: HashMap<String, String> = HashMap::new();
    let mut session = store.read().await?;
    let mut seq = 0;
    loop {
        let rows = session.evidence_after(seq, BATCH).await?;
        let Some(last) = rows.last() else { break };
        seq = last.seq;
        count += rows.len();
        for row in rows {
            let mut wrong = |detail: &str| {
                broken.push(BrokenLink {
                    seq: row.seq,
                    project: row.project.clone(),
                    detail: detail.to_owned(),
                });
            };
            if sha256_hex(&[row.body.as_bytes()]) != row.sha256 {
                wrong("its text does not have the SHA-256 that it is known by");
            }
            let head = heads.entry(row.project.clone()).or_insert_with_key(|project| genesis(project));
            if row.prev_hash.as_ref().is_some_and(|previous| previous != head) {
                wrong("the chain before it is not the one that it was appended to");
            }
            *head = link(head, &row.sha256);
        }
    }
    let stored = session.chain_heads().await?;
    for (project, hash) in stored {
        if session.chain_tail().await? == seq && heads.get(&project) != Some(&hash) {
            let detail = "the chain does not end where it should: rows are missing".to_owned();
            broken.push(BrokenLink { seq, project, detail });
        }
    }
    Ok(Verified { rows: count, broken })
}

fn genesis(project: &str) -> String {
    sha256_hex(&[b"portbook.chain/v1\n", project.as_bytes()])
}

fn link(head: &str, sha256: &str) -> String {
    sha256_hex(&[head.as_bytes(), sha256.as_bytes()])
}

fn sha256_hex(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    super::token::hex(&hash.finalize())
}
