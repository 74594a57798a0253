//! May this digest go there? The rules' answer, from what the ledger knows.

use super::clock;
use super::reading::Snapshot;
use crate::store::StoreError;
use evidence::rules::{self, DigestFacts, Policy, Question, Reason};
use evidence::{CommitSha, Digest, ImageRef, Name};
use serde::Serialize;
use utoipa::ToSchema;

/// So many of the documents that wait to be projected are looked through.
const MOST_PENDING: i64 = 1000;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Query {
    /// The digest that shall be deployed.
    pub digest: Digest,
    /// Where to.
    pub environment: Name,
    /// As which service, if that is said.
    pub service: Option<Name>,
    /// The reference that it shall be deployed by; none: by its digest.
    pub reference: Option<String>,
}

/// Whether a digest may go to an environment, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decision {
    /// The answer.
    pub verdict: Answer,
    /// The project.
    pub project: Name,
    /// The digest that was asked about.
    pub digest: Digest,
    /// The commit that it was built from; null where nothing says so.
    #[schema(required)]
    pub commit: Option<CommitSha>,
    /// The environment that was asked about.
    pub environment: Name,
    /// The service that was asked about; null if none was.
    #[schema(required)]
    pub service: Option<Name>,
    /// The reference that was asked about; null if none was.
    #[schema(required)]
    pub reference: Option<String>,
    /// What blocks, and then what else was looked at.
    pub reasons: Vec<Reason>,
    /// How many of the next 1000 documents that are recorded and not looked at yet are of the project: while there are
    /// some, the answer may still change by itself.
    pub pending: i64,
    /// When this was answered, RFC 3339.
    #[schema(format = DateTime)]
    pub evaluated_at: String,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may: nothing blocks.
    Allow,
    /// It may not.
    Deny,
}

/// Answers from one state of the projections.
///
/// # Errors
/// When the database cannot be asked.
pub async fn decide(snapshot: &mut Snapshot, query: Query) -> Result<Decision, StoreError> {
    let policy = snapshot.session.policy(&snapshot.project).await?;
    let facts = facts(snapshot, &policy, &query).await?;
    let Snapshot { session, project, .. } = snapshot;
    let pending = session.unprojected(project, MOST_PENDING).await?;
    let question = Question {
        digest: &query.digest,
        environment: &query.environment,
        service: query.service.as_ref(),
        reference: query.reference.as_deref(),
        // Whatever is recorded is known by now, though the clock of who told it may go fast.
        at: i64::MAX,
    };
    let verdict = rules::decide(&policy, &question, &facts);
    Ok(Decision {
        verdict: if verdict.allow { Answer::Allow } else { Answer::Deny },
        project: project.clone(),
        commit: facts.commit,
        reasons: verdict.reasons,
        pending,
        evaluated_at: clock::stored(clock::now())?,
        digest: query.digest,
        environment: query.environment,
        service: query.service,
        reference: query.reference,
    })
}

async fn facts(snapshot: &mut Snapshot, policy: &Policy, query: &Query) -> Result<DigestFacts, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let Query { digest, environment, service, reference } = query;
    let key = (project.to_string(), digest.to_string());
    let own = std::slice::from_ref(&key);
    let publications = session.publications_of_digests(own).await?.remove(&key).unwrap_or_default();
    let (built, schema_range) = session.artefact_origin(project, digest).await?.unzip();
    // R1 judges by the commit that the last publication names.
    let published = publications.iter().max_by_key(|fact| (fact.at, &fact.evidence));
    let commit = match published.map(|fact| fact.commit.clone()).or(built) {
        Some(commit) => Some(commit),
        None => session.mentioned_commit(project, digest).await?,
    };
    let mut ci = Vec::new();
    if let Some(commit) = &commit {
        let key = (project.to_string(), commit.to_string());
        ci = session.ci_facts(std::slice::from_ref(&key)).await?.remove(&key).unwrap_or_default();
    }
    // Nothing but what production asks for is looked up: a digest may have been deployed any number of times.
    let mut deployments = Vec::new();
    if policy.is_production(environment) {
        for place in policy.staging.iter().chain([environment]) {
            deployments.extend(session.first_success(project, digest, place).await?);
        }
    }
    let mut tags: Vec<String> = publications
        .iter()
        .flat_map(|fact| fact.tags.iter().map(|tag| format!("{}:{tag}", fact.repository)))
        .collect();
    tags.extend(reference.as_deref().and_then(tag_of));
    let seen = session.environment_schema(project, environment, service.as_ref()).await?;
    Ok(DigestFacts {
        commit,
        schema_range: schema_range.flatten(),
        ci,
        smokes: session.smoke_facts(own).await?.remove(&key).unwrap_or_default(),
        deployments,
        tags: session.open_tag_findings(project, digest, &tags).await?,
        environment_schema: seen.map(|(schema, _)| schema),
        environment_floor: seen.and_then(|(_, floor)| floor),
        publications,
    })
}

/// The tag that a reference goes by, as findings name it: `repository:tag`.
fn tag_of(reference: &str) -> Option<String> {
    let reference: ImageRef = reference.parse().ok()?;
    reference.tag.as_ref()?;
    Some(ImageRef { digest: None, ..reference }.to_string())
}
