//! Asks GitHub for the runs that have ended, in case it could not tell of them.
//!
//! What it answers becomes the same documents that its events would have become, so that what is known is not
//! recorded again. A run that goes on is left for the next time.

use super::clock;
use super::delivery::documents_of;
use super::github_round::{Round, RoundError, round};
use super::log::{self, Provenance, Trust};
use crate::github::rest::{Job, Run};
use crate::github::{Github, RestError};
use crate::store::{ConnectedRepository, Lock, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many days back runs are looked at: as long as GitHub would deliver an event again.
const DAYS: i64 = 3;

/// A run that ended just now is being told of.
const GRACE: i64 = 5 * 60 * SECOND;

/// The most pages of runs that are looked through at a time: GitHub lists no more than a thousand.
const PAGES: usize = 10;

/// The most attempts whose jobs are asked for at a time.
const MOST: usize = 200;

/// The most runs that are remembered as done. They are numbered in their order, so the newest are kept.
const REMEMBERED: usize = 3000;

const SECOND: i64 = 1_000_000;

/// Asks for what ended, of every repository that is due; answers how many documents were new.
///
/// # Errors
/// When the database cannot be used.
pub async fn reconcile(store: &Store, github: &Github, holder: &str) -> Result<usize, StoreError> {
    round::<Reconcile>(store, github, holder).await
}

struct Reconcile;

#[derive(Default, Serialize, Deserialize)]
struct Memory {
    /// Pages on which nothing was left to do, by their address.
    pages: BTreeMap<String, Seen>,
    /// How many attempts of a run are done.
    done: BTreeMap<u64, u32>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Seen {
    etag: String,
    next: Option<String>,
}

impl Round for Reconcile {
    const NAME: &'static str = "github.reconcile";
    const EVERY: Duration = Duration::from_secs(3600);
    type Memory = Memory;

    async fn ask(
        store: &Store,
        github: &Github,
        repository: &ConnectedRepository,
        memory: &mut Memory,
    ) -> Result<usize, RoundError> {
        let before = std::mem::take(&mut memory.pages);
        let since = clock::rfc3339(clock::now() - DAYS * 24 * 3600 * SECOND).unwrap_or_default();
        let mut next = Some(github.runs_url(&repository.full_name, since.get(..10).unwrap_or_default())?);
        let mut budget = MOST;
        let mut recorded = 0;
        for _ in 0..PAGES {
            let Some(url) = next else { break };
            let seen = before.get(&url);
            let Some(page) = github.runs(&url, seen.map(|seen| seen.etag.as_str())).await? else {
                next = seen.and_then(|seen| seen.next.clone());
                memory.pages.extend(seen.map(|seen| (url, seen.clone())));
                continue;
            };
            let mut left = page.unread;
            for run in &page.items {
                match settle(store, github, repository, memory, run, &mut budget).await? {
                    Some(new) => recorded += new,
                    None => left += 1,
                }
            }
            next = page.next.clone();
            if let Some(etag) = page.etag.filter(|_| left == 0) {
                memory.pages.insert(url, Seen { etag, next: page.next });
            }
        }
        while memory.done.len() > REMEMBERED {
            memory.done.pop_first();
        }
        Ok(recorded)
    }
}

/// Records what is missing of all attempts of a run; answers how many documents were new, or nothing if it is to be
/// looked at again.
async fn settle(
    store: &Store,
    github: &Github,
    repository: &ConnectedRepository,
    memory: &mut Memory,
    run: &Run,
    budget: &mut usize,
) -> Result<Option<usize>, RoundError> {
    let id = u64::try_from(repository.id).unwrap_or_default();
    if run.repository_id.is_some_and(|told| told != id) {
        let what = format!("the runs of {}", repository.full_name);
        let why =
            format!("they are of the repository {}, not of {id}", run.repository_id.unwrap_or_default());
        return Err(RestError::Unexpected(what, why).into());
    }
    let done = memory.done.get(&run.id).copied().unwrap_or_default();
    if done >= run.attempt {
        return Ok(Some(0));
    }
    if !run.completed || run.updated_at.micros() > clock::now() - GRACE {
        return Ok(None);
    }
    let mut recorded = 0;
    for attempt in done + 1..=run.attempt {
        if *budget == 0 {
            return Ok(None);
        }
        *budget -= 1;
        let earlier;
        let told = if attempt == run.attempt {
            run
        } else {
            earlier = github.attempt(&repository.full_name, run.id, attempt).await?;
            &earlier
        };
        let (jobs, asked) = github.jobs(&repository.full_name, run.id, attempt).await?;
        recorded += record(store, repository, told, &jobs, &asked).await?;
        memory.done.insert(run.id, attempt);
    }
    Ok(Some(recorded))
}

/// Records an attempt and its jobs; answers how many documents were new.
async fn record(
    store: &Store,
    repository: &ConnectedRepository,
    run: &Run,
    jobs: &[Job],
    asked: &str,
) -> Result<usize, RoundError> {
    let id = u64::try_from(repository.id).unwrap_or_default();
    let mut session = store.write(Lock::Ledger).await?;
    let (number, attempt) = (i64::try_from(run.id).unwrap_or_default(), i64::from(run.attempt));
    // What the event told of a run's end holds: GitHub goes on to touch a run that is over.
    let known = session.is_run_completed(&repository.project, repository.id, number, attempt).await?;
    let run = run.fact(id, jobs).filter(|_| !known);
    let claims = run.into_iter().chain(jobs.iter().filter_map(|job| job.fact(id))).collect();
    let documents = documents_of(&repository.project, claims)
        .map_err(|error| RestError::Unexpected(asked.to_owned(), error))?;
    let source = Provenance { trust: Trust::Poll, token_id: None, source: Some(format!("GET {asked}")) };
    let documents: Vec<_> = documents.into_iter().map(|document| (document, source.clone())).collect();
    let appended = log::append(&mut session, &documents).await?;
    session.commit().await?;
    Ok(appended.iter().filter(|appended| appended.new).count())
}
