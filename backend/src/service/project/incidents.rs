//! Incidents: what the rules find in the facts. Whatever a subject's facts are, its incidents are exactly what the rules
//! say of them: facts that come late can open one, end one, or take one back.

use super::touched::Touched;
use crate::service::token::hex;
use crate::store::{IncidentRow, Key, Key3, Policies, Session, StoreError};
use evidence::rules::{self, DeploymentFact, Finding, Policy, SmokeFact};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What became of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was found.
    Opened(IncidentRow),
    /// It came to an end.
    Resolved(IncidentRow),
    /// There never was one: facts that came late show it.
    Withdrawn(IncidentRow),
}

/// Judges everything that was touched again.
pub(super) async fn project(
    session: &mut Session,
    policies: &Policies,
    touched: &Touched,
) -> Result<Vec<Change>, StoreError> {
    let mut found = Found::default();
    let commits: Vec<_> = touched.commits.iter().cloned().collect();
    publications(session, &commits, &mut found).await?;
    let tags: Vec<_> = touched.tags.iter().cloned().collect();
    immutable_tags(session, &tags, &mut found).await?;
    deployments(session, policies, touched, &mut found).await?;
    cells(session, touched, &mut found).await?;
    write(session, found).await
}

/// Judges everything that was touched but deployments, where everything else is too and no incidents are there yet.
pub(super) async fn project_anew(session: &mut Session, touched: &Touched) -> Result<(), StoreError> {
    let mut found = Found::default();
    let commits: Vec<_> = touched.commits.iter().cloned().collect();
    publications(session, &commits, &mut found).await?;
    let tags: Vec<_> = touched.tags.iter().cloned().collect();
    immutable_tags(session, &tags, &mut found).await?;
    cells(session, touched, &mut found).await?;
    let scopes = found.0.iter();
    let rows: Vec<_> = scopes
        .flat_map(|((project, scope), findings)| {
            findings.iter().map(move |finding| row(project, scope, finding))
        })
        .collect();
    session.put_incidents(&rows).await
}

/// The incidents of a deployment, whose digest's smoke tests and first successes these are.
pub(super) fn of_deployment(
    policy: &Policy,
    project: &str,
    fact: &DeploymentFact,
    smokes: &[SmokeFact],
    successes: &[DeploymentFact],
) -> impl Iterator<Item = IncidentRow> {
    let findings = rules::production_reference(policy, fact);
    let findings = findings.into_iter().chain(rules::untested(policy, fact, smokes, successes));
    findings.map(|finding| row(project, &scope_of(fact), &finding))
}

fn scope_of(fact: &DeploymentFact) -> String {
    format!("deployment/{}", fact.id)
}

/// Findings by the scope that they belong to. A scope without findings is there too.
#[derive(Default)]
struct Found(BTreeMap<Key, Vec<Finding>>);

impl Found {
    fn scope(&mut self, project: &str, scope: String) -> &mut Vec<Finding> {
        self.0.entry((project.to_owned(), scope)).or_default()
    }
}

async fn publications(session: &mut Session, commits: &[Key], found: &mut Found) -> Result<(), StoreError> {
    if commits.is_empty() {
        return Ok(());
    }
    let publications = session.publications_of_commits(commits).await?;
    let published: Vec<_> =
        commits.iter().filter(|commit| publications.contains_key(*commit)).cloned().collect();
    let verdicts = session.ci_facts(&published).await?;
    for commit in commits {
        let findings = found.scope(&commit.0, format!("publication/{}", commit.1));
        let ci = verdicts.get(commit).map_or(&[][..], Vec::as_slice);
        for publication in publications.get(commit).into_iter().flatten() {
            findings.extend(rules::published_without_green_ci(publication, ci));
        }
    }
    Ok(())
}

async fn immutable_tags(session: &mut Session, tags: &[Key3], found: &mut Found) -> Result<(), StoreError> {
    if tags.is_empty() {
        return Ok(());
    }
    let histories = session.tag_facts(tags).await?;
    for tag in tags {
        let (project, repository, name) = tag;
        let findings = found.scope(project, format!("tag/{repository}:{name}"));
        if let Some(history) = histories.get(tag) {
            let name = name.parse().map_err(StoreError::corrupt)?;
            findings.extend(rules::immutable_tag(repository, &name, history));
        }
    }
    Ok(())
}

async fn deployments(
    session: &mut Session,
    policies: &Policies,
    touched: &Touched,
    found: &mut Found,
) -> Result<(), StoreError> {
    let own: Vec<_> = touched.deployments.iter().cloned().collect();
    if own.is_empty() && touched.digests.is_empty() {
        return Ok(());
    }
    let mut judged = HashMap::new();
    let mut digests: BTreeSet<Key> = touched.digests.clone();
    for (key, facts) in session.deployments(&own).await? {
        for fact in facts {
            digests.extend(fact.digest.as_ref().map(|digest| (key.0.clone(), digest.to_string())));
            judged.insert((key.0.clone(), fact.id.to_string()), fact);
        }
    }
    let digests: Vec<_> = digests.into_iter().collect();
    let smokes = session.smoke_facts(&digests).await?;
    let successes = session.first_successes(&digests).await?;
    for (key, facts) in elsewhere(session, touched, &digests, &successes).await? {
        let concerned = |fact: &DeploymentFact| {
            touched.digests.contains(&key) || policies.of(&key.0).is_production(&fact.environment)
        };
        let facts = facts.into_iter().filter(concerned);
        judged.extend(facts.map(|fact| ((key.0.clone(), fact.id.to_string()), fact)));
    }
    for ((project, _), fact) in &judged {
        let (policy, findings) = (policies.of(project), found.scope(project, scope_of(fact)));
        findings.extend(rules::production_reference(policy, fact));
        let Some(digest) = &fact.digest else { continue };
        let digest = (project.clone(), digest.to_string());
        let tested = smokes.get(&digest).map_or(&[][..], Vec::as_slice);
        let succeeded = successes.get(&digest).map_or(&[][..], Vec::as_slice);
        findings.extend(rules::untested(policy, fact, tested, succeeded));
    }
    Ok(())
}

/// All deployments of digests that were tested, or whose first success somewhere is another one now: by that, and by
/// nothing else of others, a deployment is judged.
async fn elsewhere(
    session: &mut Session,
    touched: &Touched,
    digests: &[Key],
    successes: &HashMap<Key, Vec<DeploymentFact>>,
) -> Result<HashMap<Key, Vec<DeploymentFact>>, StoreError> {
    let first = |digest: &&Key| {
        let own =
            |fact: &DeploymentFact| touched.deployments.contains(&(digest.0.clone(), fact.id.to_string()));
        successes.get(*digest).is_some_and(|facts| facts.iter().any(own))
    };
    let judged_anew = |digest: &&Key| touched.revised || touched.digests.contains(*digest) || first(digest);
    let digests: Vec<_> = digests.iter().filter(judged_anew).cloned().collect();
    if digests.is_empty() { Ok(HashMap::new()) } else { session.deployments_of_digests(&digests).await }
}

async fn cells(session: &mut Session, touched: &Touched, found: &mut Found) -> Result<(), StoreError> {
    let mut cells = touched.cells.clone();
    let own: Vec<_> = touched.deployments.iter().cloned().collect();
    if !own.is_empty() {
        for (key, facts) in session.deployments(&own).await? {
            let cell = |fact: &DeploymentFact| {
                (key.0.clone(), fact.environment.to_string(), fact.service.to_string())
            };
            cells.extend(facts.iter().map(cell));
        }
    }
    if cells.is_empty() {
        return Ok(());
    }
    let cells: Vec<_> = cells.into_iter().collect();
    // Where nothing was ever seen there is nothing to compare, and no long history to read.
    let observations = session.runtime_facts(&cells).await?;
    let observed: Vec<_> = observations.keys().cloned().collect();
    let deployments = session.deployments_of_cells(&observed).await?;
    for (cell, observations) in &observations {
        let (project, environment, service) = cell;
        let findings = found.scope(project, format!("cell/{environment}/{service}"));
        let deployments = deployments.get(cell).map_or(&[][..], Vec::as_slice);
        let (service, environment) = (
            service.parse().map_err(StoreError::corrupt)?,
            environment.parse().map_err(StoreError::corrupt)?,
        );
        findings.extend(rules::drift(&service, &environment, deployments, observations));
    }
    Ok(())
}

/// Makes the incidents of these scopes what was found, and tells what that changed.
async fn write(session: &mut Session, found: Found) -> Result<Vec<Change>, StoreError> {
    let scopes: Vec<_> = found.0.keys().cloned().collect();
    if scopes.is_empty() {
        return Ok(Vec::new());
    }
    let before = session.incidents_of_scopes(&scopes).await?;
    let mut before: HashMap<Key, IncidentRow> =
        before.into_iter().map(|row| ((row.project.clone(), row.id.clone()), row)).collect();
    let mut changes = Vec::new();
    let mut put = Vec::new();
    for ((project, scope), findings) in &found.0 {
        for finding in findings {
            let row = row(project, scope, finding);
            let known = before.remove(&(row.project.clone(), row.id.clone()));
            if known.as_ref() == Some(&row) {
                continue;
            }
            let was_open = known.as_ref().map(|known| known.resolved_at.is_none());
            match (was_open, row.resolved_at.is_none()) {
                (None | Some(false), true) => changes.push(Change::Opened(row.clone())),
                (None | Some(true), false) => changes.push(Change::Resolved(row.clone())),
                _ => {}
            }
            put.push(row);
        }
    }
    let gone: Vec<Key> = before.keys().cloned().collect();
    if !gone.is_empty() {
        session.delete_incidents(&gone).await?;
    }
    session.put_incidents(&put).await?;
    changes.extend(before.into_values().map(Change::Withdrawn));
    Ok(changes)
}

fn row(project: &str, scope: &str, finding: &Finding) -> IncidentRow {
    let identity = format!("{project}\n{}\n{}", finding.rule.as_str(), finding.key);
    let id = hex(&Sha256::digest(identity.as_bytes())[..16]);
    IncidentRow {
        project: project.to_owned(),
        id,
        rule: finding.rule.as_str().to_owned(),
        code: finding.code.to_owned(),
        dedupe_key: finding.key.clone(),
        scope: scope.to_owned(),
        subject: finding.subject.clone(),
        environment: finding.environment.as_ref().map(ToString::to_string),
        service: finding.service.as_ref().map(ToString::to_string),
        digest: finding.digest.as_ref().map(ToString::to_string),
        commit_sha: finding.commit.as_ref().map(ToString::to_string),
        opened_at: finding.opened_at,
        resolved_at: finding.resolved_at,
        message: finding.message.clone(),
        evidence: serde_json::to_string(&finding.evidence).unwrap_or_default(),
    }
}
