//! The watcher of registries against a real one: distribution's own, with passwords.
//!
//! Where neither its program nor an engine with its image is at hand, the test is counted as ignored, with the reason;
//! `PORTBOOK_REQUIRE_ENGINE=1` makes that a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod real;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other test targets")]
mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use portbook::net::Client;
use portbook::service::admin::Keeper;
use portbook::service::admin::watch::Credentials;
use portbook::service::{clock, watch};
use real::{PASSWORD, Registry, USER};
use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;
use support::*;

fn main() -> ExitCode {
    let name = "tags_of_a_real_registry_are_observed";
    let run = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(observe());
        Ok::<(), Failed>(())
    };
    let trial = match real::lack() {
        Some(lack) => Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true),
        None => Trial::test(name, run),
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

async fn observe() {
    let registry = Registry::start().await;
    let client = Client::new(None).unwrap();
    let ledger = Ledger::new().await;
    let keeper = Keeper { store: ledger.store.clone(), name: "ada".to_owned() };
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), PASSWORD).unwrap();
    let secret_file = secret.path().to_str().unwrap().to_owned();
    let watch_it = async |credentials: Option<Credentials>| {
        let repository = format!("{}/octo/shop", registry.address);
        keeper.watch_registry("shop".parse().unwrap(), repository, credentials).await.unwrap();
    };
    let began = clock::now();
    let look = async |seconds: i64| {
        let (minute, now) = (Duration::from_secs(60), began + seconds * 1_000_000);
        ledger.database.execute(&format!("UPDATE watch_registry SET next_at = {now}")).await.unwrap();
        assert!(watch::look_at_registries(&ledger.store, &client, minute, now).await.unwrap());
        ledger.database.texts("SELECT COALESCE(last_error, '') FROM watch_registry").await.remove(0)
    };
    let recorded = async || {
        let bodies = ledger.database.texts("SELECT body FROM evidence ORDER BY seq").await;
        let claim = |body: &String| {
            let claim = serde_json::from_str::<Value>(body).unwrap()["claim"].take();
            (claim["tag"].as_str().unwrap().to_owned(), claim["digest"].as_str().map(str::to_owned))
        };
        bodies.iter().map(claim).collect::<Vec<_>>()
    };

    watch_it(None).await;
    assert!(look(0).await.contains("asks for a name and a password"));
    watch_it(Some(Credentials { username: USER.to_owned(), secret_file: secret_file.clone() })).await;
    assert_eq!(look(1).await, "", "a repository without tags is no error");
    assert!(recorded().await.is_empty());

    let first = registry.push("octo/shop", "1.0.0", "one").await;
    assert_eq!(registry.push("octo/shop", "latest", "one").await, first);
    assert_eq!(look(2).await, "");
    let seen = |tag: &str, digest: &str| (tag.to_owned(), Some(digest.to_owned()));
    assert_eq!(recorded().await, [seen("1.0.0", &first), seen("latest", &first)]);

    let second = registry.push("octo/shop", "latest", "two").await;
    assert_eq!(look(3).await, "");
    assert_eq!(recorded().await[2..], [seen("latest", &second)]);

    std::fs::write(secret.path(), "wrong").unwrap();
    registry.delete("octo/shop", &second).await;
    assert!(look(4).await.contains("401"));
    std::fs::write(secret.path(), PASSWORD).unwrap();
    assert_eq!(look(5).await, "");
    assert_eq!(look(64).await, "");
    assert_eq!(recorded().await.len(), 3, "not yet a minute");
    assert_eq!(look(65).await, "");
    assert_eq!(recorded().await[3..], [("latest".to_owned(), None)]);
    assert_eq!(look(200).await, "");
    assert_eq!(recorded().await.len(), 4);
}
