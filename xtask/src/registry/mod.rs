//! A client of the OCI distribution specification.
//!
//! Why an own one: `oci-client` brings reqwest and tokio (a third more to every cold compile), does not delete, knows
//! nothing of `Retry-After`, and asks for the credentials instead of finding them. What the pipeline promises (raw bytes,
//! digests compared, every fault repeated or named) is decided in few hundred lines that are tested against a real registry.

mod auth;
mod call;
mod credentials;
mod fault;
mod referrers;
mod repository;
mod session;
mod transport;
mod upload;

pub use referrers::{Attached, fallback};
pub use repository::{Access, Repository};
pub use upload::{Arrived, Source};
