//! What follows from all deployments and their ends: the cells of the board, first successes, and incidents.
//!
//! A deployment is judged by what became of its digest elsewhere. So they are gone through digest by digest: each is read
//! once, and nothing is looked up that has just been written.

use super::super::{cells, incidents};
use crate::store::{Changes, Filled, IncidentRow, Key, Session, StoreError, Stride, Walk, Walked};
use evidence::rules::{DeploymentFact, Policy, SmokeFact};
use std::collections::HashMap;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// How many deployments are read at a time. Those of one digest stay together, however many.
const PAGE: i64 = 5000;

/// Draws the cells of all deployments of a project, and judges them. While the database finds some, the ones before are read,
/// and the ones before those are judged.
pub(super) async fn deployments(
    session: &mut Session,
    project: &str,
    filled: &mut Filled,
) -> Result<(), StoreError> {
    let mut judging: Option<JoinHandle<(Changes, Vec<IncidentRow>)>> = None;
    let mut rest = Vec::new();
    let mut found = Some(session.walk(project, &Walk::start(), PAGE).await?);
    while let Some(stride) = found.take() {
        let next = stride.next.clone();
        let reading = spawn_blocking(move || groups(rest, &stride));
        if let Some(next) = &next {
            found = Some(session.walk(project, next, PAGE).await?);
        }
        let (groups, left) = reading.await.map_err(failed)??;
        rest = left;
        let page = Page::of(session, project, groups).await?;
        let before = judging.replace(spawn_blocking(move || page.settle()));
        put(session, before, filled).await?;
    }
    put(session, judging, filled).await
}

async fn put(
    session: &mut Session,
    judging: Option<JoinHandle<(Changes, Vec<IncidentRow>)>>,
    filled: &mut Filled,
) -> Result<(), StoreError> {
    if let Some(judging) = judging {
        let (changes, found) = judging.await.map_err(failed)?;
        session.fill(&changes, filled).await?;
        session.put_incidents(&found).await?;
    }
    Ok(())
}

fn failed(error: JoinError) -> StoreError {
    StoreError::Internal(error.to_string())
}

/// All deployments of one digest, or one that has none.
type Group = Vec<Walked>;

/// The deployments by digest, and those of the last digest apart: more of it may follow.
fn groups(rest: Group, stride: &Stride) -> Result<(Vec<Group>, Group), StoreError> {
    let read = stride.read()?;
    let mut groups: Vec<Group> = Vec::new();
    for walked in rest.into_iter().chain(read) {
        match groups.last_mut().filter(|group| group[0].fact.digest == walked.fact.digest) {
            Some(group) if walked.fact.digest.is_some() => group.push(walked),
            _ => groups.push(vec![walked]),
        }
    }
    let open = stride.next.is_some() && groups.last().is_some_and(|last| last[0].fact.digest.is_some());
    let rest = if open { groups.pop().unwrap_or_default() } else { Group::new() };
    Ok((groups, rest))
}

/// Some groups, and their digests' smoke tests.
struct Page {
    project: String,
    groups: Vec<Group>,
    smokes: HashMap<Key, Vec<SmokeFact>>,
}

impl Page {
    async fn of(session: &mut Session, project: &str, groups: Vec<Group>) -> Result<Self, StoreError> {
        let digests = groups.iter().filter_map(|group| group[0].fact.digest.as_ref());
        let digests: Vec<Key> = digests.map(|digest| (project.to_owned(), digest.to_string())).collect();
        let smokes = if digests.is_empty() { HashMap::new() } else { session.smoke_facts(&digests).await? };
        Ok(Self { project: project.to_owned(), groups, smokes })
    }

    fn settle(self) -> (Changes, Vec<IncidentRow>) {
        let policy = Policy::default();
        let mut changes = Changes::default();
        let mut found = Vec::new();
        for same in &self.groups {
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
        changes.sort();
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
