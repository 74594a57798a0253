//! Commands that end by themselves: output, errors, exit codes.

use crate::support::*;
use serde_json::{Value, json};
use std::process::Output;

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap().trim_end()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap().trim_end()
}

#[test]
fn help_names_commands_variables_and_examples() {
    let help = run(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    for word in [
        "server",
        "worker",
        "migrate",
        "healthcheck",
        "version",
        "openapi",
        "admin",
        "DATABASE_URL",
        "DATABASE_PASSWORD_FILE",
        "PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS",
        "PORTBOOK_LISTEN",
        "PORTBOOK_WEB_ROOT",
        "PORTBOOK_COMMIT",
        "PORTBOOK_IMAGE_DIGEST",
        "PORTBOOK_ENVIRONMENT",
        "PORTBOOK_IMAGE_REFERENCE",
        "PORTBOOK_LOG",
        "PORTBOOK_LOG_FORMAT",
        "PORTBOOK_WORKER_INTERVAL_MS",
        "PORTBOOK_OBSERVE_INTERVAL_S",
        "PORTBOOK_REGISTRY_INTERVAL_S",
        "PORTBOOK_DEPLOYMENT_TIMEOUT_MIN",
        "PORTBOOK_DELIVERY_DAYS",
        "PORTBOOK_NOTIFY_URL",
        "PORTBOOK_NOTIFY_SECRET_FILE",
        "SSL_CERT_FILE",
        "PORTBOOK_PUBLIC_BOARD",
        "Examples",
        "Exit codes",
    ] {
        assert!(stdout(&help).contains(word), "{word} is not in the help");
    }
    let create = run(&["admin", "token", "create", "--help"], &[]);
    assert!(stdout(&create).contains("--expires-in") && stdout(&create).contains("Examples"));
}

#[test]
fn wrong_calls_exit_with_2() {
    for arguments in [
        &["serve"][..],
        &[],
        &["migrate", "--check", "--dry-run"],
        &["migrate", "--time-limit", "0"],
        &["healthcheck", "--worker", "--url", "http://x:1/"],
        &["healthcheck", "--url", "https://x:1/"],
        &["admin", "token", "create", "--project", "shop"],
        &["admin", "token", "create", "--project", "Shop", "--scope", "read"],
        &["admin", "token", "create", "--project", "shop", "--scope", "write"],
        &["admin", "token", "create", "--project", "shop", "--scope", "read", "--expires-in", "soon"],
    ] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!stderr(&output).is_empty());
    }
}

#[test]
fn every_mistake_in_the_configuration_is_named_at_once() {
    let environment = [
        ("PORTBOOK_LISTEN", "8080"),
        ("PORTBOOK_COMMIT", "main"),
        ("PORTBOOK_PUBLIC_BOARD", "yes"),
        ("DATABASE_URL", "postgres://me:hunter2@host:port/db"),
        ("DATABASE_PASSWORD_FILE", "/none/password"),
        ("PORTBOOK_LOG", "portbook=loud"),
    ];
    for command in ["server", "worker"] {
        let output = run(&[command], &environment);
        assert_eq!(output.status.code(), Some(2));
        for (name, _) in environment {
            assert!(stderr(&output).contains(name), "{command}: {name} is not in:\n{}", stderr(&output));
        }
        assert!(!stderr(&output).contains("hunter2"));
    }
}

#[test]
fn the_version_names_the_commit_it_is_told() {
    let commit = sha(77);
    let environment = [("PORTBOOK_COMMIT", commit.as_str())];
    let expected = format!("portbook {} ({commit})", env!("CARGO_PKG_VERSION"));
    assert_eq!(stdout(&run(&["version"], &environment)), expected);
    let version: Value = serde_json::from_slice(&run(&["version", "--json"], &environment).stdout).unwrap();
    assert_eq!(version["commit"], commit);
    assert_eq!(version["schema"], json!({"min": 6, "max": 6, "current": null, "floor": null}));
}

#[tokio::test]
async fn migrate_tells_what_it_did_and_check_what_it_would_do() {
    let database = Database::empty().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str())];
    let check = run(&["migrate", "--check"], &environment);
    assert_eq!(check.status.code(), Some(1));
    assert!(stderr(&check).contains("portbook migrate"), "{check:?}");

    let first = run(&["migrate"], &environment);
    assert_eq!((first.status.code(), stdout(&first)), (Some(0), "schema migrated from 0 to 6"));
    let second = run(&["migrate"], &environment);
    assert_eq!((second.status.code(), stdout(&second)), (Some(0), "schema at head (6), nothing to do"));
    let check = run(&["migrate", "--check"], &environment);
    assert_eq!((check.status.code(), stdout(&check)), (Some(0), "schema at head (6 of 6)"));
}

#[tokio::test]
async fn nothing_starts_in_production_by_a_tag_that_can_move() {
    let database = Database::empty().await;
    let url = database.url();
    let with = |reference: &str, arguments: &[&str]| {
        let production = [
            ("DATABASE_URL", url.as_str()),
            ("PORTBOOK_ENVIRONMENT", "prod"),
            ("PORTBOOK_IMAGE_REFERENCE", reference),
        ];
        run(arguments, &production)
    };
    for arguments in [&["migrate"][..], &["migrate", "--dry-run"], &["server"], &["worker"]] {
        for reference in ["ghcr.io/octo/portbook:latest", "ghcr.io/octo/portbook:main", ""] {
            let refused = with(reference, arguments);
            assert_eq!(refused.status.code(), Some(3), "{arguments:?} {reference:?}: {refused:?}");
            assert!(stderr(&refused).contains("R3") && stderr(&refused).contains("prod"), "{refused:?}");
        }
    }
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
    let untouched = match database.file() {
        Some(file) => !file.exists(),
        None => database.number(tables).await == 0,
    };
    assert!(untouched, "it is refused before the database is looked at");
    let pinned = format!("ghcr.io/octo/portbook@{}", digest(1));
    assert_eq!(with(&pinned, &["migrate"]).status.code(), Some(0));
}

#[tokio::test]
async fn a_token_is_shown_once_and_works() {
    let ledger = Ledger::new().await;
    let url = ledger.database.url();
    let arguments = [
        "admin",
        "token",
        "create",
        "--project",
        "shop",
        "--scope",
        "evidence:write",
        "--scope",
        "read",
        "--expires-in",
        "2h",
        "--json",
    ];
    let output = run(&arguments, &[("DATABASE_URL", &url)]);
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["scopes"], json!(["evidence:write", "read"]));
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with(&format!("pb_{}_", made["id"].as_str().unwrap())));
    assert_eq!(statuses(&ledger.post(token, &[commit(1, 1, &[])]).await), ["recorded"]);
}

#[tokio::test]
async fn a_token_needs_the_schema() {
    let database = Database::empty().await;
    let arguments = ["admin", "token", "create", "--project", "shop", "--scope", "read"];
    let output = run(&arguments, &[("DATABASE_URL", &database.url())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("portbook migrate"), "{output:?}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("data").display().to_string();
    let output = run(&["migrate"], &[("DATABASE_URL", &format!("sqlite://{folder}/ledger.db"))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&folder), "{output:?}");
}
