//! Portbook, a self-hosted release ledger: what was tested, what was published, and what runs where.
//!
//! Layers point one way: `cli` and `http` know `service`, `service` knows `store`, `store` knows the
//! databases; `github` knows GitHub's words and no database. Everything is configured through `config`,
//! which reads an injected environment.

pub mod cli;
pub mod config;
pub mod field;
pub mod github;
pub mod http;
pub mod net;
pub mod service;
pub mod store;
pub mod worker;
