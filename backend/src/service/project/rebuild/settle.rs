//! What follows from all deployments and their ends: the cells of the board, first successes, and incidents.
//!
//! A deployment is judged by what became of its digest elsewhere. So they are gone through digest by digest: each is read
//! once, and nothing is looked up that has just been written.

use super::super::{cells, incidents};
use crate::store::{Changes, IncidentRow, Key, Session, StoreError, Walk, Walked};
use evidence::rules::{DeploymentFact, Policy, SmokeFact};
use std::collections::{HashMap, VecDeque};

/// How many deployments are read at a time. Those of one digest stay together, however many.
const PAGE: usize = 5000;

/// Draws the cells of all deployments of a project, and judges them.
pub(super) async fn deployments(session: &mut Session, project: &str) -> Result<(), StoreError> {
    let mut source = Source { project: project.to_owned(), from: Some(Walk::start()), rest: VecDeque::new() };
    let mut next = source.next(session).await?;
    while let Some(page) = next {
        let judging = tokio::task::spawn_blocking(move || page.settle());
        next = source.next(session).await?;
        let (changes, found) = judging.await.map_err(|error| StoreError::Internal(error.to_string()))?;
        session.put(&changes).await?;
        session.put_incidents(&found).await?;
    }
    Ok(())
}

/// Some digests' deployments, or some that have none, and the digests' smoke tests.
struct Page {
    project: String,
    deployments: Vec<Walked>,
    smokes: HashMap<Key, Vec<SmokeFact>>,
}

/// Where pages come from.
struct Source {
    project: String,
    /// None at the end.
    from: Option<Walk>,
    /// Read, but of a digest that more may follow of.
    rest: VecDeque<Walked>,
}

impl Source {
    async fn next(&mut self, session: &mut Session) -> Result<Option<Page>, StoreError> {
        while let Some(from) = self.from.take() {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
            let read = session.walk(&self.project, &from, limit).await?;
            let (digests, full) = (matches!(from, Walk::OfDigests(..)), read.len() == PAGE);
            self.from = match read.last() {
                Some(last) if full => Some(Walk::after(&last.fact)),
                _ if digests => Some(Walk::processes()),
                _ => None,
            };
            self.rest.extend(read);
            let whole = if digests && full { self.whole() } else { self.rest.len() };
            if whole > 0 {
                let deployments: Vec<Walked> = self.rest.drain(..whole).collect();
                return self.page(session, deployments).await.map(Some);
            }
        }
        Ok(None)
    }

    /// How many of those that were read are of digests that no more will follow of.
    fn whole(&self) -> usize {
        let last = self.rest.back().and_then(|last| last.fact.digest.as_ref());
        self.rest.iter().rposition(|walked| walked.fact.digest.as_ref() != last).map_or(0, |place| place + 1)
    }

    async fn page(&self, session: &mut Session, deployments: Vec<Walked>) -> Result<Page, StoreError> {
        let mut digests: Vec<Key> = deployments
            .iter()
            .filter_map(|walked| Some((self.project.clone(), walked.fact.digest.as_ref()?.to_string())))
            .collect();
        digests.dedup();
        let smokes = if digests.is_empty() { HashMap::new() } else { session.smoke_facts(&digests).await? };
        Ok(Page { project: self.project.clone(), deployments, smokes })
    }
}

impl Page {
    fn settle(self) -> (Changes, Vec<IncidentRow>) {
        let policy = Policy::default();
        let mut changes = Changes::default();
        let mut found = Vec::new();
        for same in self.deployments.chunk_by(|one, other| one.fact.digest == other.fact.digest) {
            same.iter()
                .filter_map(|walked| walked.finished.as_ref())
                .for_each(|end| cells::put(&mut changes, end));
            let successes = first_successes(same);
            let digest = same.first().and_then(|walked| walked.fact.digest.as_ref());
            let smokes =
                digest.and_then(|digest| self.smokes.get(&(self.project.clone(), digest.to_string())));
            let smokes = smokes.map_or(&[][..], Vec::as_slice);
            for Walked { fact, .. } in same {
                found.extend(incidents::of_deployment(&policy, &self.project, fact, smokes, &successes));
            }
        }
        (changes, found)
    }
}

/// The first success in each environment. Later deployments are judged by the instant of its end alone.
fn first_successes(same: &[Walked]) -> Vec<DeploymentFact> {
    let mut first: HashMap<&evidence::Name, &DeploymentFact> = HashMap::new();
    for Walked { fact, .. } in same {
        if fact.outcome != Some(evidence::Outcome::Success) {
            continue;
        }
        let kept = first.entry(&fact.environment).or_insert(fact);
        if fact.finished_at < kept.finished_at {
            *kept = fact;
        }
    }
    first.into_values().cloned().collect()
}
