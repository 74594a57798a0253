//! Tells many that the projection has changed, at the cost of one who looks.

use super::board;
use crate::store::{State, Store};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How often the projection is looked at while anyone listens.
const INTERVAL: Duration = Duration::from_millis(250);

/// How long a listener is told nothing before it is told that there is nothing.
const SILENCE: Duration = Duration::from_secs(15);

/// The most that listen to one process at a time.
pub const LISTENERS: usize = 256;

/// Where listeners are told of changes. Clones share it.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    places: Arc<Semaphore>,
    told: watch::Sender<Told>,
    /// Whether somebody looks.
    looking: Mutex<bool>,
}

#[derive(Clone, Default)]
struct Told {
    /// The present state, once it is known.
    state: Option<State>,
    /// Nothing more will be told.
    closed: bool,
}

/// What a listener is told.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// The projection is in this state now.
    Changed(State),
    /// There was nothing for a while.
    Silence,
}

/// Someone who listens. What comes faster than it is taken is left out, but never the last.
pub struct Listener {
    told: watch::Receiver<Told>,
    last: Option<State>,
    _place: OwnedSemaphorePermit,
}

impl Default for Feed {
    fn default() -> Self {
        let inner = Inner {
            places: Arc::new(Semaphore::new(LISTENERS)),
            told: watch::Sender::new(Told::default()),
            looking: Mutex::new(false),
        };
        Self { inner: Arc::new(inner) }
    }
}

impl Feed {
    /// Begins to listen; `last` is the state that the listener knows. None if there are too many already.
    pub fn listen(&self, store: &Store, last: Option<State>) -> Option<Listener> {
        let place = Arc::clone(&self.inner.places).try_acquire_owned().ok()?;
        let listener = Listener { told: self.inner.told.subscribe(), last, _place: place };
        let mut looking = self.inner.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if !*looking {
            *looking = true;
            tokio::spawn(look(Arc::clone(&self.inner), store.clone()));
        }
        Some(listener)
    }

    /// Ends what all listeners hear, for good.
    pub fn close(&self) {
        self.inner.told.send_modify(|told| told.closed = true);
    }
}

/// Looks at the projection until nobody listens any more.
async fn look(inner: Arc<Inner>, store: Store) {
    loop {
        {
            let mut looking = inner.looking.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever comes has taken a receiver before this lock, so either is seen here or starts anew.
            if inner.told.receiver_count() == 0 || inner.told.borrow().closed {
                inner.told.send_modify(|told| told.state = None);
                *looking = false;
                return;
            }
        }
        match board::state(&store).await {
            Ok(state) => {
                inner.told.send_if_modified(|told| {
                    let changed = told.state.as_ref() != Some(&state);
                    told.state = Some(state);
                    changed
                });
            }
            // Listeners go on waiting: when the database is back they are told what has changed meanwhile.
            Err(error) => tracing::debug!(%error, "cannot look whether the projection has changed"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

impl Listener {
    /// The next news; none when nothing more will be told.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            let told = self.told.borrow_and_update().clone();
            if told.closed {
                return None;
            }
            if told.state.is_some() && told.state != self.last {
                self.last.clone_from(&told.state);
                return told.state.map(News::Changed);
            }
            match tokio::time::timeout(SILENCE, self.told.changed()).await {
                Err(_) => return Some(News::Silence),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {}
            }
        }
    }
}
