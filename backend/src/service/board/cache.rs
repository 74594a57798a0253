//! Boards as they are sent, so that each is made once however many poll it.

use super::assemble;
use crate::store::{BoardCommits, Session, State, Store, StoreError};
use evidence::Name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The last board of each project, and of all, as JSON. Clones share it.
#[derive(Clone, Default)]
pub struct BoardCache {
    boards: Arc<Mutex<HashMap<Option<Name>, Slot>>>,
}

/// Whoever makes a board holds its slot, so that all others wait for that one.
type Slot = Arc<tokio::sync::Mutex<Kept>>;

/// What is kept of a board for whoever asks next.
#[derive(Default)]
struct Kept {
    board: Option<Made>,
    commits: Option<BoardCommits>,
}

/// A board as it is sent.
#[derive(Clone)]
pub struct Made {
    /// The state that it shows.
    pub state: State,
    /// The JSON.
    pub json: Arc<[u8]>,
}

impl BoardCache {
    /// The board, of one project or of all, in a state no older than this one, which is that of `session`. Whoever has to
    /// wait for another to make it holds no connection meanwhile.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn board(
        &self,
        store: &Store,
        session: Session,
        project: Option<&Name>,
        state: &State,
    ) -> Result<Made, StoreError> {
        let slot = {
            let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(boards.entry(project.cloned()).or_default())
        };
        let (mut slot, session) = match slot.try_lock() {
            Ok(slot) => (slot, Some(session)),
            Err(_) => {
                drop(session);
                (slot.lock().await, None)
            }
        };
        let fresh = |made: &&Made| made.state.epoch == state.epoch && made.state.version >= state.version;
        if let Some(made) = slot.board.as_ref().filter(fresh) {
            return Ok(made.clone());
        }
        let mut session = match session {
            Some(session) => session,
            None => store.read().await?,
        };
        let (board, commits) = assemble::board(&mut session, project, slot.commits.take()).await?;
        slot.commits = Some(commits);
        let json = serde_json::to_vec(&board).map_err(StoreError::corrupt)?.into();
        let state = State { epoch: board.epoch, version: board.version };
        Ok(slot.board.insert(Made { state, json }).clone())
    }
}
