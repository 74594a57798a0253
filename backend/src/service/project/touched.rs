//! What a batch of documents may have changed beyond its own rows.

use crate::store::{Key, Key3};
use evidence::{CommitSha, DeploymentId, Digest, Name, Tag, rules};
use std::collections::BTreeSet;

/// Subjects whose consequences have to be drawn again.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// Commits about which CI concluded something, or that were published.
    pub commits: BTreeSet<Key>,
    /// Immutable tags: a project, a repository, a tag.
    pub tags: BTreeSet<Key3>,
    /// Deployments.
    pub deployments: BTreeSet<Key>,
    /// Digests that were tested.
    pub digests: BTreeSet<Key>,
    /// Cells in which something was seen: a project, an environment, a service.
    pub cells: BTreeSet<Key3>,
    /// Whether the end of a deployment is told otherwise than before.
    pub revised: bool,
    /// Projects whose default branch or commits changed.
    pub projects: BTreeSet<String>,
}

impl Touched {
    pub fn commit(&mut self, project: &Name, commit: &CommitSha) {
        self.commits.insert((project.to_string(), commit.to_string()));
    }

    pub fn tag(&mut self, project: &Name, repository: &str, tag: &Tag) {
        if rules::is_immutable(tag) {
            self.tags.insert((project.to_string(), repository.to_owned(), tag.to_string()));
        }
    }

    pub fn deployment(&mut self, project: &Name, id: &DeploymentId) {
        self.deployments.insert((project.to_string(), id.to_string()));
    }

    pub fn digest(&mut self, project: &Name, digest: &Digest) {
        self.digests.insert((project.to_string(), digest.to_string()));
    }

    pub fn cell(&mut self, project: &Name, environment: &Name, service: &Name) {
        self.cells.insert((project.to_string(), environment.to_string(), service.to_string()));
    }

    pub fn branches(&mut self, project: &Name) {
        self.projects.insert(project.to_string());
    }
}
