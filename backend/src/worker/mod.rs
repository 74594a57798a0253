//! The worker: loops that run side by side until they are told to stop.
//!
//! Each loop does one step after another, rests when there is nothing to do, and backs off by itself when
//! something fails. None waits for another, and several workers may run on one database.

mod delivering;
mod github_reconcile;
mod github_redeliver;
pub mod lease;
mod outbox;
mod projecting;
mod purge;
mod registry;
mod repeat;
mod runtime;
mod stale;

use crate::config::{GithubConfig, WorkerConfig};
use crate::github::Github;
use crate::net::{Client, NetError};
use crate::store::Store;
use repeat::{Loop, endless};
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};

/// How long a loop rests that panicked.
const REST_AFTER_PANIC: Duration = Duration::from_secs(2);

/// What the loops share. Cheap to clone.
#[derive(Clone)]
struct Context {
    store: Store,
    config: Arc<WorkerConfig>,
    github: Arc<GithubConfig>,
    client: Client,
    /// This worker's name, unique among those that run at one time.
    name: Arc<str>,
    /// Becomes true when it is time to stop.
    shutdown: watch::Receiver<bool>,
}

impl Context {
    /// GitHub, if there is a token to ask it with.
    fn github(&self) -> Option<Github> {
        let token = self.github.token.clone()?;
        Some(Github::new(self.client.clone(), &self.github.api, token))
    }
}

/// The list of all loops.
fn loops(context: &Context) -> Vec<Loop> {
    vec![
        endless(context, projecting::Projecting::new),
        endless(context, delivering::Delivering::new),
        endless(context, registry::Registries::new),
        endless(context, runtime::Runtimes::new),
        endless(context, stale::Stale::new),
        endless(context, outbox::Outbox::new),
        endless(context, purge::Purge::new),
        endless(context, github_redeliver::Redelivering::new),
        endless(context, github_reconcile::Reconciling::new),
    ]
}

/// Works until `shutdown`; the steps that are under way then are finished first.
///
/// # Errors
/// When the client for HTTP cannot be made.
pub async fn run(
    store: &Store,
    config: WorkerConfig,
    github: GithubConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), NetError> {
    let (stop, stopping) = watch::channel(false);
    let context = Context {
        store: store.clone(),
        client: Client::new(config.certificates.as_deref())?,
        config: Arc::new(config),
        github: Arc::new(github),
        name: name().into(),
        shutdown: stopping,
    };
    tracing::info!(worker = &*context.name, "working");
    let mut running = Running::start(loops(&context));
    let mut shutdown = pin!(shutdown);
    tokio::select! {
        () = &mut shutdown => {}
        () = running.keep_up() => {}
    }
    stop.send_replace(true);
    running.end().await;
    tracing::info!("stopped working");
    Ok(())
}

/// The loops' tasks.
struct Running {
    loops: Vec<Loop>,
    tasks: JoinSet<()>,
    of_task: HashMap<Id, usize>,
}

impl Running {
    fn start(loops: Vec<Loop>) -> Self {
        let mut running = Self { tasks: JoinSet::new(), of_task: HashMap::new(), loops };
        for index in 0..running.loops.len() {
            running.spawn(index, Duration::ZERO);
        }
        running
    }

    fn spawn(&mut self, index: usize, rest: Duration) {
        let work = (self.loops[index])();
        let task = self.tasks.spawn(async move {
            tokio::time::sleep(rest).await;
            work.await;
        });
        self.of_task.insert(task.id(), index);
    }

    /// Starts a loop again that panicked, so that a fault in one never ends what the others do. Such a loop
    /// rests first.
    async fn keep_up(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let Err(panic) = ended else { continue };
            tracing::error!(error = %panic, "a loop of the worker panicked; it is started again");
            if let Some(index) = self.of_task.remove(&panic.id()) {
                self.spawn(index, REST_AFTER_PANIC);
            }
        }
    }

    async fn end(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The host's name, where the kernel tells it in a file, the process's number, and something random: two
/// containers can have the first two in common.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "worker" } else { host.trim() };
    // Without random numbers the name is as unique as host and process make it.
    let random = getrandom::u32().unwrap_or_default();
    format!("{host}-{}-{random:08x}", std::process::id())
}
