//! What keepers do by hand: tokens, repositories, watches, deliveries, notices. All of it leaves a trace.

use crate::support::*;
use serde_json::{Value, json};
use std::process::Output;

/// `portbook admin …` on a database.
struct Admin<'a> {
    database: &'a Database,
}

impl Admin<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        let url = self.database.url();
        let environment = [("DATABASE_URL", url.as_str()), ("USER", "ada")];
        run(&[&["admin"], arguments].concat(), &environment)
    }

    /// What it says in JSON when it is done.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What it says when it cannot be done.
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    async fn audit(&self) -> Vec<String> {
        let sql = "SELECT actor || ' ' || action || ' ' || subject FROM audit ORDER BY id";
        self.database.texts(sql).await
    }
}

const TRUST: &[&str] = &["github", "trust", "--repository-id", "7", "--owner-id", "3"];
const CONNECT: &[&str] =
    &["github", "connect", "--project", "shop", "--repository-id", "7", "--owner-id", "3", "--name"];

#[tokio::test]
async fn a_revoked_token_is_told_so_and_no_list_shows_a_secret() {
    let ledger = Ledger::new().await;
    let admin = Admin { database: &ledger.database };
    let create = ["token", "create", "--project", "shop", "--scope", "evidence:write", "--note", "runner"];
    let made = admin.json(&create);
    let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
    let secret = token.rsplit('_').next().unwrap();
    assert_eq!(statuses(&ledger.post(token, &[commit(1, 1, &[])]).await), ["recorded"]);

    eventually("its use is noted", || async {
        ledger.post(token, &[commit(1, 1, &[])]).await;
        admin.json(&["token", "list"])[0]["last_used_at"].is_string()
    })
    .await;
    let listed = &admin.json(&["token", "list", "--project", "shop"])[0];
    assert_eq!(listed["id"], id);
    assert_eq!((&listed["scopes"], &listed["note"]), (&json!(["evidence:write"]), &json!("runner")));
    assert_eq!((&listed["state"], &listed["trust"]), (&json!("good"), &json!("token")));
    assert_eq!(admin.json(&["token", "list", "--project", "bakery"]), json!([]));
    let table = String::from_utf8(admin.run(&["token", "list"]).stdout).unwrap();
    assert!(table.contains(id) && table.contains("runner"), "{table}");
    for shown in [table, listed.to_string()] {
        assert!(!shown.contains(secret), "{shown}");
    }

    let error = admin.refused(&["token", "revoke", token], 2);
    assert!(!error.contains(secret), "{error}");
    assert_eq!(ledger.post(token, &[commit(1, 1, &[])]).await.status, 200);
    assert_eq!(admin.json(&["token", "revoke", id]), json!({"id": id, "revoked": true}));
    ledger.post(token, &[commit(1, 1, &[])]).await.problem(401, "revoked-token");
    assert_eq!(admin.json(&["token", "revoke", &format!("pb_{id}")])["revoked"], false);
    assert_eq!(admin.json(&["token", "list"])[0]["state"], "revoked");
    let error = admin.refused(&["token", "revoke", "0123456789abcdef"], 1);
    assert!(error.contains("portbook admin token list"), "{error}");

    let expected = [format!("ada token.create {id}"), format!("ada token.revoke {id}")];
    assert_eq!(admin.audit().await, expected);
}

#[tokio::test]
async fn connecting_a_repository_queues_what_was_ignored_of_it() {
    let database = Database::migrated().await;
    let admin = Admin { database: &database };
    let delivery = |guid: &str, repository: u32, state: &str, body: &str| {
        format!(
            "INSERT INTO delivery (source, guid, event, action, repository_id, received_at, body, body_sha256, state, \
             next_attempt_at) VALUES ('github', '{guid}', 'push', NULL, {repository}, 5, {body}, 'x', '{state}', 0);"
        )
    };
    let body = if database.file().is_some() { "x'7b7d'" } else { "'\\x7b7d'" };
    let rows = [
        delivery("a", 7, "ignored", body),
        delivery("b", 8, "ignored", body),
        delivery("c", 7, "failed", body),
        delivery("d", 7, "ignored", "NULL"),
    ];
    database.execute(&rows.concat()).await.unwrap();
    database.execute("UPDATE projection SET rebuild_wanted = 0").await.unwrap();
    let rebuild_wanted =
        || async { database.texts("SELECT CAST(rebuild_wanted AS TEXT) FROM projection").await.remove(0) };

    let done = admin.json(&[CONNECT, &["octo/shop"]].concat());
    assert_eq!((&done["requeued"], &done["rebuild"]), (&json!(1), &json!(false)));
    assert_eq!(done["ci_workflow"], ".github/workflows/ci.yml");
    let states = || async { database.texts("SELECT guid || ' ' || state FROM delivery ORDER BY guid").await };
    assert_eq!(states().await, ["a pending", "b ignored", "c failed", "d ignored"]);
    assert_eq!(rebuild_wanted().await, "0");

    // Renamed, and with another workflow: that asks for a rebuild, and saying it again does not.
    let workflow = ["octo/store", "--ci-workflow", ".github/workflows/test.yml"];
    assert_eq!(admin.json(&[CONNECT, &workflow].concat())["rebuild"], true);
    assert_eq!(rebuild_wanted().await, "1");
    let again = admin.json(&[CONNECT, &["octo/store"]].concat());
    assert_eq!((&again["rebuild"], &again["ci_workflow"]), (&json!(false), &json!(workflow[2])));

    let other = [CONNECT, &["octo/shop", "--project", "bakery"]].concat();
    assert_eq!(admin.run(&other).status.code(), Some(2), "--project is given twice");
    let other: Vec<_> = [CONNECT, &["octo/shop"]].concat();
    let other: Vec<_> = other.iter().map(|word| if *word == "shop" { "bakery" } else { word }).collect();
    assert!(admin.refused(&other, 1).contains("github disconnect --repository-id 7"));
    let error = admin.refused(&[CONNECT, &["octo"]].concat(), 2);
    assert!(error.contains("<owner>/<name>"), "{error}");

    assert_eq!(admin.json(&["github", "list"]).as_array().unwrap().len(), 1);
    admin.json(&["github", "disconnect", "--repository-id", "7"]);
    assert_eq!(admin.json(&["github", "list"]), json!([]));
    let error = admin.refused(&["github", "disconnect", "--repository-id", "7"], 1);
    assert!(error.contains("portbook admin github connect"), "{error}");
    let connects = "ada github.connect 7";
    assert_eq!(admin.audit().await, [connects, connects, connects, "ada github.disconnect 7"]);
}

#[tokio::test]
async fn a_workflow_is_trusted_with_production_only_in_an_environment() {
    let database = Database::migrated().await;
    let admin = Admin { database: &database };
    let workflow = ["--workflow", "octo/shop/.github/workflows/deploy.yml@refs/heads/main"];
    let trust = |more: &[&'static str]| [TRUST, &workflow, more].concat();

    let error = admin.refused(&trust(&["--scope", "evidence:write"]), 1);
    assert!(error.contains("portbook admin github connect"), "{error}");
    admin.json(&[CONNECT, &["octo/shop"]].concat());
    assert!(admin.refused(&trust(&["--scope", "deploy:write:prod"]), 1).contains("--environment"));
    assert!(admin.refused(&trust(&["--scope", "admin"]), 1).contains("admin"));
    assert!(admin.refused(&trust(&["--scope", "everything"]), 2).contains("is not a scope"));
    let other_owner = ["github", "trust", "--repository-id", "7", "--owner-id", "4"];
    let error = admin.refused(&[&other_owner, &workflow[..], &["--scope", "read"]].concat(), 1);
    assert!(error.contains("owner 3, not 4"), "{error}");

    let first = admin.json(&trust(&["--scope", "evidence:write", "--scope", "deploy:write:dev"]));
    let scoped = ["--scope", "deploy:write:prod", "--environment", "production"];
    let second = admin.json(&trust(&scoped));
    assert_eq!(second["environment"], "production");
    assert_eq!(admin.json(&["github", "trusts"]), json!([first, second]));
    let id = first["id"].as_str().unwrap();
    admin.json(&["github", "untrust", id]);
    assert!(admin.refused(&["github", "untrust", id], 1).contains("github trusts"));
    assert_eq!(admin.json(&["github", "trusts"]), json!([second]));
    admin.json(&["github", "disconnect", "--repository-id", "7"]);
    assert_eq!(admin.json(&["github", "trusts"]), json!([]));
}

#[tokio::test]
async fn a_policy_is_set_shown_and_taken_away() {
    let database = Database::migrated().await;
    let admin = Admin { database: &database };
    let set = |more: &[&'static str]| [&["policy", "set", "--project", "shop"], more].concat();
    let none = admin.run(&["policy", "list"]);
    assert!(String::from_utf8(none.stderr).unwrap().contains("production is prod everywhere"));
    assert!(admin.refused(&["policy", "unset", "--project", "shop"], 1).contains("policy list"));

    for (arguments, code, says) in [
        (&["--production", "live"][..], 2, "--staging"),
        (&["--staging", "preprod"], 2, "--production"),
        (&["--production", "live", "--staging", "preprod", "--no-staging"], 2, "cannot be used with"),
        (&["--production", "Not A Name", "--no-staging"], 2, "Not A Name"),
        (&["--production", "live", "--staging", "live"], 1, "live cannot be production and come before it"),
        (&["--production", "live", "--production", "ci", "--no-staging"], 1, "only tried in ci"),
        (&["--production", "live", "--staging", "local"], 1, "only tried in local"),
    ] {
        let error = admin.refused(&set(arguments), code);
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    assert_eq!(admin.json(&["policy", "list"]), json!([]));

    let live = ["--production", "live", "--production", "eu", "--production", "live", "--staging", "preprod"];
    let told = admin.json(&set(&live));
    let expected =
        json!({"project": "shop", "production": ["eu", "live"], "staging": "preprod", "rebuild": true});
    assert_eq!(told, expected);
    let listed = &admin.json(&["policy", "list"])[0];
    assert_eq!((&listed["production"], &listed["staging"]), (&expected["production"], &expected["staging"]));
    let table = String::from_utf8(admin.run(&["policy", "list"]).stdout).unwrap();
    assert!(table.contains("eu, live") && table.contains("preprod"), "{table}");
    let said = String::from_utf8(admin.run(&set(&["--production", "live", "--no-staging"])).stdout).unwrap();
    let line = "shop: production is live, and nothing comes before it; the worker judges everything again\n";
    assert_eq!(said, line);
    let told = admin.json(&["policy", "unset", "--project", "shop"]);
    assert_eq!((&told["production"], &told["staging"]), (&json!(["prod"]), &json!("staging")));
    let (said, unsaid) = ("ada policy.set shop", "ada policy.unset shop");
    assert_eq!(admin.audit().await, [said, said, unsaid]);

    // What is trusted from outside an environment stays out of production, whatever that is called.
    admin.json(&set(&["--production", "live", "--no-staging"]));
    admin.json(&[CONNECT, &["octo/shop"]].concat());
    let workflow = ["--workflow", "octo/shop/.github/workflows/deploy.yml@refs/heads/main"];
    let trust = |scope: &'static str| [TRUST, &workflow, &["--scope", scope]].concat();
    assert!(admin.refused(&trust("deploy:write:live"), 1).contains("--environment"));
    admin.json(&trust("deploy:write:prod"));
    assert!(admin.refused(&["policy", "unset", "--project", "shop"], 1).contains("github untrust trust-"));
}

#[tokio::test]
async fn watches_are_added_changed_and_removed() {
    let database = Database::migrated().await;
    let admin = Admin { database: &database };
    let registry = |verb: &'static str| {
        ["watch", "registry", verb, "--project", "shop", "--repository", "ghcr.io/octo/shop"]
    };
    admin.json(&registry("add"));
    let secret = ["--username", "octo", "--password-file", "/run/secrets/registry"];
    admin.json(&[&registry("add")[..], &secret].concat());
    let listed = admin.json(&["watch", "registry", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["username"], &listed[0]["password_file"]), (&json!("octo"), &json!(secret[3])));
    admin.refused(&[&registry("add")[..], &secret[..2]].concat(), 2);
    let relative = ["--username", "octo", "--password-file", "secret"];
    assert!(admin.refused(&[&registry("add")[..], &relative].concat(), 2).contains("absolute path"));
    admin.json(&registry("remove"));
    assert!(admin.refused(&registry("remove"), 1).contains("watch registry list"));

    let runtime = |verb: &'static str, environment: &'static str| {
        ["watch", "runtime", verb, "--project", "shop", "--service", "web", "--environment", environment]
    };
    let url = |url: &'static str| ["--url", url];
    admin.json(&[&runtime("add", "prod")[..], &url("http://web:8080/version")].concat());
    admin.json(&[&runtime("add", "prod")[..], &url("https://shop.example/version")].concat());
    let listed = admin.json(&["watch", "runtime", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["url"], "https://shop.example/version");
    let with_password = url("https://me:hunter2@shop.example/version");
    let error = admin.refused(&[&runtime("add", "dev")[..], &with_password].concat(), 2);
    assert!(!error.contains("hunter2"), "{error}");
    admin.json(&runtime("remove", "prod"));
    assert!(admin.refused(&runtime("remove", "prod"), 1).contains("watch runtime list"));
    assert_eq!(admin.audit().await.len(), 6);
}

#[tokio::test]
async fn deliveries_are_replayed_by_name_or_all_that_failed() {
    let database = Database::migrated().await;
    let admin = Admin { database: &database };
    let body = if database.file().is_some() { "x'7b7d'" } else { "'\\x7b7d'" };
    for (guid, state, body) in [("a", "failed", body), ("b", "processed", body), ("c", "processed", "NULL")] {
        let row = format!(
            "INSERT INTO delivery (source, guid, event, action, received_at, body, body_sha256, state, attempts, \
             next_attempt_at, error) VALUES ('github', '{guid}', 'push', 'x', 5, {body}, 'x', '{state}', 9, 0, 'broken')"
        );
        database.execute(&row).await.unwrap();
    }
    let failed = admin.json(&["delivery", "list", "--state", "failed"]);
    assert_eq!(failed[0]["guid"], "a");
    assert_eq!((&failed[0]["attempts"], &failed[0]["error"]), (&json!(9), &json!("broken")));
    assert_eq!(admin.json(&["delivery", "list", "--limit", "2"]).as_array().unwrap().len(), 2);

    for (unwilling, word) in [("c", "body"), ("z", "delivery list")] {
        assert!(admin.refused(&["delivery", "replay", "b", unwilling], 1).contains(word));
    }
    admin.refused(&["delivery", "replay"], 2);
    admin.refused(&["delivery", "replay", "a", "--failed"], 2);
    let states = || async { database.texts("SELECT guid || ' ' || state FROM delivery ORDER BY guid").await };
    assert_eq!(states().await, ["a failed", "b processed", "c processed"], "all or nothing");
    assert_eq!(admin.json(&["delivery", "replay", "b"]), json!({"queued": 1}));
    assert_eq!(admin.json(&["delivery", "replay", "--failed"]), json!({"queued": 1}));
    assert_eq!(states().await, ["a pending", "b pending", "c processed"]);
    let reset = "SELECT guid FROM delivery WHERE attempts = 0 AND error IS NULL AND next_attempt_at > 0 ORDER BY guid";
    assert_eq!(database.texts(reset).await, ["a", "b"]);
    assert_eq!(admin.audit().await, ["ada delivery.replay b", "ada delivery.replay failed"]);
}

#[test]
fn every_command_shows_an_example() {
    for command in [
        "token create",
        "token list",
        "token revoke",
        "github connect",
        "github list",
        "github disconnect",
        "github trust",
        "github trusts",
        "github untrust",
        "watch registry add",
        "watch registry list",
        "watch registry remove",
        "watch runtime add",
        "watch runtime list",
        "watch runtime remove",
        "delivery list",
        "delivery replay",
        "outbox list",
        "outbox retry",
    ] {
        let words: Vec<_> = command.split(' ').collect();
        let help = run(&[&["admin"], &words[..], &["--help"]].concat(), &[]);
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(help.status.success() && text.contains("Examples:"), "{command}: {text}");
        assert!(text.contains(&format!("portbook admin {command}")) && text.contains("--json"), "{command}");
    }
}
