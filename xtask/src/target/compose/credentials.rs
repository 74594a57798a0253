//! The token that may read the registry, where one was given: for the pull alone, in a folder that goes with it.
//!
//! `docker login` would leave it on the disk, and the token that may write is not needed where nothing is written.

use super::docker::Docker;
use crate::context::Context;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use evidence::ImageRef;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

/// A configuration of `docker` that holds nothing else. It is gone with this value.
pub(super) struct Credentials {
    folder: PathBuf,
    shown: String,
    host: String,
}

impl Credentials {
    /// The flags of `docker` that use it. Another configuration knows no contexts, so the engine is named by its address.
    pub(super) fn flags(&self) -> [&str; 4] {
        ["--config", &self.shown, "--host", &self.host]
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The credentials of the environment, or none: then `docker` uses what `docker login` left.
pub(super) fn of(ctx: &Context, docker: &Docker, image: &ImageRef) -> Result<Option<Credentials>> {
    let given = ctx.env.get("PORTBOOK_REGISTRY_USER").zip(ctx.env.get("PORTBOOK_REGISTRY_PASSWORD"));
    let Some(((user, password), registry)) = given.zip(image.registry.as_deref()) else { return Ok(None) };
    let host = docker.address()?;
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let config = serde_json::json!({ "auths": { registry: { "auth": auth } } });
    let folder =
        std::env::temp_dir().join(format!("xtask-{}-{:x}", std::process::id(), crate::patience::random()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder).context("cannot make a folder for the token")?;
    let credentials = Credentials { shown: folder.display().to_string(), folder, host };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(credentials.folder.join("config.json"))
        .context("cannot write the token's file")?;
    file.write_all(config.to_string().as_bytes())?;
    Ok(Some(credentials))
}
