//! Webhooks from GitHub, from the request to the projection, on both databases: `PORTBOOK_TEST_DB=sqlite` (the
//! default) or `postgres`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod hub;
mod orders;
mod processing;
mod refused;
#[path = "../support/github/mod.rs"]
mod samples;
#[allow(dead_code, unused_imports, reason = "the story takes more of it")]
#[path = "../support/mod.rs"]
mod support;
