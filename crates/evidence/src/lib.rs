//! The words the pipeline (`xtask`) and the ledger (`portbook`) share.
//!
//! Everything here is pure: no I/O, no clock, no environment. Each identifier is a newtype that can
//! only be made by parsing, so that holding one means that it is well formed.

mod digest;
mod document;
mod ident;
mod image_ref;

pub use digest::{CommitSha, Digest, ParseCommitShaError, ParseDigestError};
pub use document::{CiJob, Claim, Evidence, EvidenceError, Outcome, RFC3339, SCHEMA};
pub use ident::{Name, ParseNameError, ParseTagError, Tag};
pub use image_ref::{ImageRef, ParseImageRefError};
