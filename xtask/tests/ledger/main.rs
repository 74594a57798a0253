//! Posting evidence, against a ledger that goes wrong in every way that a network and a server have.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod automatic;
mod faults;
mod job;
mod push;
mod real;
mod server;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other test targets")]
mod support;
mod world;
