//! Images as files: the OCI layout that `build-image --output` writes.

mod layout;
mod platform;
mod violations;

pub use layout::{ImageFacts, Layout, read_layout};
pub use platform::{Platform, Platforms, Runner};
pub use violations::violations;
