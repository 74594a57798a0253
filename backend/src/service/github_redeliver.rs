//! Asks GitHub for the events that it could not deliver. It does not deliver them again by itself.

use super::clock;
use super::github_round::{Round, RoundError, round};
use crate::github::Github;
use crate::github::rest::HookDelivery;
use crate::store::{ConnectedRepository, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Where webhooks of ours send to, whatever the host is called.
const PATH: &str = "/v1/hooks/github";

/// GitHub delivers again what is at most three days old.
const WINDOW: i64 = 3 * 24 * 3600 * SECOND;

/// What was attempted just now may still be told of as delivered, or be under way again.
const GRACE: i64 = 60 * SECOND;

/// The most pages of attempts that are looked through at a time.
const PAGES: usize = 100;

/// The most events that are asked for at a time.
const MOST: usize = 200;

const MINUTE: i64 = 60 * SECOND;
const SECOND: i64 = 1_000_000;

/// Asks for what failed, of every repository that is due; answers for how many events.
///
/// # Errors
/// When the database cannot be used.
pub async fn redeliver(store: &Store, github: &Github, holder: &str) -> Result<usize, StoreError> {
    round::<Redeliver>(store, github, holder).await
}

struct Redeliver;

/// Of each webhook: since when something may be missing.
#[derive(Default, Serialize, Deserialize)]
struct Memory {
    missing_since: BTreeMap<u64, i64>,
}

/// An event that nobody took yet.
struct Missing {
    guid: String,
    /// The newest attempt, which is the one that is repeated.
    delivery: u64,
    first_at: i64,
    last_at: i64,
    attempts: u32,
}

impl Round for Redeliver {
    const NAME: &'static str = "github.redeliver";
    const EVERY: Duration = Duration::from_secs(600);
    type Memory = Memory;

    async fn ask(
        store: &Store,
        github: &Github,
        repository: &ConnectedRepository,
        memory: &mut Memory,
    ) -> Result<usize, RoundError> {
        let name = &repository.full_name;
        let mut asked = 0;
        let hooks = github.webhooks(name).await?;
        let ours: Vec<_> = hooks.into_iter().filter(|hook| is_ours(&hook.url)).collect();
        memory.missing_since.retain(|id, _| ours.iter().any(|hook| hook.id == *id));
        for hook in ours {
            let now = clock::now();
            let since = memory.missing_since.get(&hook.id).copied().unwrap_or(0).max(now - WINDOW);
            let (attempts, whole) = attempts(github, name, hook.id, since).await?;
            let missing = missing(store, attempts).await?;
            // Everything before the oldest that is missing is settled. What is newer than this may be told of late.
            let oldest = missing.iter().map(|event| event.first_at).min();
            if whole {
                memory.missing_since.insert(hook.id, oldest.unwrap_or(now).min(now - 15 * MINUTE));
            }
            for event in missing.iter().filter(|event| event.is_due(now)).take(MOST) {
                github.redeliver(name, hook.id, event.delivery).await?;
                tracing::info!(
                    repository = name,
                    guid = event.guid,
                    "asked GitHub to deliver an event again"
                );
                asked += 1;
            }
        }
        Ok(asked)
    }
}

/// All attempts since then, and whether these are all.
async fn attempts(
    github: &Github,
    repository: &str,
    hook: u64,
    since: i64,
) -> Result<(Vec<HookDelivery>, bool), RoundError> {
    let mut attempts: Vec<HookDelivery> = Vec::new();
    let mut next = Some(github.deliveries_url(repository, hook)?);
    for _ in 0..PAGES {
        let Some(url) = next else { return Ok((attempts, true)) };
        let page = github.deliveries(&url).await?;
        let reached = page.items.iter().any(|attempt| attempt.delivered_at < since);
        attempts.extend(page.items.into_iter().filter(|attempt| attempt.delivered_at >= since));
        if reached {
            return Ok((attempts, true));
        }
        next = page.next;
    }
    tracing::warn!(
        repository,
        hook,
        pages = PAGES,
        "GitHub has more attempts to deliver than are looked through"
    );
    Ok((attempts, false))
}

/// The events of which no attempt came through, although one might.
async fn missing(store: &Store, attempts: Vec<HookDelivery>) -> Result<Vec<Missing>, StoreError> {
    let mut events: HashMap<String, Vec<HookDelivery>> = HashMap::new();
    for attempt in attempts {
        events.entry(attempt.guid.clone()).or_default().push(attempt);
    }
    let mut missing: Vec<Missing> =
        events.into_iter().filter_map(|(guid, all)| Missing::of(guid, &all)).collect();
    let guids: Vec<&str> = missing.iter().map(|event| event.guid.as_str()).collect();
    // The answer may have been lost on its way, and the event not.
    let known = if guids.is_empty() {
        Default::default()
    } else {
        store.read().await?.known_deliveries(&guids).await?
    };
    missing.retain(|event| !known.contains(&event.guid));
    // The oldest first, as it would have come.
    missing.sort_by_key(|event| (event.first_at, event.delivery));
    Ok(missing)
}

impl Missing {
    fn of(guid: String, attempts: &[HookDelivery]) -> Option<Self> {
        let newest = attempts.iter().max_by_key(|attempt| (attempt.delivered_at, attempt.id))?;
        let came_through = attempts.iter().any(|attempt| (200..300).contains(&attempt.status_code));
        (!came_through && worth_another(newest.status_code)).then(|| Self {
            guid,
            delivery: newest.id,
            first_at: attempts.iter().map(|attempt| attempt.delivered_at).min().unwrap_or_default(),
            last_at: newest.delivered_at,
            attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
        })
    }

    /// The first time soon, and then ever later: 10 minutes, 20, 40, and so on, but twice a day at least.
    fn is_due(&self, now: i64) -> bool {
        let pause = match self.attempts {
            ..=1 => GRACE,
            more => ((10 * MINUTE) << (more - 2).min(7)).min(12 * 60 * MINUTE),
        };
        self.last_at + pause <= now
    }
}

/// Whether the same event may be taken the next time. An event that was refused for what it is will be refused again.
fn worth_another(status_code: u16) -> bool {
    !matches!(status_code, 400 | 409 | 413 | 415 | 422)
}

fn is_ours(url: &str) -> bool {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.trim_end_matches('/').ends_with(PATH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: u64, minute: i64, status_code: u16) -> HookDelivery {
        HookDelivery { id, guid: "g".to_owned(), delivered_at: minute * MINUTE, status_code }
    }

    #[test]
    fn an_event_is_missing_until_one_attempt_came_through() {
        let of = |attempts: &[HookDelivery]| Missing::of("g".to_owned(), attempts);
        assert!(of(&[attempt(2, 20, 200), attempt(1, 10, 503)]).is_none());
        assert!(of(&[attempt(2, 20, 503), attempt(1, 10, 202)]).is_none());
        assert!(of(&[attempt(1, 10, 422)]).is_none(), "it is no such event, and never will be");
        let missing = of(&[attempt(2, 20, 0), attempt(1, 10, 401)]).unwrap();
        assert_eq!((missing.delivery, missing.first_at, missing.attempts), (2, 10 * MINUTE, 2));
    }

    #[test]
    fn each_attempt_waits_longer_than_the_one_before() {
        let due = |attempts: u32, minutes: i64| {
            let guid = "g".to_owned();
            Missing { guid, delivery: 1, first_at: 0, last_at: 0, attempts }.is_due(minutes * MINUTE)
        };
        for (attempts, minutes) in [(1, 1), (2, 10), (3, 20), (4, 40), (8, 640), (9, 720), (4_000_000, 720)] {
            assert!(due(attempts, minutes) && !due(attempts, minutes - 1), "{attempts}");
        }
    }

    #[test]
    fn a_webhook_is_ours_by_where_it_sends_to() {
        for ours in ["https://ledger.example/v1/hooks/github", "https://x/ledger/v1/hooks/github/?a=b"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in ["https://chat.example/hook", "https://x/v1/hooks/github/other", ""] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
