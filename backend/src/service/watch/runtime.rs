//! Looks at what runs, by asking each service what it is.

use super::version::Version;
use super::worth::{CONFIRM_AFTER, Worth, confirms, judge};
use super::{SECOND, clip, seen};
use crate::net::{self, Client, NetError};
use crate::service::{clock, log};
use crate::store::{Lock, Looked, RuntimeRow, Session, Store, StoreError};
use evidence::{Claim, Evidence, RuntimeObserved, Timestamp};
use std::time::Duration;
use tokio::task::JoinSet;

/// How many services are asked at once.
const AT_ONCE: i64 = 16;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a claim lasts: longer than an answer takes, with the writing of it.
const CLAIM: i64 = 30 * SECOND;

/// The most bytes of an answer.
const ANSWER_LIMIT: usize = 64 * 1024;

/// How many failures in a row make a service unreachable. One is what a restart looks like.
const UNREACHABLE_AFTER: i64 = 3;

/// Asks the services that are due; answers how many. `interval` is the time between questions.
///
/// # Errors
/// When the database cannot be used. That a service does not answer is no error, but an observation.
pub async fn look_at_runtimes(
    store: &Store,
    client: &Client,
    interval: Duration,
    now: i64,
) -> Result<usize, StoreError> {
    if !store.read().await?.is_look_due(false, now).await? {
        return Ok(0);
    }
    let mut session = store.write(Lock::None).await?;
    let claimed = session.claim_runtimes(now, now + CLAIM, AT_ONCE).await?;
    session.commit().await?;
    let interval = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
    let mut looks = JoinSet::new();
    for row in claimed {
        let (store, client) = (store.clone(), client.clone());
        looks.spawn(async move {
            let answer = ask(&client, &row.url).await;
            settle(&store, &row, answer, interval, now).await
        });
    }
    let mut done = 0;
    let mut failed = None;
    while let Some(look) = looks.join_next().await {
        match look {
            Ok(Ok(())) => done += 1,
            Ok(Err(error)) => failed = Some(error),
            Err(panic) => failed = Some(StoreError::Internal(panic.to_string())),
        }
    }
    failed.map_or(Ok(done), Err)
}

/// What a service answers, or why that is no answer.
async fn ask(client: &Client, url: &str) -> Result<Version, String> {
    let answered = async {
        let response = client.get(url)?.timeout(PATIENCE).send().await.map_err(NetError::from)?;
        let status = response.status();
        Ok::<_, NetError>((status, net::body(response, ANSWER_LIMIT).await?))
    };
    let (status, body) = answered.await.map_err(|error| error.to_string())?;
    if status.as_u16() == 200 { Version::read(&body) } else { Err(format!("it answers {status}")) }
}

async fn settle(
    store: &Store,
    row: &RuntimeRow,
    answer: Result<Version, String>,
    interval: i64,
    now: i64,
) -> Result<(), StoreError> {
    let failures = if answer.is_ok() { 0 } else { row.failures + 1 };
    let error = answer.as_ref().err().map(|error| clip(error));
    let observed = match answer {
        Ok(version) => Some(observation(row, Some(version))),
        Err(_) if failures >= UNREACHABLE_AFTER => Some(observation(row, None)),
        Err(_) => None,
    };
    let mut unconfirmed = false;
    if let Some(observed) = observed {
        unconfirmed = record(store, row, observed, now).await?;
    }
    let pause = if unconfirmed { interval.min(CONFIRM_AFTER) } else { interval };
    let mut session = store.write(Lock::None).await?;
    let looked = Looked {
        id: &row.id,
        claimed_until: now + CLAIM,
        next_at: now.saturating_add(pause),
        failures,
        error: error.as_deref(),
    };
    session.looked_at_runtime(&looked).await?;
    session.commit().await
}

fn observation(row: &RuntimeRow, version: Option<Version>) -> RuntimeObserved {
    let reachable = version.is_some();
    let Version { digest, commit, version, schema_version, schema_floor } = version.unwrap_or_default();
    RuntimeObserved {
        service: row.service.clone(),
        environment: row.environment.clone(),
        reachable,
        digest,
        commit,
        version,
        schema_version,
        schema_floor,
    }
}

/// Records what was observed, if that is worth it; answers whether it is still to be confirmed.
async fn record(
    store: &Store,
    row: &RuntimeRow,
    observed: RuntimeObserved,
    now: i64,
) -> Result<bool, StoreError> {
    let mut session = store.read().await?;
    let before = last(&mut session, row).await?;
    // What ran before a deployment ended says nothing of what it left behind.
    let since = session.last_end(&row.project, &row.environment, &row.service).await?.unwrap_or(i64::MIN);
    drop(session);
    match judge(&before, &observed, since, now) {
        Worth::Nothing => return Ok(false),
        Worth::AnotherLook => return Ok(true),
        Worth::Recording => {}
    }
    // Most looks end above; what changes is judged again with the log to itself.
    let mut session = store.write(Lock::Ledger).await?;
    let before = last(&mut session, row).await?;
    match judge(&before, &observed, since, now) {
        Worth::Nothing => return Ok(false),
        Worth::AnotherLook => return Ok(true),
        Worth::Recording => {}
    }
    let Some(instant) = Timestamp::from_micros(now) else {
        return Ok(false);
    };
    let (service, environment) = (&row.service, &row.environment);
    let (reachable, digest) = (observed.reachable, observed.digest.as_ref().map(ToString::to_string));
    tracing::info!(%service, %environment, reachable, digest, "observed what runs");
    let unconfirmed = reachable && !before.first().is_some_and(|before| confirms(&observed, before, since));
    let evidence = Evidence::new(row.project.clone(), instant.instant(), Claim::RuntimeObserved(observed));
    log::append(&mut session, &[(evidence, seen(&row.url))]).await?;
    session.commit().await?;
    Ok(unconfirmed)
}

/// The last two observations that were recorded of a cell, the newest first, with their instants.
async fn last(session: &mut Session, row: &RuntimeRow) -> Result<Vec<(i64, RuntimeObserved)>, StoreError> {
    let subject = format!("{}/{}", row.environment, row.service);
    let documents = session.last_evidence(row.project.as_str(), &subject, "runtime_observed", 2).await?;
    Ok(documents
        .into_iter()
        .filter_map(|document| match document.claim {
            Claim::RuntimeObserved(observed) => Some((clock::micros(document.occurred_at), observed)),
            _ => None,
        })
        .collect())
}
