//! Images as files: the OCI layout that `build-image --output` writes.

mod layout;

pub use layout::{read_layout, violations};
