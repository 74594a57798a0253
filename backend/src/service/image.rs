//! All that is known about one image.

use super::clock;
use super::deployment_reading::{self, Deployment, Source};
use super::reading::Snapshot;
use crate::store::{ArtefactRow, DeploymentsOf, PublishedRow, SmokeRow, StoreError};
use evidence::{BuildCache, CommitSha, Digest, Name, Outcome, SchemaRange, Tag};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// How many of an image's deployments are shown; the histories of its cells have the others.
const DEPLOYMENTS: usize = 50;

/// All that is known about one image.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImageFacts {
    /// The digest.
    pub digest: Digest,
    /// The commits that it is said to be built from: one, unless its evidence contradicts itself.
    pub commits: Vec<CommitSha>,
    /// Its build; null if nobody told of it.
    #[schema(required)]
    pub built: Option<Built>,
    /// Its smoke tests, oldest first.
    pub smokes: Vec<SmokeTest>,
    /// Its publications, oldest first.
    pub publications: Vec<Publication>,
    /// Where it runs now.
    pub running: Vec<Place>,
    /// Its newest deployments, at most 50.
    pub deployments: Vec<Deployment>,
}

/// A cell of the board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Place {
    /// The environment.
    pub environment: Name,
    /// The service.
    pub service: Name,
}

/// An image that was built.
#[derive(Debug, Serialize, ToSchema)]
pub struct Built {
    /// Its digest.
    pub digest: Digest,
    /// The commit.
    pub commit: CommitSha,
    /// The compressed size of all its blobs, in bytes.
    pub size_bytes: u64,
    /// Its platforms, such as `linux/amd64`.
    pub platforms: Vec<String>,
    /// The database schemas that it can run on; null if nobody said.
    #[schema(required)]
    pub schema_range: Option<SchemaRange>,
    /// How long the build took, in milliseconds; null if nobody said.
    #[schema(required)]
    pub milliseconds: Option<u64>,
    /// Whether the build started with a filled cache; null if nobody said.
    #[schema(required)]
    pub cache: Option<BuildCache>,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The document that says so.
    pub evidence: Source,
}

/// A smoke test.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmokeTest {
    /// The commit.
    pub commit: CommitSha,
    /// The digest; null when it was a process and not an image.
    #[schema(required)]
    pub digest: Option<Digest>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it ran on.
    pub engine: String,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The document that says so.
    pub evidence: Source,
}

/// That an image was published under a tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct Publication {
    /// Registry and repository, without tag.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// The digest.
    pub digest: Digest,
    /// The commit.
    pub commit: CommitSha,
    /// When, RFC 3339.
    #[schema(format = DateTime)]
    pub at: String,
    /// The document that says so.
    pub evidence: Source,
}

/// The image of that digest; none if nothing speaks of it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn find(snapshot: &mut Snapshot, digest: &Digest) -> Result<Option<ImageFacts>, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let built = session.artefacts(project, None, Some(digest)).await?.pop();
    let smokes = session.smokes_of_digest(project, digest).await?;
    let publications = session.published_of_digest(project, digest).await?;
    let running = session.running(project).await?;
    let deployments =
        deployment_reading::list(snapshot, DeploymentsOf::Digest(digest), None, DEPLOYMENTS).await?;
    let deployments = deployments.items;
    let mut commits = BTreeSet::new();
    commits.extend(built.iter().map(|row| row.commit.clone()));
    commits.extend(smokes.iter().map(|row| row.commit.clone()));
    commits.extend(publications.iter().map(|row| row.commit.clone()));
    commits.extend(deployments.iter().map(|row| row.commit.clone()));
    if commits.is_empty() {
        return Ok(None);
    }
    let running = running.into_iter().filter(|run| run.digest.as_ref() == Some(digest));
    Ok(Some(ImageFacts {
        digest: digest.clone(),
        commits: commits.into_iter().collect(),
        built: built.map(Built::of).transpose()?,
        smokes: smokes.into_iter().map(SmokeTest::of).collect::<Result<_, _>>()?,
        publications: publications.into_iter().map(Publication::of).collect::<Result<_, _>>()?,
        running: running.map(|run| Place { environment: run.environment, service: run.service }).collect(),
        deployments,
    }))
}

impl Built {
    pub(super) fn of(row: ArtefactRow) -> Result<Self, StoreError> {
        let number = |number: i64| u64::try_from(number).map_err(StoreError::corrupt);
        let range = row
            .schema_range
            .map(|(min, max)| Ok::<_, StoreError>(SchemaRange { min: number(min)?, max: number(max)? }));
        Ok(Self {
            digest: row.digest,
            commit: row.commit,
            size_bytes: number(row.size_bytes)?,
            platforms: serde_json::from_str(&row.platforms).map_err(StoreError::corrupt)?,
            schema_range: range.transpose()?,
            milliseconds: row.milliseconds.map(number).transpose()?,
            cache: row.cache,
            at: clock::stored(row.at)?,
            evidence: Source { sha256: row.evidence, trust: row.trust },
        })
    }
}

impl SmokeTest {
    pub(super) fn of(row: SmokeRow) -> Result<Self, StoreError> {
        Ok(Self {
            commit: row.commit,
            digest: row.digest,
            outcome: row.outcome,
            engine: row.engine,
            at: clock::stored(row.at)?,
            evidence: Source { sha256: row.evidence, trust: row.trust },
        })
    }
}

impl Publication {
    pub(super) fn of(row: PublishedRow) -> Result<Self, StoreError> {
        Ok(Self {
            repository: row.repository,
            tag: row.tag,
            digest: row.digest,
            commit: row.commit,
            at: clock::stored(row.at)?,
            evidence: Source { sha256: row.evidence, trust: row.trust },
        })
    }
}
