//! What most payloads carry.

use serde_json::{Value, json};

/// The repository that the samples are about.
pub const REPOSITORY: &str = "harbour/quay";

/// Its id.
pub const REPOSITORY_ID: u64 = 700_100_200;

/// The id of the organisation that it belongs to.
pub const OWNER_ID: u64 = 900_100;

const API: &str = "https://api.github.com";

/// A commit that is made of a number.
pub fn sha(number: u64) -> String {
    format!("{number:040x}")
}

fn object(entries: impl IntoIterator<Item = (&'static str, String)>) -> Value {
    entries.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect()
}

/// An object with the fields of another on top of its own.
pub fn merged(object: Value, more: Value) -> Value {
    match (object, more) {
        (Value::Object(mut object), Value::Object(more)) => {
            object.extend(more);
            Value::Object(object)
        }
        (object, _) => object,
    }
}

/// An account.
pub fn user(login: &str, id: u64, kind: &str) -> Value {
    let base = format!("{API}/users/{login}");
    let urls = object([
        ("avatar_url", format!("https://avatars.githubusercontent.com/u/{id}?v=4")),
        ("url", base.clone()),
        ("html_url", format!("https://github.com/{login}")),
        ("followers_url", format!("{base}/followers")),
        ("following_url", format!("{base}/following{{/other_user}}")),
        ("gists_url", format!("{base}/gists{{/gist_id}}")),
        ("starred_url", format!("{base}/starred{{/owner}}{{/repo}}")),
        ("subscriptions_url", format!("{base}/subscriptions")),
        ("organizations_url", format!("{base}/orgs")),
        ("repos_url", format!("{base}/repos")),
        ("events_url", format!("{base}/events{{/privacy}}")),
        ("received_events_url", format!("{base}/received_events")),
    ]);
    let rest = json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "gravatar_id": "", "type": kind,
        "user_view_type": "public", "site_admin": false
    });
    merged(urls, rest)
}

/// The person who does things in the samples.
pub fn sender() -> Value {
    user("pilot", 31_001, "User")
}

/// The organisation that owns the repository.
pub fn organization() -> Value {
    let base = format!("{API}/orgs/harbour");
    json!({
        "login": "harbour", "id": OWNER_ID, "node_id": "O_900100", "url": base,
        "repos_url": format!("{base}/repos"), "events_url": format!("{base}/events"),
        "hooks_url": format!("{base}/hooks"), "issues_url": format!("{base}/issues"),
        "members_url": format!("{base}/members{{/member}}"),
        "public_members_url": format!("{base}/public_members{{/member}}"),
        "avatar_url": "https://avatars.githubusercontent.com/u/900100?v=4",
        "description": "Moves cargo"
    })
}

/// The addresses that go with a repository.
fn repository_urls(full_name: &str) -> Value {
    let base = format!("{API}/repos/{full_name}");
    let below = [
        ("archive_url", "/{archive_format}{/ref}"),
        ("assignees_url", "/assignees{/user}"),
        ("blobs_url", "/git/blobs{/sha}"),
        ("branches_url", "/branches{/branch}"),
        ("collaborators_url", "/collaborators{/collaborator}"),
        ("comments_url", "/comments{/number}"),
        ("commits_url", "/commits{/sha}"),
        ("compare_url", "/compare/{base}...{head}"),
        ("contents_url", "/contents/{+path}"),
        ("contributors_url", "/contributors"),
        ("deployments_url", "/deployments"),
        ("downloads_url", "/downloads"),
        ("events_url", "/events"),
        ("forks_url", "/forks"),
        ("git_commits_url", "/git/commits{/sha}"),
        ("git_refs_url", "/git/refs{/sha}"),
        ("git_tags_url", "/git/tags{/sha}"),
        ("hooks_url", "/hooks"),
        ("issue_comment_url", "/issues/comments{/number}"),
        ("issue_events_url", "/issues/events{/number}"),
        ("issues_url", "/issues{/number}"),
        ("keys_url", "/keys{/key_id}"),
        ("labels_url", "/labels{/name}"),
        ("languages_url", "/languages"),
        ("merges_url", "/merges"),
        ("milestones_url", "/milestones{/number}"),
        ("notifications_url", "/notifications{?since,all,participating}"),
        ("pulls_url", "/pulls{/number}"),
        ("releases_url", "/releases{/id}"),
        ("stargazers_url", "/stargazers"),
        ("statuses_url", "/statuses/{sha}"),
        ("subscribers_url", "/subscribers"),
        ("subscription_url", "/subscription"),
        ("tags_url", "/tags"),
        ("teams_url", "/teams"),
        ("trees_url", "/git/trees{/sha}"),
    ];
    object(below.into_iter().map(|(key, path)| (key, format!("{base}{path}"))))
}

/// The short form of a repository that stands inside a run.
pub fn short_repository(full_name: &str, id: u64) -> Value {
    let name = full_name.rsplit('/').next().unwrap_or_default();
    let rest = json!({
        "id": id, "node_id": format!("R_{id}"), "name": name, "full_name": full_name, "private": false,
        "owner": user("harbour", OWNER_ID, "Organization"), "html_url": format!("https://github.com/{full_name}"),
        "description": "Where the ships lie", "fork": id != REPOSITORY_ID, "url": format!("{API}/repos/{full_name}")
    });
    merged(repository_urls(full_name), rest)
}

/// The repository as most events carry it.
pub fn repository() -> Value {
    let short = short_repository(REPOSITORY, REPOSITORY_ID);
    let rest = json!({
        "created_at": "2025-03-01T08:00:00Z", "updated_at": "2026-02-03T09:00:00Z",
        "pushed_at": "2026-02-03T10:00:00Z", "git_url": "git://github.com/harbour/quay.git",
        "ssh_url": "git@github.com:harbour/quay.git", "clone_url": "https://github.com/harbour/quay.git",
        "svn_url": "https://github.com/harbour/quay", "homepage": null, "size": 1204, "stargazers_count": 7,
        "watchers_count": 7, "language": "Rust", "has_issues": true, "has_projects": false, "has_downloads": true,
        "has_wiki": false, "has_pages": false, "has_discussions": false, "forks_count": 1, "mirror_url": null,
        "archived": false, "disabled": false, "open_issues_count": 3,
        "license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": format!("{API}/licenses/mit"),
                    "node_id": "MDc6TGljZW5zZTEz"},
        "allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": ["harbour"],
        "visibility": "public", "forks": 1, "open_issues": 3, "watchers": 7, "default_branch": "main",
        "custom_properties": {}
    });
    merged(short, rest)
}

/// The repository as `push` carries it: some instants are numbers there, and its owner has a name.
pub fn repository_of_push(pushed_at: i64) -> Value {
    let mut repository = repository();
    repository["created_at"] = json!(1_740_816_000);
    repository["pushed_at"] = json!(pushed_at);
    repository["stargazers"] = json!(7);
    repository["master_branch"] = json!("main");
    repository["organization"] = json!("harbour");
    repository["owner"]["name"] = json!("harbour");
    repository["owner"]["email"] = json!("crew@harbour.example");
    repository["url"] = json!("https://github.com/harbour/quay");
    repository
}

/// An event of the repository, with what goes around it.
pub fn event(more: Value) -> Value {
    merged(json!({"repository": repository(), "organization": organization(), "sender": sender()}), more)
}
