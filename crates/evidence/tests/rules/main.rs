//! The rules, by tables of scenarios, and what holds for whatever facts they are given.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod decision;
mod order;
mod publication;
mod reference;
mod runtime;
mod support;
mod tag;
mod tested;
