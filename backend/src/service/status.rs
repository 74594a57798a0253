//! How things stand: is the database there, is the schema at head, is a worker alive?

use super::clock;
use crate::store::{Store, StoreError};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;

/// A worker that was silent for longer counts as dead.
pub const HEARTBEAT_LIMIT: Duration = Duration::from_secs(15);

/// How long a check of readiness waits for the database: shorter than whoever checks waits for the answer, so that it is
/// told why.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Whether requests can be served.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready` if all checks are well.
    pub status: ReadyStatus,
    /// The checks.
    pub checks: Vec<Check>,
}

/// Whether requests can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadyStatus {
    /// They can.
    Ready,
    /// They cannot at present.
    Unavailable,
}

/// One check.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// What was checked: `database` or `schema`.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What was found, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<String>,
}

/// Whether requests can be served.
pub async fn readiness(store: &Store) -> Readiness {
    let check = |name, ok, detail| Check { name, ok, detail };
    let late = |_| {
        let waited = PATIENCE.as_secs_f32();
        Err(StoreError::Unavailable(format!("the database did not answer within {waited} s")))
    };
    let (database, schema) = match timeout(PATIENCE, store.schema_state()).await.unwrap_or_else(late) {
        Ok(state) => {
            let (ok, detail) = match state.check_floor() {
                Err(ahead) => (false, ahead.to_string()),
                Ok(()) if state.at_head() => (true, state.to_string()),
                Ok(()) => (false, format!("{state}; run `portbook migrate`")),
            };
            (check("database", true, None), check("schema", ok, Some(detail)))
        }
        Err(error) => {
            tracing::warn!(%error, "not ready");
            // The probe is open to everyone, so it tells nothing of addresses and paths.
            let detail = "cannot be reached; the log says why".to_owned();
            let unknown = "unknown without the database".to_owned();
            (check("database", false, Some(detail)), check("schema", false, Some(unknown)))
        }
    };
    let ready = database.ok && schema.ok;
    Readiness {
        status: if ready { ReadyStatus::Ready } else { ReadyStatus::Unavailable },
        checks: vec![database, schema],
    }
}

/// How long ago a worker was last alive; none if there never was one.
///
/// # Errors
/// When the database cannot be asked.
pub async fn heartbeat_age(store: &Store) -> Result<Option<Duration>, StoreError> {
    let last = store.read().await?.last_beat().await?;
    Ok(last.map(|at| Duration::from_micros(u64::try_from(clock::now() - at).unwrap_or_default())))
}
