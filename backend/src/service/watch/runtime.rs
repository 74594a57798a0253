//! Looks at what runs, by asking each service what it is.

use super::version::Version;
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

/// How long after a change it is confirmed at the earliest. The rules believe what was seen twice.
const CONFIRM_AFTER: i64 = 10 * SECOND;

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
    let Version { digest, commit, version, schema_version } = version.unwrap_or_default();
    RuntimeObserved {
        service: row.service.clone(),
        environment: row.environment.clone(),
        reachable,
        digest,
        commit,
        version,
        schema_version,
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
    if judge(&before, &observed, since, now) == Worth::Nothing {
        return Ok(false);
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

/// What an observation is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// It is what was recorded before, and since the last deployment.
    Nothing,
    /// It confirms a change, but too soon.
    AnotherLook,
    /// It is a change, or confirms one; or the first since a deployment ended, or confirms that.
    Recording,
}

/// `since` is when the last deployment to the cell ended.
fn judge(before: &[(i64, RuntimeObserved)], observed: &RuntimeObserved, since: i64, now: i64) -> Worth {
    let Some((at, last)) = before.first() else {
        return Worth::Recording;
    };
    // Instants are kept to the second: two of one second have no order.
    if now < at + SECOND {
        return Worth::AnotherLook;
    }
    // A deployment that ends after now was told by a clock that goes fast: its time will come.
    if last != observed || (observed.reachable && *at <= since && since < now) {
        return Worth::Recording;
    }
    let confirmed = *at <= since || before.get(1).is_some_and(|earlier| confirms(last, earlier, since));
    match observed.reachable && !confirmed {
        true if now >= at + CONFIRM_AFTER => Worth::Recording,
        true => Worth::AnotherLook,
        false => Worth::Nothing,
    }
}

/// Whether it tells of the same image as one before, or of the same commit where there is no image, with no end of a
/// deployment in between.
fn confirms(later: &RuntimeObserved, (at, earlier): &(i64, RuntimeObserved), since: i64) -> bool {
    *at > since
        && (earlier.reachable, &earlier.digest, &earlier.commit)
            == (later.reachable, &later.digest, &later.commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Digest;

    fn running(number: &str, version: &str) -> RuntimeObserved {
        RuntimeObserved {
            service: "web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            reachable: true,
            digest: Some(Digest::of(number.as_bytes())),
            commit: None,
            version: Some(version.to_owned()),
            schema_version: None,
        }
    }

    #[test]
    fn a_change_is_recorded_at_once_and_once_more_when_it_has_lasted() {
        let mut log: Vec<(i64, RuntimeObserved)> = Vec::new();
        let mut look = |observed: &RuntimeObserved, seconds: i64| {
            let now = seconds * SECOND;
            let worth = judge(&log, observed, i64::MIN, now);
            if worth == Worth::Recording {
                log.insert(0, (now, observed.clone()));
            }
            worth
        };
        let (first, second) = (running("1", "1.0"), running("2", "2.0"));
        let silent = RuntimeObserved { reachable: false, digest: None, version: None, ..first.clone() };
        assert_eq!(look(&first, 0), Worth::Recording);
        assert_eq!(look(&first, 9), Worth::AnotherLook);
        assert_eq!(look(&first, 10), Worth::Recording);
        assert_eq!(look(&first, 100), Worth::Nothing);
        assert_eq!(look(&second, 115), Worth::Recording);
        assert_eq!(look(&second, 125), Worth::Recording);
        assert_eq!(look(&second, 135), Worth::Nothing);
        // The same image under another name is a change, but needs no second look.
        let renamed = running("2", "2.0-fixed");
        assert_eq!(look(&renamed, 150), Worth::Recording);
        assert_eq!(look(&renamed, 165), Worth::Nothing);
        assert_eq!(look(&silent, 180), Worth::Recording);
        assert_eq!(look(&silent, 195), Worth::Nothing);
        assert_eq!(look(&renamed, 210), Worth::Recording);
        assert_eq!(look(&renamed, 225), Worth::Recording, "it was away, so it is believed when seen twice");
        assert_eq!(look(&renamed, 240), Worth::Nothing);
    }

    #[test]
    fn what_a_deployment_left_as_it_was_is_recorded_twice_after_it() {
        let (old, new) = (running("1", "1.0"), running("2", "2.0"));
        let mut log = vec![(10 * SECOND, old.clone()), (0, old.clone())];
        let mut look = |observed: &RuntimeObserved, since: i64, seconds: i64| {
            let now = seconds * SECOND;
            let worth = judge(&log, observed, since * SECOND, now);
            if worth == Worth::Recording {
                log.insert(0, (now, observed.clone()));
            }
            worth
        };
        assert_eq!(look(&old, -1, 100), Worth::Nothing);
        assert_eq!(look(&old, 102, 101), Worth::Nothing, "by a clock that goes fast");
        assert_eq!(look(&old, 102, 103), Worth::Recording);
        assert_eq!(look(&old, 102, 112), Worth::AnotherLook);
        assert_eq!(look(&old, 102, 113), Worth::Recording);
        assert_eq!(look(&old, 102, 128), Worth::Nothing);
        // The new one was seen twice before its own deployment ended, which is not all that there is to see.
        assert_eq!(look(&new, 102, 140), Worth::Recording);
        assert_eq!(look(&new, 102, 150), Worth::Recording);
        assert_eq!(look(&new, 150, 165), Worth::Recording);
        assert_eq!(look(&new, 150, 175), Worth::Recording);
        assert_eq!(look(&new, 150, 190), Worth::Nothing);
        // What does not answer is recorded once, and says nothing of any deployment.
        let silent = RuntimeObserved { reachable: false, digest: None, version: None, ..new.clone() };
        assert_eq!(look(&silent, 150, 205), Worth::Recording);
        assert_eq!(look(&silent, 210, 220), Worth::Nothing);
    }
}
