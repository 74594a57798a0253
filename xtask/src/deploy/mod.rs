//! Bringing a digest to an environment: one algorithm, whatever the environment is deployed to.

pub mod image;
