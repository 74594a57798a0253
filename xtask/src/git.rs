//! What git says of this repository. A question that git cannot answer has no answer; it is never an error.

use crate::context::Context;
use crate::policy::event::GitFacts;
use evidence::CommitSha;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xshell::cmd;

/// What git knows of a commit.
#[derive(Clone, Debug)]
pub struct CommitFacts {
    /// The commit.
    pub commit: CommitSha,
    /// When it was made.
    pub at: OffsetDateTime,
    /// Its parents, first parent first.
    pub parents: Vec<CommitSha>,
    /// Its author's name.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

/// Questions to git, asked in the repository's root.
pub struct Git<'a>(&'a Context);

impl<'a> Git<'a> {
    /// Of this context's repository.
    pub fn of(ctx: &'a Context) -> Self {
        Self(ctx)
    }

    fn ask(&self, args: &[&str]) -> Option<String> {
        let shell = self.0.shell().ok()?;
        let answer = cmd!(shell, "git {args...}").quiet().ignore_stderr().read().ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    /// What a push of the present state would say. `sha` is the commit that is checked out.
    pub fn facts(&self, sha: &str) -> GitFacts {
        let remote = self.ask(&["remote", "get-url", "origin"]);
        let default = self.ask(&["symbolic-ref", "--short", "refs/remotes/origin/HEAD"]);
        GitFacts {
            sha: sha.to_owned(),
            branch: self.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]),
            tag: self.ask(&["describe", "--exact-match", "--tags", "HEAD"]),
            repository: remote.as_deref().and_then(owner_and_name),
            default_branch: default.and_then(|name| name.strip_prefix("origin/").map(str::to_owned)),
        }
    }

    /// When a commit was made.
    pub fn commit_date(&self, sha: &str) -> Option<OffsetDateTime> {
        let text = self.ask(&["show", "--no-patch", "--format=%cI", &format!("{sha}^{{commit}}")])?;
        OffsetDateTime::parse(text.trim(), &Rfc3339).ok()
    }

    /// The branches, those of the remote too, and the tags, as `refs/heads/…` and `refs/tags/…`.
    pub fn references(&self) -> Vec<String> {
        let format = "--format=%(refname)";
        let all = self.ask(&["for-each-ref", format, "refs/heads", "refs/tags", "refs/remotes/origin"]);
        let mut names: Vec<String> = all
            .unwrap_or_default()
            .lines()
            .filter(|name| *name != "refs/remotes/origin/HEAD")
            .map(|name| name.replacen("refs/remotes/origin/", "refs/heads/", 1))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The tags on a commit, the highest version first.
    pub fn tags_on(&self, sha: &str) -> Vec<String> {
        let tags = self.ask(&["tag", "--points-at", sha, "--sort=-version:refname"]);
        tags.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Whether one commit is an ancestor of another; none where the history at hand has not both.
    pub fn is_ancestor(&self, ancestor: &str, of: &str) -> Option<bool> {
        let shell = self.0.shell().ok()?;
        let git = cmd!(shell, "git merge-base --is-ancestor {ancestor} {of}");
        match git.quiet().ignore_status().ignore_stderr().output().ok()?.status.code() {
            Some(0) => Some(true),
            Some(1) => Some(false),
            _ => None,
        }
    }

    /// A branch as this clone knows it: the remote's, else its own.
    pub fn branch_reference(&self, branch: &str) -> Option<String> {
        [format!("refs/remotes/origin/{branch}"), format!("refs/heads/{branch}")]
            .into_iter()
            .find(|name| self.ask(&["rev-parse", "--verify", "--quiet", name]).is_some())
    }

    /// Whether a commit is on a branch.
    pub fn is_on(&self, commit: &str, branch: &str) -> bool {
        let tip = self.branch_reference(branch);
        tip.is_some_and(|tip| self.is_ancestor(commit, &tip) == Some(true))
    }

    /// What was pushed to a branch after one of its commits, the latest first. A commit that came in by a merge is left
    /// out: it was pushed elsewhere.
    pub fn commits_after(&self, commit: &str, branch: &str) -> Vec<CommitSha> {
        let Some(tip) = self.branch_reference(branch).filter(|_| self.is_on(commit, branch)) else {
            return Vec::new();
        };
        let list = self.ask(&["rev-list", "--first-parent", &format!("{commit}..{tip}")]);
        list.unwrap_or_default().lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// A commit and those before it, at most that many, the latest first.
    pub fn commits(&self, from: &str, most: usize) -> Vec<CommitFacts> {
        let most = format!("--max-count={most}");
        // The raw form tells the true parents also where the clone is shallow and its oldest commit seems to have none.
        let raw = self.ask(&["log", &most, "--format=raw", "--no-show-signature", from, "--"]);
        let raw = raw.unwrap_or_default();
        let mut parents: Vec<Vec<CommitSha>> = Vec::new();
        for line in raw.lines() {
            if line.starts_with("commit ") {
                parents.push(Vec::new());
            } else if let (Some(parent), Some(of)) = (line.strip_prefix("parent "), parents.last_mut()) {
                of.extend(parent.parse().ok());
            }
        }
        let log =
            self.ask(&["log", &most, "--format=%H%x1f%ct%x1f%an%x1f%s", "--no-show-signature", from, "--"]);
        let lines = log.as_deref().unwrap_or_default().lines().zip(parents);
        lines.filter_map(|(line, parents)| commit_facts(line, parents)).collect()
    }

    /// A file as it is in a commit.
    pub fn file(&self, sha: &str, path: &str) -> Option<String> {
        self.ask(&["show", &format!("{sha}:{path}")])
    }
}

fn commit_facts(line: &str, parents: Vec<CommitSha>) -> Option<CommitFacts> {
    let mut fields = line.splitn(4, '\u{1f}');
    let commit = fields.next()?.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp(fields.next()?.parse().ok()?).ok()?;
    let (author, subject) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    Some(CommitFacts { commit, at, parents, author, subject })
}

/// `owner/name` from a remote's URL, whatever its form.
fn owner_and_name(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url.split_once(':').map_or(url, |(_, path)| path),
    };
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    let mut parts = path.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !owner.is_empty()).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_name_their_repository() {
        for url in [
            "https://github.com/Owner/name.git",
            "https://user@github.example:8443/Owner/name/",
            "git@github.com:Owner/name.git",
            "ssh://git@github.com/Owner/name",
            "/srv/git/Owner/name.git",
        ] {
            assert_eq!(owner_and_name(url).as_deref(), Some("Owner/name"), "{url}");
        }
        assert_eq!(owner_and_name("name"), None);
        assert_eq!(owner_and_name("https://github.com"), None);
    }
}
