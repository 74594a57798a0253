//! Makes evidence of what GitHub sent.
//!
//! Deliveries are taken in batches. What they tell is appended, and what became of them is written, in one
//! transaction: a worker that dies in between has done nothing, and the next one does it again.

mod reading;

use super::clock;
use super::log::{self, Provenance, Trust};
use crate::github::{Hook, RegistryHint};
use crate::store::{DeliveryOutcome, Lock, PendingDelivery, Session, Store, StoreError};
use evidence::{Claim, Evidence, Name, Timestamp};
use reading::Reading;
use std::collections::{HashMap, HashSet};

/// How many deliveries one transaction takes.
const BATCH: i64 = 500;

/// How many bytes of them, about.
const BATCH_BYTES: i64 = 16 * 1024 * 1024;

/// How often a delivery is tried.
const ATTEMPTS: i64 = 5;

/// How long after a hint a registry is looked at. A published index comes as several hints at once.
const HINT_DELAY: i64 = 2_000_000;

const SECOND: i64 = 1_000_000;

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processed {
    /// How many deliveries it took.
    pub deliveries: usize,
    /// How many documents were new.
    pub recorded: usize,
    /// How many deliveries could not be made evidence of; they are tried again, or given up.
    pub failed: usize,
}

/// Why nothing of some deliveries was taken.
struct Refused {
    /// Which, with how often they had been tried.
    deliveries: Vec<(i64, i64)>,
    error: StoreError,
}

/// Takes the next deliveries, if any are due. Several may do this at once, and each delivery counts once.
///
/// # Errors
/// When the database cannot take it; then nothing has changed.
pub async fn process_next(store: &Store) -> Result<Processed, StoreError> {
    match process(store, BATCH).await {
        // One of them may be what the database refuses. It must not hold up the others.
        Err(Refused { deliveries, error: StoreError::Internal(_) }) if !deliveries.is_empty() => {
            process_singly(store, deliveries.len()).await
        }
        done => done.map_err(|refused| refused.error),
    }
}

/// A batch again, each delivery in a transaction of its own.
async fn process_singly(store: &Store, count: usize) -> Result<Processed, StoreError> {
    let mut sum = Processed::default();
    for _ in 0..count {
        let one = match process(store, 1).await {
            Ok(one) => one,
            Err(Refused { deliveries, error: StoreError::Internal(error) }) if !deliveries.is_empty() => {
                put_off(store, &deliveries, &error).await?
            }
            Err(refused) => return Err(refused.error),
        };
        if one.deliveries == 0 {
            break;
        }
        sum.deliveries += one.deliveries;
        sum.recorded += one.recorded;
        sum.failed += one.failed;
    }
    Ok(sum)
}

/// Counts an attempt that failed.
async fn put_off(store: &Store, deliveries: &[(i64, i64)], error: &str) -> Result<Processed, StoreError> {
    let mut session = store.write(Lock::None).await?;
    for (id, attempts) in deliveries {
        session.put_off_delivery(&failed(*id, *attempts, error)).await?;
    }
    session.commit().await?;
    Ok(Processed { deliveries: deliveries.len(), recorded: 0, failed: deliveries.len() })
}

async fn process(store: &Store, limit: i64) -> Result<Processed, Refused> {
    let none = |error| Refused { deliveries: Vec::new(), error };
    // Reading needs no lock on the log. In Postgres the rows are this transaction's own from here on.
    let begun = if store.is_postgres() { store.write(Lock::None).await } else { store.read().await };
    let mut session = begun.map_err(none)?;
    let due = session.due_deliveries(clock::now(), limit, BATCH_BYTES).await.map_err(none)?;
    if due.is_empty() {
        return Ok(Processed::default());
    }
    let deliveries = due.iter().map(|delivery| (delivery.id, delivery.attempts)).collect();
    match process_due(store, session, due).await {
        Ok(processed) => Ok(processed),
        Err(error) => Err(Refused { deliveries, error }),
    }
}

async fn process_due(
    store: &Store,
    mut session: Session,
    due: Vec<PendingDelivery>,
) -> Result<Processed, StoreError> {
    let readings = tokio::task::spawn_blocking(move || reading::read_all(due)).await;
    let mut readings = readings.map_err(|error| StoreError::Internal(error.to_string()))?;
    // From here on nobody else appends, and nobody connects a repository: one that is not known now is asked for
    // again by whoever connects it.
    if store.is_postgres() {
        session.take(Lock::Ledger).await?;
    } else {
        drop(session);
        session = store.write(Lock::Ledger).await?;
        let ids: Vec<_> = readings.iter().map(|reading| reading.id).collect();
        let waiting: HashSet<_> = session.still_pending(&ids).await?.into_iter().collect();
        readings.retain(|reading| waiting.contains(&reading.id));
    }
    let processed = record(&mut session, readings).await?;
    session.commit().await?;
    Ok(processed)
}

/// What is to become of a delivery.
enum Verdict {
    /// It tells these facts of a project, and that these repositories of a registry are worth a look.
    Keep(Name, Vec<Evidence>, Vec<RegistryHint>),
    /// There is nothing to keep, for this reason.
    Ignore(String),
    /// It could not be read, for this reason.
    Fail(String),
}

async fn record(session: &mut Session, readings: Vec<Reading>) -> Result<Processed, StoreError> {
    let projects = session.repository_projects().await?;
    let mut documents = Vec::new();
    let mut outcomes = Vec::with_capacity(readings.len());
    let mut worth_a_look = HashSet::new();
    for Reading { id, guid, attempts, read } in readings {
        outcomes.push(match judge(read, &projects) {
            Verdict::Keep(project, told, hints) => {
                let source = Provenance { trust: Trust::Webhook, token_id: None, source: Some(guid) };
                documents.extend(told.into_iter().map(|evidence| (evidence, source.clone())));
                worth_a_look.extend(hints.into_iter().map(|hint| (project.clone(), hint.repository)));
                settled(id, attempts, "processed", None)
            }
            Verdict::Ignore(why) => settled(id, attempts, "ignored", Some(why)),
            Verdict::Fail(error) => failed(id, attempts, &error),
        });
    }
    let appended = log::append(session, &documents).await?;
    for (project, repository) in worth_a_look {
        session.hasten_registry(&project, &repository, clock::now() + HINT_DELAY).await?;
    }
    session.settle_deliveries(&outcomes).await?;
    Ok(Processed {
        deliveries: outcomes.len(),
        recorded: appended.iter().filter(|appended| appended.new).count(),
        failed: outcomes.iter().filter(|outcome| matches!(outcome.state, "pending" | "failed")).count(),
    })
}

fn judge(read: Result<Hook, String>, projects: &HashMap<i64, Name>) -> Verdict {
    let Hook { repository_id, facts, .. } = match read {
        Ok(hook) => hook,
        Err(error) => return Verdict::Fail(error),
    };
    if facts.claims.is_empty() && facts.hints.is_empty() {
        return Verdict::Ignore("it tells nothing that is kept".to_owned());
    }
    let project = match project_of(repository_id, projects) {
        Ok(project) => project,
        Err(why) => return Verdict::Ignore(why),
    };
    match documents_of(project, facts.claims) {
        Ok(documents) => Verdict::Keep(project.clone(), documents, facts.hints),
        Err(error) => Verdict::Fail(error),
    }
}

/// The project that an event belongs to, or why there is none.
fn project_of(repository_id: Option<u64>, projects: &HashMap<i64, Name>) -> Result<&Name, String> {
    let id = repository_id.ok_or("it names no repository")?;
    let project = i64::try_from(id).ok().and_then(|id| projects.get(&id));
    project.ok_or_else(|| {
        format!("the repository {id} is not connected; `portbook admin github connect` connects it")
    })
}

/// Claims as documents of a project.
pub(super) fn documents_of(project: &Name, claims: Vec<(Timestamp, Claim)>) -> Result<Vec<Evidence>, String> {
    let documents = claims.into_iter().map(|(occurred_at, claim)| {
        let evidence = Evidence::new(project.clone(), occurred_at.instant(), claim);
        evidence.validate().map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            errors.join("; ")
        })?;
        Ok(evidence)
    });
    documents.collect()
}

fn settled(id: i64, attempts: i64, state: &'static str, error: Option<String>) -> DeliveryOutcome {
    DeliveryOutcome { id, state, attempts: attempts + 1, next_attempt_at: clock::now(), error }
}

/// It is tried again later, and given up after some times: a newer worker may know what this one does not.
fn failed(id: i64, attempts: i64, error: &str) -> DeliveryOutcome {
    let attempts = attempts + 1;
    let state = if attempts < ATTEMPTS { "pending" } else { "failed" };
    let error = error.chars().take(500).collect();
    DeliveryOutcome {
        id,
        state,
        attempts,
        next_attempt_at: clock::now() + pause(attempts),
        error: Some(error),
    }
}

/// How long to wait after that many attempts: 10 seconds, one minute, six, and half an hour.
fn pause(attempts: i64) -> i64 {
    match attempts {
        ..=1 => 10 * SECOND,
        2 => 60 * SECOND,
        3 => 360 * SECOND,
        _ => 1800 * SECOND,
    }
}
