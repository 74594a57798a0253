//! The delivery pipeline as a program: what CI and developers run, defined once.
//!
//! A library, so that `xtask-containers`, which boots the application and is compiled only when
//! a command first needs it, stands on the same context, plans and reports.

pub mod cli;
pub mod commands;
pub mod context;
pub mod deploy;
pub mod engine;
pub mod error;
pub mod git;
pub mod github;
pub mod image;
pub mod inputs;
pub mod ledger;
pub mod net;
pub mod patience;
pub mod plan;
pub mod policy;
pub mod process;
pub mod record;
pub mod registry;
pub mod secret;
pub mod target;
pub mod tools;
pub mod zoneinfo;
