//! What is asked of a container and of nothing else.

use crate::engine::Role;
use crate::engine::docker::DockerEngine;
use crate::http::Client;
use anyhow::{Context as _, Result, ensure};
use bollard::models::HealthStatusEnum;
use evidence::{CommitSha, Digest};
use xtask::image::schema;

/// The digest of the image's manifest or index, where the engine's store keeps it.
pub fn digest(container: &DockerEngine) -> Result<Option<Digest>> {
    let image = container.image()?;
    Ok(image.descriptor.and_then(|descriptor| descriptor.digest?.parse().ok()))
}

/// The image's own health check has passed.
pub fn healthy(container: &DockerEngine) -> Result<String> {
    let state = container.inspect(Role::Server)?.state.context("the engine told no state")?;
    let health = state.health.context("the image has no health check")?;
    ensure!(
        health.status == Some(HealthStatusEnum::HEALTHY),
        "its health is {:?}: {:?}",
        health.status,
        health.log.and_then(|log| log.into_iter().next_back()?.output)
    );
    Ok(String::new())
}

/// It runs as a numeric user that is not root, as the image itself says.
pub fn not_root(container: &DockerEngine) -> Result<String> {
    let user = container.image()?.config.and_then(|config| config.user).unwrap_or_default();
    let uid = user.split(':').next().unwrap_or_default().to_owned();
    ensure!(uid.parse::<u32>().is_ok_and(|uid| uid > 0), "its user is {user:?}, expected a number above 0");
    Ok(format!("user {user}"))
}

/// It has passed every check so far on a root file system that cannot be written.
pub fn read_only(container: &DockerEngine) -> Result<String> {
    let seen = container.inspect(Role::Server)?;
    let read_only = seen.host_config.and_then(|config| config.readonly_rootfs);
    ensure!(read_only == Some(true), "its root file system can be written");
    Ok(String::new())
}

/// The labels that lead from a running container to its source, and those that tell before it starts which schemas its
/// program runs on: what it says itself.
pub fn labels(container: &DockerEngine, client: &Client, commit: &CommitSha) -> Result<String> {
    let labels = container.image()?.config.and_then(|config| config.labels).unwrap_or_default();
    let label =
        |name: &str| labels.get(&format!("org.opencontainers.image.{name}")).cloned().unwrap_or_default();
    ensure!(
        label("revision") == commit.as_str(),
        "its revision is {:?}, expected {commit}",
        label("revision")
    );
    for name in ["version", "created", "source", "title", "licenses"] {
        ensure!(!label(name).is_empty(), "it has no label org.opencontainers.image.{name}");
    }
    let version = client.get("/version")?.expect(200)?.json()?;
    for (name, own) in [(schema::MIN, &version["schema"]["min"]), (schema::MAX, &version["schema"]["max"])] {
        let label = labels.get(name).map_or("", String::as_str);
        let number = label.parse().ok();
        ensure!(
            number.is_some() && number == own.as_u64(),
            "its label {name} is {label:?}, and its program says {own}"
        );
    }
    Ok(format!("{} labels", labels.len()))
}
