//! `push`, `pull_request`, `create`, `delete`, `repository` and `ping`.

use super::parts::{
    REPOSITORY, event, merged, organization, repository, repository_of_push, sender, sha, user,
};
use serde_json::{Value, json};

/// A commit as a push carries it.
pub fn pushed_commit(number: u64, message: &str) -> Value {
    let id = sha(number);
    let person = json!({"name": "Ada Pilot", "email": "ada@harbour.example", "date": "2026-02-03T11:58:12+02:00",
                        "username": "pilot"});
    json!({
        "id": id, "tree_id": sha(number + 1), "distinct": true, "message": message,
        "timestamp": "2026-02-03T11:58:12+02:00", "url": format!("https://github.com/{REPOSITORY}/commit/{id}"),
        "author": person, "committer": person, "added": ["src/beacon.rs"], "removed": [], "modified": ["README.md"]
    })
}

/// `push` of two commits to a reference.
pub fn push(reference: &str) -> Value {
    let newest = pushed_commit(0xc0ffee, "Light the beacon\n\nShips could not see it.");
    json!({
        "ref": reference, "before": sha(0xbeef), "after": sha(0xc0ffee),
        "repository": repository_of_push(1_770_112_800),
        "pusher": {"name": "pilot", "email": "ada@harbour.example"}, "organization": organization(),
        "sender": sender(), "created": false, "deleted": false, "forced": false, "base_ref": null,
        "compare": format!("https://github.com/{REPOSITORY}/compare/{}...{}", &sha(0xbeef)[..12], &sha(0xc0ffee)[..12]),
        "commits": [pushed_commit(0xabc, "Lay the cable"), newest], "head_commit": newest
    })
}

/// `pull_request`: `opened`, `synchronize`, `closed` (merged) and so on.
pub fn pull_request(action: &str) -> Value {
    let api = format!("https://api.github.com/repos/{REPOSITORY}");
    let page = format!("https://github.com/{REPOSITORY}/pull/12");
    let closed = action == "closed";
    let when = |at: &str| if closed { json!(at) } else { Value::Null };
    let side = |reference: &str, number: u64| {
        json!({"label": format!("harbour:{reference}"), "ref": reference, "sha": sha(number),
               "user": user("harbour", 900_100, "Organization"), "repo": repository()})
    };
    let pull = json!({
        "url": format!("{api}/pulls/12"), "id": 1_500_000_012, "node_id": "PR_kwDO", "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "issue_url": format!("{api}/issues/12"), "number": 12, "state": if closed { "closed" } else { "open" },
        "locked": false, "title": "Light the beacon", "user": sender(), "body": "Ships could not see it.",
        "created_at": "2026-02-02T08:00:00Z",
        "updated_at": if closed { "2026-02-03T10:00:00Z" } else { "2026-02-02T08:00:00Z" },
        "closed_at": when("2026-02-03T10:00:00Z"), "merged_at": when("2026-02-03T10:00:00Z"),
        // Before the merge it is the commit that the merge was tried with.
        "merge_commit_sha": if closed { sha(0xc0ffee) } else { sha(0x7e57) },
        "assignee": null, "assignees": [], "requested_reviewers": [user("mate", 31_002, "User")],
        "requested_teams": [], "labels": [{"id": 1, "node_id": "LA_1", "url": format!("{api}/labels/light"),
            "name": "light", "color": "ffee00", "default": false, "description": null}],
        "milestone": null, "draft": false
    });
    let more = json!({
        "commits_url": format!("{api}/pulls/12/commits"),
        "review_comments_url": format!("{api}/pulls/12/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/12/comments"),
        "statuses_url": format!("{api}/statuses/{}", sha(0xfeed)), "head": side("feature/lights", 0xfeed),
        "base": side("main", 0xbeef), "_links": links(&api, &page),
        "author_association": "MEMBER", "auto_merge": null, "active_lock_reason": null, "merged": closed,
        "mergeable": if closed { Value::Null } else { json!(true) }, "rebaseable": null,
        "mergeable_state": if closed { "unknown" } else { "clean" },
        "merged_by": if closed { sender() } else { Value::Null }, "comments": 1, "review_comments": 2,
        "maintainer_can_modify": false, "commits": 2, "additions": 41, "deletions": 3, "changed_files": 2
    });
    event(json!({"action": action, "number": 12, "pull_request": merged(pull, more)}))
}

fn links(api: &str, page: &str) -> Value {
    let link = |path: &str| json!({"href": format!("{api}{path}")});
    json!({
        "self": link("/pulls/12"), "html": {"href": page}, "issue": link("/issues/12"),
        "comments": link("/issues/12/comments"), "review_comments": link("/pulls/12/comments"),
        "review_comment": link("/pulls/comments{/number}"), "commits": link("/pulls/12/commits"),
        "statuses": link(&format!("/statuses/{}", sha(0xfeed)))
    })
}

/// `create` of a `branch` or `tag`.
pub fn create(kind: &str, name: &str) -> Value {
    event(json!({"ref": name, "ref_type": kind, "full_ref": full(kind, name), "master_branch": "main",
                 "description": "Where the ships lie", "pusher_type": "user"}))
}

/// `delete` of a `branch` or `tag`.
pub fn delete(kind: &str, name: &str) -> Value {
    event(json!({"ref": name, "ref_type": kind, "full_ref": full(kind, name), "pusher_type": "user"}))
}

fn full(kind: &str, name: &str) -> String {
    format!("refs/{}/{name}", if kind == "tag" { "tags" } else { "heads" })
}

/// `repository`: `renamed`, `transferred`, `edited` and so on.
pub fn repository_event(action: &str) -> Value {
    event(json!({"action": action, "changes": {"repository": {"name": {"from": "dock"}}}}))
}

/// `ping`, which a new webhook is tried with.
pub fn ping() -> Value {
    let hook = format!("https://api.github.com/repos/{REPOSITORY}/hooks/77001");
    event(json!({
        "zen": "Moor it twice.", "hook_id": 77_001,
        "hook": {
            "type": "Repository", "id": 77_001, "name": "web", "active": true, "events": ["push", "workflow_run"],
            "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********",
                       "url": "https://ledger.harbour.example/v1/hooks/github"},
            "updated_at": "2026-02-01T07:00:00Z", "created_at": "2026-02-01T07:00:00Z", "url": hook,
            "test_url": format!("{hook}/test"), "ping_url": format!("{hook}/pings"),
            "deliveries_url": format!("{hook}/deliveries"),
            "last_response": {"code": null, "status": "unused", "message": null}
        }
    }))
}
