//! Images as files: the OCI layout that `build-image --output` writes.

mod layout;
mod platform;
pub mod sbom;
mod violations;

pub use layout::{ImageFacts, Layout, read_layout};
pub use platform::{Platform, Platforms, Runner};
pub use violations::violations;
