//! Is there an engine, and is it one that the pipeline can use?

use crate::context::Context;
use anyhow::{Result, bail};
use bollard::Docker;
use std::time::Duration;

/// The oldest engine that is accepted: its BuildKit writes OCI layouts from the containerd image store.
pub const OLDEST: u32 = 23;

/// What answers on the engine's socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// Usable.
    Ready {
        /// The engine's version.
        version: String,
        /// Whether images live in containerd's store, which OCI layouts need.
        containerd_store: bool,
    },
    /// Too old.
    TooOld {
        /// The engine's version.
        version: String,
    },
    /// Nothing answers.
    Absent {
        /// Why.
        why: String,
    },
}

impl EngineState {
    /// Why the engine cannot be used, and what to do; none when it can.
    pub fn lack(&self) -> Option<String> {
        match self {
            Self::Ready { .. } => None,
            Self::TooOld { version } => Some(format!(
                "the Docker engine is {version}, expected {OLDEST} or newer; next: cargo xtask doctor --fix"
            )),
            Self::Absent { why } => {
                Some(format!("no Docker engine answers ({why}); next: cargo xtask doctor --fix"))
            }
        }
    }
}

/// The Docker client for the engine that `docker` itself would talk to.
///
/// # Errors
/// When there is no socket, or DOCKER_HOST names something that this client cannot talk to.
pub fn connect(ctx: &Context) -> Result<Docker> {
    let local = |host: &&str| ["unix://", "tcp://", "http://"].iter().any(|scheme| host.starts_with(scheme));
    match ctx.env.get("DOCKER_HOST") {
        Some(host) if local(&host) => Ok(Docker::connect_with_host(host)?),
        Some(host) => {
            bail!("DOCKER_HOST is {host:?}, expected unix://… or tcp://…, an engine on this machine")
        }
        None => Ok(Docker::connect_with_local_defaults()?),
    }
}

/// Asks the engine for its version and image store, within five seconds.
pub fn engine_state(ctx: &Context) -> EngineState {
    match ask(ctx) {
        Ok(state) => state,
        Err(error) => EngineState::Absent { why: format!("{error:#}").replace('\n', " ") },
    }
}

fn ask(ctx: &Context) -> Result<EngineState> {
    let docker = connect(ctx)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let asked = async { anyhow::Ok((docker.version().await?, docker.info().await?)) };
        let (version, info) = tokio::time::timeout(Duration::from_secs(5), asked)
            .await
            .map_err(|_| anyhow::anyhow!("it did not answer within 5 s"))??;
        let version = version.version.unwrap_or_default();
        let major = version.split('.').next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
        if major < OLDEST {
            return Ok(EngineState::TooOld { version });
        }
        let status = info.driver_status.unwrap_or_default();
        let containerd_store =
            status.iter().flatten().any(|word| word.starts_with("io.containerd.snapshotter"));
        Ok(EngineState::Ready { version, containerd_store })
    })
}
