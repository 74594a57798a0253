//! The words the pipeline (`xtask`) and the ledger (`portbook`) share.
//!
//! Everything here is pure: no I/O, no clock, no environment. Each identifier is a newtype that can
//! only be made by parsing, so that holding one means that it is well formed.

mod claim;
mod deployment;
mod digest;
mod document;
mod github;
mod ident;
mod image_ref;
mod limits;
mod observation;
pub mod rules;
mod timestamp;

pub use claim::{BuildCache, CiJob, Claim, Origin, Outcome, SchemaRange};
pub use deployment::{
    DeploymentId, DeploymentMode, DeploymentPhase, DeploymentStarted, DeploymentState, FailureClass,
    ParseDeploymentIdError,
};
pub use digest::{CommitSha, Digest, ParseCommitShaError, ParseDigestError};
pub use document::{Evidence, EvidenceError, RFC3339, SCHEMA};
pub use github::{
    CiRun, CiRunJob, Conclusion, GithubDeployment, PullRequest, PullRequestState, PushedCommit, RefMoved,
    RepositoryNamed, RunPhase,
};
pub use ident::{Name, ParseNameError, ParseTagError, Tag};
pub use image_ref::{ImageRef, ParseImageRefError};
pub use observation::{RuntimeObserved, TagObserved};
pub use timestamp::{ParseTimestampError, Timestamp};
