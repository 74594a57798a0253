//! Looks at registries.
//!
//! Only what a registry answers is true. A tag is gone when the registry has said so twice, at least a minute
//! apart; that it refuses, is busy or is away says nothing about a tag.

use super::distribution::{Repository, Unanswered};
use super::tag::{GONE_AFTER, step};
use super::{SECOND, clip, pause_after, seen};
use crate::net::Client;
use crate::service::log;
use crate::store::{Lock, Looked, RegistryRow, Store, StoreError, WatchedTag};
use evidence::{Claim, Digest, Evidence, Tag, TagObserved, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// How long a look goes on; what it has not come to is the first of the next one.
const LOOK: Duration = Duration::from_secs(120);

/// How long a look may take at most.
const PATIENCE: Duration = Duration::from_secs(240);

/// How long a claim lasts: longer than a look.
const CLAIM: i64 = 300 * SECOND;

/// How many tags one transaction takes.
const BATCH: usize = 100;

/// Looks at the next registry that is due; answers whether there was one. `interval` is the time between looks.
///
/// # Errors
/// When the database cannot be used. That a registry does not answer is no error: it is noted, and tried again.
pub async fn look_at_registries(
    store: &Store,
    client: &Client,
    interval: Duration,
    now: i64,
) -> Result<bool, StoreError> {
    if !store.read().await?.is_look_due(true, now).await? {
        return Ok(false);
    }
    let mut session = store.write(Lock::None).await?;
    let claimed = session.claim_registries(now, now + CLAIM, 1).await?;
    session.commit().await?;
    let Some(row) = claimed.into_iter().next() else {
        return Ok(false);
    };
    let mut look = Look { store, row: &row, now, changes: 0, waiting: false };
    let done = match tokio::time::timeout(PATIENCE, look.run(client)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::Registry(Unanswered {
            message: format!("it did not answer within {} s", PATIENCE.as_secs()),
            retry_after: None,
        })),
    };
    let interval = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
    let (pause, failures, error) = match done {
        Ok(()) if look.waiting => (interval.min(GONE_AFTER), 0, None),
        Ok(()) => (interval, 0, None),
        Err(Failure::Store(error)) => return Err(error),
        Err(Failure::Registry(why)) => {
            let failures = row.failures + 1;
            let pause = pause_after(failures, interval).max(why.retry_after.unwrap_or_default());
            (pause, failures, Some(clip(&why.message)))
        }
    };
    let RegistryRow { repository, .. } = &row;
    match &error {
        Some(error) => tracing::warn!(repository, failures, error, "could not look at a registry"),
        None if look.changes > 0 => tracing::info!(repository, changes = look.changes, "tags have changed"),
        None => tracing::debug!(repository, "looked at a registry"),
    }
    let mut session = store.write(Lock::None).await?;
    let looked = Looked {
        id: &row.id,
        claimed_until: now + CLAIM,
        next_at: now.saturating_add(pause),
        failures,
        error: error.as_deref(),
    };
    session.looked_at_registry(&looked).await?;
    session.commit().await?;
    Ok(true)
}

/// Why a look came to no end.
enum Failure {
    Registry(Unanswered),
    Store(StoreError),
}

impl From<Unanswered> for Failure {
    fn from(error: Unanswered) -> Self {
        Self::Registry(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What is remembered, by tag.
type Known = HashMap<String, WatchedTag>;

/// The tags that are listed and those that were known to be there, the longest unseen first.
fn in_order(listed: Vec<Tag>, known: &Known) -> Vec<Tag> {
    let there = known.values().filter(|tag| tag.digest.is_some());
    let there = there.filter_map(|tag| tag.tag.parse::<Tag>().ok());
    let all: BTreeSet<Tag> = listed.into_iter().chain(there).collect();
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|tag| known.get(tag.as_str()).map_or(0, |known| known.checked_at));
    all
}

/// One look at one repository.
struct Look<'a> {
    store: &'a Store,
    row: &'a RegistryRow,
    /// When it began. What another look saw later is not overwritten.
    now: i64,
    changes: usize,
    /// Whether a tag is missing that is not yet gone.
    waiting: bool,
}

impl Look<'_> {
    async fn run(&mut self, client: &Client) -> Result<(), Failure> {
        let password = self.password()?;
        let credentials = self.row.username.as_deref().zip(password.as_deref());
        let mut repository = Repository::new(client, &self.row.repository, credentials)?;
        let listed = repository.tags().await?;
        let known = self.known().await?;
        let end = Instant::now() + LOOK;
        for tags in in_order(listed, &known).chunks(BATCH) {
            let mut answers = Vec::with_capacity(tags.len());
            let mut failure = None;
            for tag in tags {
                match repository.digest(tag).await {
                    Ok(digest) => answers.push((tag, digest)),
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            // What was learned before the registry stopped answering is kept.
            self.keep(answers, &known).await?;
            if let Some(failure) = failure {
                return Err(failure.into());
            }
            if Instant::now() > end {
                tracing::info!(
                    repository = self.row.repository,
                    "has many tags; the rest waits for the next look"
                );
                break;
            }
        }
        Ok(())
    }

    fn password(&self) -> Result<Option<String>, Unanswered> {
        let Some(file) = &self.row.secret_file else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(file).map_err(|error| Unanswered {
            message: format!("the password cannot be read from {file}: {error}"),
            retry_after: None,
        })?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn known(&self) -> Result<Known, StoreError> {
        let mut session = self.store.read().await?;
        let tags = session.watched_tags(self.row.project.as_str(), &self.row.repository).await?;
        Ok(tags.into_iter().map(|tag| (tag.tag.clone(), tag)).collect())
    }

    /// Keeps answers. Most of them are what was known, and take no lock that others wait for.
    async fn keep(
        &mut self,
        mut answers: Vec<(&Tag, Option<Digest>)>,
        known: &Known,
    ) -> Result<(), StoreError> {
        let is_known = |tag: &Tag, digest: &Option<Digest>| {
            known.get(tag.as_str()).is_some_and(|known| {
                digest.is_some()
                    && known.missing_since.is_none()
                    && known.digest.as_deref() == digest.as_ref().map(Digest::as_str)
            })
        };
        let same: Vec<_> = answers
            .iter()
            .filter(|(tag, digest)| is_known(tag, digest))
            .filter_map(|(tag, digest)| Some((tag.as_str(), digest.as_ref()?.as_str())))
            .collect();
        if !same.is_empty() {
            let mut session = self.store.write(Lock::None).await?;
            let (project, repository) = (self.row.project.as_str(), &self.row.repository);
            session.touch_watched_tags(project, repository, &same, self.now).await?;
            session.commit().await?;
        }
        drop(same);
        answers.retain(|(tag, digest)| !is_known(tag, digest));
        if answers.is_empty() { Ok(()) } else { self.record(&answers).await }
    }

    async fn record(&mut self, answers: &[(&Tag, Option<Digest>)]) -> Result<(), StoreError> {
        let (project, repository) = (&self.row.project, self.row.repository.as_str());
        // Within the transaction, so that of two looks at one time each sees what the other has recorded.
        let mut session = self.store.write(Lock::Ledger).await?;
        let known = session.watched_tags(project.as_str(), repository).await?;
        let known: HashMap<&str, &WatchedTag> = known.iter().map(|tag| (tag.tag.as_str(), tag)).collect();
        let mut documents = Vec::new();
        let mut remembered = Vec::new();
        for (tag, digest) in answers {
            let before = known.get(tag.as_str()).copied();
            if before.is_some_and(|before| before.checked_at >= self.now) {
                continue;
            }
            let Some((after, observed)) = step(tag, digest.as_ref(), before, self.now) else {
                continue;
            };
            self.waiting |= after.missing_since.is_some();
            remembered.push(after);
            let instant = Timestamp::from_micros(self.now);
            if let (Some(observed), Some(instant)) = (observed, instant) {
                let claim = Claim::TagObserved(TagObserved {
                    repository: repository.to_owned(),
                    tag: (*tag).clone(),
                    digest: observed,
                });
                documents.push((Evidence::new(project.clone(), instant.instant(), claim), seen(repository)));
            }
        }
        if remembered.is_empty() {
            return Ok(());
        }
        let appended = log::append(&mut session, &documents).await?;
        session.put_watched_tags(project.as_str(), repository, &remembered).await?;
        session.commit().await?;
        self.changes += appended.iter().filter(|appended| appended.new).count();
        Ok(())
    }
}
