//! What GitHub, or git on a developer's machine, says has happened.

use crate::context::Env;
use evidence::CommitSha;
use serde_json::Value;

/// An event, reduced to what decisions look at.
///
/// Under `workflow_run`, `sha` and `reference` are those of the run that was completed. `GITHUB_SHA` is the tip of
/// the default branch there, which may be another commit altogether, and is never read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// `push`, `pull_request`, `workflow_run`, …
    pub name: String,
    /// `refs/heads/…`, `refs/tags/…`, `refs/pull/…`, or empty.
    pub reference: String,
    /// The full commit, or empty.
    pub sha: String,
    /// `owner/name` as it was given, or empty.
    pub repository: String,
    /// The default branch, or empty where nothing says which that is.
    pub default_branch: String,
    /// Where the repository's pages are: `https://github.com`, or an enterprise's server.
    pub server: String,
    /// The whole payload; `null` where there is none.
    pub payload: Value,
    /// Whether it is sure that `reference` is a branch or a tag. `workflow_run` names a branch and a tag alike.
    pub settled: bool,
}

/// Why an event cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// What git says about the work tree, where no workflow runs.
#[derive(Clone, Debug, Default)]
pub struct GitFacts {
    /// The commit.
    pub sha: String,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// A tag on the commit, which counts where no branch is checked out.
    pub tag: Option<String>,
    /// `owner/name` of the remote.
    pub repository: Option<String>,
    /// The remote's default branch.
    pub default_branch: Option<String>,
}

/// The text at a JSON pointer; whatever is not a text counts as absent.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

impl Event {
    /// The event of a workflow, from GitHub's variables and the event file. Where no variable names the event, as
    /// when a saved payload is looked at by hand, its form tells.
    ///
    /// # Errors
    /// When the payload lacks what such an event has, or the commit is not a full SHA.
    pub fn of_github(env: &Env, payload: Value) -> Result<Self, Malformed> {
        let known = |key: &str| env.get(key).map(str::to_owned);
        let name = known("GITHUB_EVENT_NAME").unwrap_or_else(|| infer(&payload).to_owned());
        if !payload.is_object() && !payload.is_null() {
            return Err(Malformed(format!("the payload of {} is not a JSON object", shown(&name))));
        }
        let own = |pointer: &str| text(&payload, pointer).map(str::to_owned);
        let (reference, sha) = match name.as_str() {
            "workflow_run" => {
                if !payload.pointer("/workflow_run").is_some_and(Value::is_object) {
                    return Err(Malformed("the payload has no workflow_run".to_owned()));
                }
                let sha = own("/workflow_run/head_sha")
                    .ok_or_else(|| Malformed("workflow_run has no head_sha".to_owned()))?;
                (own("/workflow_run/head_branch").map(|branch| format!("refs/heads/{branch}")), Some(sha))
            }
            // The action has it so: such an event's own reference is the branch that is merged into.
            "pull_request_target" => {
                (pull(&payload), known("GITHUB_SHA").or_else(|| own("/pull_request/head/sha")))
            }
            "pull_request" => (
                known("GITHUB_REF").or_else(|| pull(&payload)),
                known("GITHUB_SHA").or_else(|| own("/pull_request/head/sha")),
            ),
            "release" => (
                known("GITHUB_REF")
                    .or_else(|| own("/release/tag_name").map(|tag| format!("refs/tags/{tag}"))),
                known("GITHUB_SHA"),
            ),
            _ => (
                known("GITHUB_REF")
                    .or_else(|| own("/ref").filter(|reference| reference.starts_with("refs/"))),
                known("GITHUB_SHA").or_else(|| own("/after")),
            ),
        };
        let sha = sha.unwrap_or_default();
        if !sha.is_empty() && sha.parse::<CommitSha>().is_err() {
            return Err(Malformed(format!(
                "{} is not a commit: expected 40 hexadecimal digits",
                shown(&sha)
            )));
        }
        Ok(Self {
            settled: name != "workflow_run",
            reference: reference.unwrap_or_default(),
            sha,
            repository: known("GITHUB_REPOSITORY")
                .or_else(|| own("/repository/full_name"))
                .unwrap_or_default(),
            default_branch: own("/repository/default_branch").unwrap_or_default(),
            server: known("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned()),
            name,
            payload,
        })
    }

    /// What a push of the present state would be.
    pub fn of_git(facts: GitFacts) -> Self {
        let branch = facts.branch.map(|branch| format!("refs/heads/{branch}"));
        Self {
            name: "push".to_owned(),
            reference: branch.or(facts.tag.map(|tag| format!("refs/tags/{tag}"))).unwrap_or_default(),
            sha: facts.sha,
            repository: facts.repository.unwrap_or_default(),
            default_branch: facts.default_branch.unwrap_or_default(),
            server: "https://github.com".to_owned(),
            payload: Value::Null,
            settled: true,
        }
    }

    /// The event that started it all: under `workflow_run` the event of the completed run.
    pub fn trigger(&self) -> &str {
        match self.name.as_str() {
            "workflow_run" => text(&self.payload, "/workflow_run/event").unwrap_or_default(),
            name => name,
        }
    }

    /// The branch's name, of a branch.
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    /// The tag's name, of a tag.
    pub fn tag(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/tags/")
    }

    /// The pull request's number, of a pull request.
    pub fn pull(&self) -> Option<&str> {
        let rest = self.reference.strip_prefix("refs/pull/")?;
        Some(rest.strip_suffix("/merge").unwrap_or(rest))
    }

    /// Whether this is the default branch itself.
    pub fn on_default_branch(&self) -> bool {
        self.branch().is_some_and(|branch| !branch.is_empty() && branch == self.default_branch)
    }

    /// Settles whether the name that `workflow_run` gave is a branch or a tag, knowing which of the two exist.
    /// A name that is both stays unsettled. One that is neither any more counts as a branch, as GitHub calls it.
    pub fn settle(&mut self, branch_exists: bool, tag_exists: bool) {
        if self.settled {
            return;
        }
        self.settled = !(branch_exists && tag_exists);
        if tag_exists && !branch_exists {
            self.reference = self.reference.replacen("refs/heads/", "refs/tags/", 1);
        }
    }
}

/// `refs/pull/<number>/merge`.
fn pull(payload: &Value) -> Option<String> {
    payload.get("number").and_then(Value::as_u64).map(|number| format!("refs/pull/{number}/merge"))
}

fn infer(payload: &Value) -> &'static str {
    let has = |key: &str| payload.get(key).is_some();
    match () {
        () if has("workflow_run") => "workflow_run",
        () if has("pull_request") => "pull_request",
        () if has("release") => "release",
        () if has("schedule") => "schedule",
        () if has("inputs") => "workflow_dispatch",
        () if has("after") => "push",
        () if has("ref_type") => "create",
        () => "",
    }
}

/// A text from outside, short and in one line.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
