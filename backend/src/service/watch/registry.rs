//! Looks at registries.
//!
//! Only what a registry answers is true. A tag is gone when the registry has said so twice, at least a minute
//! apart; that it refuses, is busy or is away says nothing about a tag.

use super::distribution::{Repository, Unanswered};
use super::{SECOND, clip, pause_after, seen};
use crate::net::Client;
use crate::service::log;
use crate::store::{Lock, Looked, RegistryRow, Store, StoreError, WatchedTag};
use evidence::{Claim, Digest, Evidence, Tag, TagObserved, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// How long a look may take; then the rest waits for the next one.
const LOOK: Duration = Duration::from_secs(240);

/// How long a claim lasts: longer than a look.
const CLAIM: i64 = 300 * SECOND;

/// How many tags one transaction takes.
const BATCH: usize = 100;

/// How far apart two answers are at least that make a tag gone.
const GONE_AFTER: i64 = 60 * SECOND;

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
    let done = match tokio::time::timeout(LOOK, look.run(client)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::Registry(Unanswered {
            message: format!("it did not answer all within {} s", LOOK.as_secs()),
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
        for tags in self.in_order(listed).await?.chunks(BATCH) {
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
            self.record(&answers).await?;
            if let Some(failure) = failure {
                return Err(failure.into());
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

    /// The tags that are listed and those that were known to be there, the longest unseen first.
    async fn in_order(&self, listed: Vec<Tag>) -> Result<Vec<Tag>, StoreError> {
        let known = self.known().await?;
        let there = known.values().filter(|tag| tag.digest.is_some());
        let there = there.filter_map(|tag| tag.tag.parse::<Tag>().ok());
        let all: BTreeSet<Tag> = listed.into_iter().chain(there).collect();
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|tag| known.get(tag.as_str()).map_or(0, |known| known.checked_at));
        Ok(all)
    }

    async fn known(&self) -> Result<HashMap<String, WatchedTag>, StoreError> {
        let mut session = self.store.read().await?;
        let tags = session.watched_tags(self.row.project.as_str(), &self.row.repository).await?;
        Ok(tags.into_iter().map(|tag| (tag.tag.clone(), tag)).collect())
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

/// What is remembered of a tag after an answer, and what is to be recorded if that is a change. None of it for a
/// tag that was never there.
fn step(
    tag: &Tag,
    answer: Option<&Digest>,
    before: Option<&WatchedTag>,
    now: i64,
) -> Option<(WatchedTag, Option<Option<Digest>>)> {
    let remember = |digest: Option<&str>, missing_since| WatchedTag {
        tag: tag.as_str().to_owned(),
        digest: digest.map(str::to_owned),
        missing_since,
        checked_at: now,
    };
    let known = before.and_then(|before| before.digest.as_deref());
    match (answer, known) {
        (Some(digest), known) => {
            let change = known != Some(digest.as_str());
            Some((remember(Some(digest.as_str()), None), change.then(|| Some(digest.clone()))))
        }
        (None, None) => before.map(|_| (remember(None, None), None)),
        (None, Some(known)) => match before.and_then(|before| before.missing_since) {
            None => Some((remember(Some(known), Some(now)), None)),
            Some(since) if now - since < GONE_AFTER => Some((remember(Some(known), Some(since)), None)),
            Some(_) => Some((remember(None, None), Some(None))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_gone_after_two_answers_a_minute_apart_and_not_before() {
        let (tag, digest): (Tag, _) = ("v1".parse().unwrap(), Digest::of(b"1"));
        let other = Digest::of(b"2");
        let mut memory: Option<WatchedTag> = None;
        let mut look = |answer: Option<&Digest>, seconds: i64| {
            let (after, change) = step(&tag, answer, memory.as_ref(), seconds * SECOND)?;
            memory = Some(after);
            change
        };
        assert_eq!(look(None, 0), None, "it was never there");
        assert_eq!(look(Some(&digest), 1), Some(Some(digest.clone())));
        assert_eq!(look(Some(&digest), 2), None);
        assert_eq!(look(None, 10), None);
        assert_eq!(look(None, 69), None, "too soon");
        assert_eq!(look(Some(&digest), 70), None, "it came back unchanged");
        assert_eq!(look(None, 80), None, "and is missing anew");
        assert_eq!(look(None, 140), Some(None));
        assert_eq!(look(None, 300), None, "gone is told once");
        assert_eq!(look(Some(&other), 301), Some(Some(other.clone())));
        assert_eq!(look(Some(&digest), 302), Some(Some(digest.clone())), "moved");
    }
}
