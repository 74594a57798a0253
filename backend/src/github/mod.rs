//! GitHub: its signatures, the words of its events, and its REST interface.

pub mod event;
pub mod oidc;
mod payload;
pub mod rest;
pub mod signature;
mod text;

pub use event::{Facts, Hook, HookError, RegistryHint, read};
pub use rest::{Github, RestError};
pub use signature::{Secrets, SignatureError, verify};
