//! The same story on both databases: `PORTBOOK_TEST_DB=sqlite` (the default) or `postgres`.
//!
//! Each test has its own database. One binary, because linking is what integration tests pay most for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod auth;
mod board;
mod command_line;
mod contract;
mod decisions;
mod deployments;
mod drift;
mod events;
mod export;
mod hooks;
mod incidents;
mod ingest;
mod intake;
mod judging;
mod lookup;
mod measures;
mod metrics;
mod migrating;
mod oidc;
mod operations;
mod outbox;
mod pages;
mod paging;
mod policy;
mod process;
mod projection;
mod reading;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other test targets")]
mod support;
mod upgrade;
mod watch_registry;
mod watch_runtime;
mod worker_loops;
