//! The schema that the database is at, for whoever asks again and again.

use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long an answer is told again.
const FRESH: Duration = Duration::from_secs(1);

/// How long the database is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a database's schema is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The newest migration that it has; 0 if it has none.
    pub current: i64,
    /// The newest contract step that it has; 0 if it has none.
    pub floor: i64,
}

/// The last answer. Clones share it, so that many who ask cost the database one question a second.
#[derive(Clone, Default)]
pub struct SchemaCache(Arc<Mutex<Option<Answer>>>);

/// When it was asked, and what came of it.
type Answer = (Instant, Option<At>);

impl SchemaCache {
    /// What the schema is at; none where the database does not say so quickly.
    pub async fn at(&self, store: &Store) -> Option<At> {
        let mut last = self.0.lock().await;
        if let Some((asked, at)) = *last
            && asked.elapsed() < FRESH
        {
            return at;
        }
        let at = match timeout(PATIENCE, store.schema_state()).await {
            Ok(Ok(state)) => Some(At { current: state.newest, floor: state.floor }),
            Ok(Err(_)) | Err(_) => None,
        };
        *last = Some((Instant::now(), at));
        at
    }
}
