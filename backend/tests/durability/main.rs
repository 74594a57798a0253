//! What was acknowledged stays, whatever is killed, full, read-only or gone meanwhile: real processes on both databases.
//!
//! What this machine cannot do is counted as ignored, with the reason; `PORTBOOK_REQUIRE_ENGINE=1` makes a missing
//! engine a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connections;
mod disk;
mod engine;
mod gone;
mod ground;
mod killed;
mod load;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other test targets")]
mod support;
mod world;

use ground::Ground;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each has several processes of its own already.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let no_engine = engine::lack();
    let no_mounts = disk::lack();
    let trials = vec![
        trial("sqlite::killed_under_load", None, || async {
            killed::under_load(Ground::sqlite(), killed::SQLITE, 42).await;
        }),
        trial("sqlite::a_full_disk", no_mounts.clone(), || async { disk::full_sqlite().await }),
        trial("sqlite::a_read_only_disk", no_mounts, || async { disk::read_only_sqlite().await }),
        trial("sqlite::gone_for_a_while", None, || async { gone::for_a_while(Ground::sqlite()).await }),
        trial("postgres::killed_under_load", no_engine.clone(), || async {
            killed::under_load(Ground::postgres().await, killed::POSTGRES, 24).await;
        }),
        trial("postgres::a_full_disk", no_engine.clone(), || async { disk::full_postgres().await }),
        trial("postgres::a_read_only_server", no_engine.clone(), || async {
            disk::read_only_postgres().await;
        }),
        trial("postgres::gone_for_a_while", no_engine.clone(), || async {
            gone::for_a_while(Ground::postgres().await).await;
        }),
        trial("postgres::silent_for_a_while", no_engine.clone(), || async { gone::silent().await }),
        trial("postgres::connections_that_hang", no_engine.clone(), || async { connections::hang().await }),
        trial("postgres::connections_slow_to_open", no_engine.clone(), || async {
            connections::slow_to_open().await;
        }),
        trial("postgres::connections_open_before", no_engine.clone(), || async {
            connections::open_before().await;
        }),
        trial("postgres::connections_given_up", no_engine, || async { connections::given_up().await }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test, or the reason why it is counted as ignored.
fn trial<F: Future<Output = ()>>(
    name: &str,
    lack: Option<String>,
    run: impl FnOnce() -> F + Send + 'static,
) -> Trial {
    let run = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(run());
        Ok::<(), Failed>(())
    };
    match lack {
        Some(lack) => Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true),
        None => Trial::test(name, run),
    }
}
