//! Images as files and as documents: the OCI layout that `build-image --output` writes, and manifests.

mod graph;
mod layout;
pub mod manifest;
mod platform;
pub mod sbom;
pub mod schema;
mod violations;

pub use graph::Graph;
pub use layout::{ImageFacts, Layout, read_layout};
pub use platform::{Platform, Platforms, Runner};
pub use violations::violations;
