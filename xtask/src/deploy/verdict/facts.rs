//! What documents and the targets' own records say of an image, as the facts that the rules judge.

use super::{Asked, Ran};
use evidence::rules::{
    CiFact, DeploymentFact, DigestFacts, Finding, PublicationFact, SmokeFact, TagFact, TagSource,
    immutable_tag,
};
use evidence::{
    Claim, CommitSha, DeploymentId, DeploymentMode, Digest, Evidence, ImageRef, Name, Outcome, Tag,
};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// The facts about the image that is asked about. `staging` is the environment that `ran_in_staging` is of, `now` when the
/// registry was asked what the reference names.
pub fn facts(
    documents: &[Evidence],
    asked: &Asked<'_>,
    staging: Option<&Name>,
    now: OffsetDateTime,
) -> DigestFacts {
    let digest = &asked.image.digest;
    let (environment_schema, environment_floor) = asked.environment_schema.unzip();
    let mut facts = DigestFacts { environment_schema, environment_floor, ..DigestFacts::default() };
    let mut built: Vec<(i64, &Evidence)> = Vec::new();
    for document in documents.iter().filter(|document| about(document) == Some(digest)) {
        let (at, evidence) = (micros(document.occurred_at), document.sha256());
        match &document.claim {
            Claim::ImageBuilt { .. } => built.push((at, document)),
            Claim::Smoke { outcome, .. } => {
                facts.smokes.push(SmokeFact { outcome: *outcome, at, evidence });
            }
            Claim::Published { commit, digest, repository, tags } => {
                facts.publications.push(PublicationFact {
                    repository: repository.clone(),
                    tags: tags.clone(),
                    digest: digest.clone(),
                    commit: commit.clone(),
                    at,
                    evidence,
                });
            }
            claim => facts.deployments.extend(deployment(claim, at, evidence)),
        }
    }
    let here = (&asked.environment.name, asked.ran_here);
    for (environment, records) in [here].into_iter().chain(staging.map(|name| (name, asked.ran_in_staging))) {
        let own = records.iter().filter(|ran| ran.digest == *digest);
        facts.deployments.extend(own.map(|ran| recorded(ran, asked.service, environment)));
    }
    built.sort_by_key(|(at, document)| (*at, document.sha256()));
    let last_built = built.last().map(|(_, document)| &document.claim);
    facts.schema_range = asked.image.schema.or(match last_built {
        Some(Claim::ImageBuilt { schema_range, .. }) => *schema_range,
        _ => None,
    });
    facts.commit = commit(&facts, last_built, documents, digest);
    facts.ci = ci(documents, facts.commit.as_ref());
    facts.tags = tags(documents, asked, &facts.publications, micros(now));
    facts
}

/// The digest that a document is about.
pub fn about(document: &Evidence) -> Option<&Digest> {
    match &document.claim {
        Claim::ImageBuilt { digest, .. } | Claim::Published { digest, .. } => Some(digest),
        Claim::Smoke { digest, .. } | Claim::Deployed { digest, .. } | Claim::RolledBack { digest, .. } => {
            digest.as_ref()
        }
        _ => None,
    }
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

/// A deployment that a document tells the end of.
fn deployment(claim: &Claim, at: i64, evidence: String) -> Option<DeploymentFact> {
    let of_document = || DeploymentId::of_evidence(&evidence);
    let (id, mode, outcome, taken, reference) = match claim {
        Claim::Deployed { deployment, outcome, milliseconds, reference, .. } => {
            let taken = milliseconds.and_then(|taken| i64::try_from(taken).ok()).unwrap_or_default();
            (deployment, DeploymentMode::Deploy, *outcome, taken, reference.clone())
        }
        Claim::RolledBack { deployment, .. } => {
            (deployment, DeploymentMode::Rollback, Outcome::Success, 0, None)
        }
        _ => return None,
    };
    let (Claim::Deployed { service, environment, commit, digest, .. }
    | Claim::RolledBack { service, environment, commit, digest, .. }) = claim
    else {
        return None;
    };
    Some(DeploymentFact {
        id: id.clone().unwrap_or_else(of_document),
        service: service.clone(),
        environment: environment.clone(),
        digest: digest.clone(),
        commit: commit.clone(),
        reference,
        mode,
        outcome: Some(outcome),
        started_at: at.saturating_sub(taken.saturating_mul(1000)),
        finished_at: Some(at),
        evidence,
    })
}

/// What a target's own record says: it was deployed there, and seen healthy.
fn recorded(ran: &Ran, service: &Name, environment: &Name) -> DeploymentFact {
    let at = micros(ran.at);
    // No document says so: what names the fact is made of the record itself.
    let record = Digest::of(format!("{environment}/{service}#{}#{at}", ran.digest).as_bytes());
    DeploymentFact {
        id: DeploymentId::of_evidence(record.encoded()),
        service: service.clone(),
        environment: environment.clone(),
        digest: Some(ran.digest.clone()),
        commit: ran.commit.clone(),
        reference: None,
        mode: DeploymentMode::Deploy,
        outcome: Some(Outcome::Success),
        started_at: at,
        finished_at: Some(at),
        evidence: record.encoded().to_owned(),
    }
}

/// The commit that it was built from, as its last publication says, or else its build, a smoke or a deployment. What the
/// image says of itself is no evidence.
fn commit(
    facts: &DigestFacts,
    built: Option<&Claim>,
    documents: &[Evidence],
    digest: &Digest,
) -> Option<CommitSha> {
    let published = facts.publications.iter().max_by_key(|fact| (fact.at, &fact.evidence));
    let smoked = || {
        let smoke = |it: &&Evidence| matches!(it.claim, Claim::Smoke { .. }) && about(it) == Some(digest);
        documents.iter().filter(smoke).min_by_key(|it| (it.occurred_at, it.sha256()))?.claim.commit().cloned()
    };
    let deployed = || {
        let first = facts.deployments.iter().min_by_key(|fact| (fact.started_at, &fact.id));
        first.map(|fact| fact.commit.clone())
    };
    published
        .map(|fact| fact.commit.clone())
        .or_else(|| built.and_then(Claim::commit).cloned())
        .or_else(smoked)
        .or_else(deployed)
}

fn ci(documents: &[Evidence], commit: Option<&CommitSha>) -> Vec<CiFact> {
    let fact = |document: &Evidence| match &document.claim {
        Claim::CiVerdict { commit: of, outcome, .. } if Some(of) == commit => Some(CiFact {
            outcome: *outcome,
            concluded_at: micros(document.occurred_at),
            evidence: document.sha256(),
        }),
        _ => None,
    };
    documents.iter().filter_map(fact).collect()
}

/// The findings about the tags that it was published under, and about the tag that it goes by, which the registry has just
/// been asked for.
fn tags(
    documents: &[Evidence],
    asked: &Asked<'_>,
    publications: &[PublicationFact],
    now: i64,
) -> Vec<Finding> {
    let named = asked.image.reference.as_ref().and_then(|reference| {
        let tag = reference.tag.clone()?;
        Some((ImageRef { tag: None, digest: None, ..reference.clone() }.to_string(), tag))
    });
    let mut wanted: BTreeSet<(String, Tag)> = named.iter().cloned().collect();
    wanted.extend(
        publications
            .iter()
            .flat_map(|fact| fact.tags.iter().map(|tag| (fact.repository.clone(), tag.clone()))),
    );
    let mut findings = Vec::new();
    for (repository, tag) in &wanted {
        let mut history: Vec<TagFact> =
            documents.iter().filter_map(|document| published(document, repository, tag)).collect();
        if named.as_ref().is_some_and(|named| named.0 == *repository && named.1 == *tag) {
            history.push(TagFact {
                digest: Some(asked.image.digest.clone()),
                at: now,
                source: TagSource::Observed,
                evidence: Digest::of(format!("{repository}:{tag}#{now}").as_bytes()).encoded().to_owned(),
            });
        }
        findings.extend(immutable_tag(repository, tag, &history));
    }
    findings
}

fn published(document: &Evidence, repository: &str, tag: &Tag) -> Option<TagFact> {
    match &document.claim {
        Claim::Published { digest, repository: of, tags, .. } if of == repository && tags.contains(tag) => {
            Some(TagFact {
                digest: Some(digest.clone()),
                at: micros(document.occurred_at),
                source: TagSource::Published,
                evidence: document.sha256(),
            })
        }
        _ => None,
    }
}
