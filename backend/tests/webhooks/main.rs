//! Webhooks from GitHub, from the request to the projection, on both databases: `PORTBOOK_TEST_DB=sqlite` (the
//! default) or `postgres`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepted;
mod api;
mod hub;
mod orders;
mod processing;
mod reconciliation;
mod redelivery;
mod refused;
#[allow(dead_code, unused_imports, reason = "the story takes more of it")]
#[path = "../support/mod.rs"]
mod support;

use support::github as samples;
