//! Posting evidence, asking for a decision and telling of a deployment, against a ledger that goes wrong in every way that a network and a server have.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod announce;
mod automatic;
mod decision;
mod deploying;
mod faults;
mod job;
mod offline;
mod push;
mod real;
mod real_deploying;
mod server;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other test targets")]
mod support;
mod world;
