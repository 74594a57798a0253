//! Commits as they are shown in lists.

use super::clock;
use super::reading::{Paged, Snapshot, one_more};
use crate::store::{CommitRow, LinkRow, PublicationRow, StoreError};
use evidence::{CommitSha, Digest, Name, Outcome, Tag};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

/// The environments that have a natural order; any other follows them by name.
const KNOWN_ENVIRONMENTS: [&str; 6] = ["local", "ci", "dev", "test", "staging", "prod"];

/// A page of commits.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commits {
    /// The commits, newest first.
    pub commits: Vec<Commit>,
}

/// One commit and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Commit {
    /// The project that it belongs to.
    pub project: Name,
    /// The commit.
    pub commit: CommitSha,
    /// The first line of its message; null when only other evidence speaks of it.
    #[schema(required)]
    pub subject: Option<String>,
    /// Its author; null when only other evidence speaks of it.
    #[schema(required)]
    pub author: Option<String>,
    /// Its commit time, RFC 3339; null when only other evidence speaks of it.
    #[schema(required, format = DateTime)]
    pub committed_at: Option<String>,
    /// What CI concluded last; null if it has not.
    #[schema(required)]
    pub ci: Option<Outcome>,
    /// The image that was built from it last; null if none was.
    #[schema(required)]
    pub image: Option<Image>,
    /// How the last smoke test of it ended; null if there was none.
    #[schema(required)]
    pub smoke: Option<Outcome>,
    /// The tags that name its image now.
    pub published: Vec<Tag>,
    /// The environments in which it runs now.
    pub environments: Vec<Name>,
    /// Whether a force-push left it behind.
    pub unreachable: bool,
}

/// A built image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Image {
    /// The digest of its manifest or index.
    pub digest: Digest,
    /// The compressed size of all its blobs, in bytes.
    pub size_bytes: u64,
    /// Its platforms, such as `linux/amd64`.
    pub platforms: Vec<String>,
}

/// The key of a page's last commit: its commit time, and the commit.
pub type CommitKey = (i64, String);

/// At most `limit` commits after the key, newest first.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(
    snapshot: &mut Snapshot,
    after: Option<&CommitKey>,
    limit: usize,
) -> Result<Paged<Commit, CommitKey>, StoreError> {
    let before = after.map_or((i64::MAX, ""), |(at, commit)| (*at, commit.as_str()));
    let Snapshot { session, project, .. } = snapshot;
    let rows = session.commit_page(project, before, one_more(limit)).await?;
    let page = Paged::of(rows, limit, |row: &LinkRow| (row.at, row.commit.to_string()));
    let items = about(snapshot, page.items.iter().map(|row| &row.commit)).await?;
    Ok(Paged { items, next: page.next })
}

/// These commits, in this order.
pub(super) async fn about<'a>(
    snapshot: &mut Snapshot,
    shown: impl Iterator<Item = &'a CommitSha>,
) -> Result<Vec<Commit>, StoreError> {
    let Snapshot { session, project, .. } = snapshot;
    let keys: Vec<_> = shown.map(|commit| (&*project, commit)).collect();
    let details = session.commits(&keys).await?;
    let tags = session.tags_of_commits(&keys).await?;
    let running = session.running(project).await?;
    let environments = in_order(running.iter().map(|run| &run.environment));
    let running: Vec<_> = running.iter().map(|run| (&*project, &run.environment, &run.commit)).collect();
    commits(&keys, details, &tags, &running, &environments)
}

/// Each environment once, in the order of a promotion.
pub(super) fn in_order<'a>(environments: impl Iterator<Item = &'a Name>) -> Vec<Name> {
    let present: BTreeSet<&Name> = environments.collect();
    let known = KNOWN_ENVIRONMENTS.iter();
    let known = known.filter_map(|name| present.iter().find(|other| other.as_str() == *name));
    let others = present.iter().filter(|name| !KNOWN_ENVIRONMENTS.contains(&name.as_str()));
    known.chain(others).map(|name| (*name).clone()).collect()
}

/// Commits in the order of their keys. `running` says of each project and environment which commits run there.
pub(super) fn commits(
    shown: &[(&Name, &CommitSha)],
    details: Vec<CommitRow>,
    tags: &[PublicationRow],
    running: &[(&Name, &Name, &CommitSha)],
    environments: &[Name],
) -> Result<Vec<Commit>, StoreError> {
    let mut details: HashMap<_, _> =
        details.into_iter().map(|row| ((row.project.clone(), row.commit.clone()), row)).collect();
    let rows =
        shown.iter().filter_map(|(project, commit)| details.remove(&((*project).clone(), (*commit).clone())));
    let commit = |row: CommitRow| {
        let key = (&row.project, &row.commit);
        // One tag can be in several repositories.
        let published: BTreeSet<_> =
            tags.iter().filter(|tag| (&tag.project, &tag.commit) == key).map(|tag| tag.tag.clone()).collect();
        let runs_in = |environment: &&Name| {
            running.iter().any(|(project, place, commit)| place == environment && (*project, *commit) == key)
        };
        let environments = environments.iter().filter(runs_in).cloned().collect();
        let committed_at = row.message.as_ref().map(|message| clock::stored(message.at)).transpose()?;
        let (subject, author) = row.message.map(|message| (message.subject, message.author)).unzip();
        Ok(Commit {
            subject,
            author,
            committed_at,
            ci: row.ci,
            image: row.image.as_ref().map(image).transpose()?,
            smoke: row.smoke,
            published: published.into_iter().collect(),
            environments,
            unreachable: row.unreachable,
            project: row.project,
            commit: row.commit,
        })
    };
    rows.map(commit).collect()
}

fn image((digest, size_bytes, platforms): &(Digest, i64, String)) -> Result<Image, StoreError> {
    Ok(Image {
        digest: digest.clone(),
        size_bytes: u64::try_from(*size_bytes).map_err(StoreError::corrupt)?,
        platforms: serde_json::from_str(platforms).map_err(StoreError::corrupt)?,
    })
}
