//! A look at the ledger: one project, in one state.

use crate::store::{Session, State, Store, StoreError};
use evidence::Name;

/// One project in one state; all that is read through it belongs together.
pub struct Snapshot {
    /// The transaction that holds the state.
    pub session: Session,
    /// The state.
    pub state: State,
    /// The project.
    pub project: Name,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nobody said which project, and there is not exactly one; these are known.
    #[error("which project is meant is not clear")]
    Which(Vec<Name>),
    /// The database cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Some of many, and the key of the last if more follow.
#[derive(Debug)]
pub struct Paged<T, K> {
    /// The items.
    pub items: Vec<T>,
    /// What to go on after.
    pub next: Option<K>,
}

/// Opens the project, or the only one that is known.
///
/// # Errors
/// When it is not clear which, or the database cannot be asked.
pub async fn open(store: &Store, project: Option<Name>) -> Result<Snapshot, OpenError> {
    let mut session = store.read().await?;
    let state = session.state().await?;
    let project = match project {
        Some(project) => project,
        None => {
            let mut known = session.projects().await?;
            match known.pop() {
                Some(only) if known.is_empty() => only,
                other => {
                    known.extend(other);
                    return Err(OpenError::Which(known));
                }
            }
        }
    };
    Ok(Snapshot { session, state, project })
}

impl Snapshot {
    /// The last thing that people did about incidents, which no state of the projection tells.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn last_incident_event(&mut self) -> Result<i64, StoreError> {
        self.session.last_incident_event(&self.project).await
    }
}

impl<T, K> Paged<T, K> {
    /// Of rows that were asked for with one more than `limit`.
    pub(super) fn of(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> K) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }

    /// The same page of other items.
    pub(super) fn try_map<U, E>(self, make: impl FnMut(T) -> Result<U, E>) -> Result<Paged<U, K>, E> {
        let items = self.items.into_iter().map(make).collect::<Result<_, _>>()?;
        Ok(Paged { items, next: self.next })
    }
}

/// How many rows to ask for, to learn whether more follow.
pub(super) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}
