//! Is there a Docker engine, and is it one that the pipeline can use?
//!
//! Asked through Docker's own CLI, which builds need anyway: it knows contexts, sockets and TLS, and asking costs no
//! dependency. What holds containers in its hands is `xtask-containers`.

use crate::context::Context;
use crate::process::{Spawn, child_env};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::time::Duration;

/// The oldest engine that is accepted: its BuildKit writes OCI layouts from the containerd image store.
pub const OLDEST: u32 = 23;
/// An engine that takes longer to say its version is as good as none.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// The parts of the engine's `/info` that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(default)]
    server_version: String,
    #[serde(default)]
    driver_status: Option<Vec<Vec<String>>>,
    #[serde(default)]
    server_errors: Option<Vec<String>>,
}

/// Asks the engine for its version and image store, within five seconds.
pub fn engine_state(ctx: &Context) -> EngineState {
    match ask(ctx).and_then(|(text, said)| read(&text, &said)) {
        Ok(state) => state,
        Err(error) => EngineState::Absent { why: format!("{error:#}").replace('\n', " ") },
    }
}

/// The document of `docker info`, and what it says beside it: where nothing answers there is a document too.
fn ask(ctx: &Context) -> Result<(String, String)> {
    let spawn = Spawn {
        program: "docker".into(),
        args: ["info", "--format", "{{json .}}"].map(str::to_owned).to_vec(),
        dir: ctx.root.clone(),
        env: child_env(ctx),
    };
    match spawn.ask(&ctx.stop, PATIENCE).context("the docker command does not run")? {
        Some(said) => Ok((said.stdout, said.stderr)),
        None => bail!("it did not answer within {} s", PATIENCE.as_secs()),
    }
}

fn read(text: &str, said: &str) -> Result<EngineState> {
    let said = if said.is_empty() { "docker info names no server" } else { said };
    let Ok(info) = serde_json::from_str::<Info>(text) else {
        bail!("{said}");
    };
    let version = info.server_version;
    if version.is_empty() {
        let errors = info.server_errors.unwrap_or_default().join("; ");
        bail!("{}", if errors.is_empty() { said } else { &errors });
    }
    let major = version.split('.').next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    if major < OLDEST {
        return Ok(EngineState::TooOld { version });
    }
    let status = info.driver_status.unwrap_or_default();
    let containerd_store = status.iter().flatten().any(|word| word.starts_with("io.containerd.snapshotter"));
    Ok(EngineState::Ready { version, containerd_store })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_ready_too_old_or_absent() {
        let state = |text: &str| read(text, "docker: it is not there");
        let store =
            r#"{"ServerVersion":"28.5.2","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#;
        let ready = EngineState::Ready { version: "28.5.2".to_owned(), containerd_store: true };
        assert_eq!(state(store).unwrap(), ready);
        let older = r#"{"ServerVersion":"28.0.1","DriverStatus":[["Backing Filesystem","extfs"]]}"#;
        let ready = EngineState::Ready { version: "28.0.1".to_owned(), containerd_store: false };
        assert_eq!(state(older).unwrap(), ready);
        let old = EngineState::TooOld { version: "20.10.24".to_owned() };
        assert_eq!(state(r#"{"ServerVersion":"20.10.24"}"#).unwrap(), old);
        let absent = state(r#"{"ServerErrors":["Cannot connect to the Docker daemon"]}"#).unwrap_err();
        assert!(absent.to_string().contains("Cannot connect"));
        for silent in ["", r#"{"ServerVersion":""}"#] {
            assert_eq!(state(silent).unwrap_err().to_string(), "docker: it is not there");
        }
    }
}
