//! Asks GitHub about each connected repository, now and then. Of several workers one asks at a time.

use super::clock;
use crate::github::{Github, RestError};
use crate::store::{ConnectedRepository, Lock, Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long one repository may take, before another worker may believe that this one is gone.
const LEASE: Duration = Duration::from_secs(600);

/// How soon a failed round is tried again, if its own interval is longer.
const SOON: Duration = Duration::from_secs(600);

/// Something that is asked of GitHub about a repository.
pub(super) trait Round {
    /// Its name in leases and log lines.
    const NAME: &'static str;

    /// How often it is asked.
    const EVERY: Duration;

    /// What is remembered from one time to the next.
    type Memory: Serialize + DeserializeOwned + Default + Send;

    /// Asks; answers how much was found. What it remembers holds even if it fails halfway.
    fn ask(
        store: &Store,
        github: &Github,
        repository: &ConnectedRepository,
        memory: &mut Self::Memory,
    ) -> impl Future<Output = Result<usize, RoundError>> + Send;
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// GitHub does not tell.
    #[error(transparent)]
    Github(#[from] RestError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks about every repository that is due; answers how much was found. What GitHub does not tell of one repository
/// keeps nobody from asking about the others.
pub(super) async fn round<R: Round>(
    store: &Store,
    github: &Github,
    holder: &str,
) -> Result<usize, StoreError> {
    let mut found = 0;
    for repository in store.read().await?.connected_repositories().await? {
        found += one::<R>(store, github, holder, &repository).await?;
    }
    Ok(found)
}

async fn one<R: Round>(
    store: &Store,
    github: &Github,
    holder: &str,
    repository: &ConnectedRepository,
) -> Result<usize, StoreError> {
    let lease = format!("{}:{}", R::NAME, repository.id);
    let now = clock::now();
    let mut session = store.write(Lock::None).await?;
    let taken = session.take_due(&lease, holder, now, now + micros(LEASE)).await?;
    session.commit().await?;
    let Some(memory) = taken else { return Ok(0) };
    // What an older version remembered may be of another form: then it is as if for the first time.
    let mut memory: R::Memory =
        memory.and_then(|memory| serde_json::from_str(&memory).ok()).unwrap_or_default();
    let asked = R::ask(store, github, repository, &mut memory).await;
    let (found, again_at) = match asked {
        Ok(found) => (found, clock::now() + micros(R::EVERY)),
        Err(RoundError::Store(error)) => return Err(error),
        Err(RoundError::Github(error)) => {
            tracing::warn!(work = R::NAME, repository = repository.full_name, %error, "could not ask GitHub");
            let soon = clock::now() + micros(R::EVERY.min(SOON));
            (0, if let RestError::Limited(until) = error { until.max(soon) } else { soon })
        }
    };
    let memory = serde_json::to_string(&memory).map_err(StoreError::corrupt)?;
    let mut session = store.write(Lock::None).await?;
    session.put_off(&lease, holder, again_at, Some(&memory)).await?;
    session.commit().await?;
    Ok(found)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
