//! The two entry points that run until they are told to stop.

use super::{Failure, guard, no_runtime};
use crate::config::{
    BuildConfig, DatabaseConfig, DeployedConfig, GithubConfig, LogConfig, LogFormat, OidcConfig, Reader,
    ServerConfig, WorkerConfig,
};
use crate::github::oidc::Issuer;
use crate::http::{self, App, Reading};
use crate::net::Client;
use crate::service::intake::Intake;
use crate::service::status::{self, ReadyStatus};
use crate::store::Store;
use crate::worker;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The longest that connections and threads are waited for once all work is done or given up.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// All that can be configured. Both entry points check all of it, so that a mistake shows in whichever
/// starts first.
struct Everything {
    server: ServerConfig,
    database: DatabaseConfig,
    github: GithubConfig,
    oidc: OidcConfig,
    worker: WorkerConfig,
    build: BuildConfig,
    log: LogConfig,
}

impl Everything {
    /// Reads it, and refuses to start what must not run here.
    fn read(reader: Reader<'_>) -> Result<Self, Failure> {
        let everything = Self {
            server: ServerConfig::read(&reader),
            database: DatabaseConfig::read(&reader),
            github: GithubConfig::read(&reader),
            oidc: OidcConfig::read(&reader),
            worker: WorkerConfig::read(&reader),
            build: BuildConfig::read(&reader),
            log: LogConfig::read(&reader, std::io::stderr().is_terminal()),
        };
        let deployed = DeployedConfig::read(&reader);
        reader.finish()?;
        guard::check(&deployed, &everything.build)?;
        Ok(everything)
    }
}

/// `portbook server`
pub(super) fn server(reader: Reader<'_>) -> Result<(), Failure> {
    let config = Everything::read(reader)?;
    start_log(config.log);
    let store_config = config.database;
    block_on_all_cores(async {
        let shutdown = shutdown()?;
        let store = Store::standing_by(&store_config);
        let address = config.server.listen;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let advice = "PORTBOOK_LISTEN chooses another address";
            Failure::Failed(format!("cannot listen on {address}: {error}; {advice}"))
        })?;
        let bound = listener
            .local_addr()
            .map_err(|error| Failure::Failed(format!("cannot tell the address of {address}: {error}")))?;
        tracing::info!(address = %bound, "listening");
        let reading = Reading::default();
        let app = App {
            store: store.clone(),
            build: Arc::new(config.build),
            server: Arc::new(config.server),
            github: Arc::new(config.github),
            oidc: issuer(&config.oidc, &config.worker)?,
            intake: Intake::new(store.clone()),
            reading: reading.clone(),
        };
        let shutdown = async {
            shutdown.await;
            reading.close();
        };
        let startup = tokio::spawn(prepare(store.clone()));
        http::serve(listener, http::router(app), shutdown).await;
        startup.abort();
        close(&store).await;
        Ok(())
    })
}

/// Who vouches for workflows, if their tokens are exchanged.
fn issuer(config: &OidcConfig, worker: &WorkerConfig) -> Result<Option<Arc<Issuer>>, Failure> {
    let Some(audience) = &config.audience else {
        return Ok(None);
    };
    let client = Client::new(worker.certificates.as_deref());
    let client = client.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Some(Arc::new(Issuer::new(&config.issuer, audience, client))))
}

/// `portbook worker`
pub(super) fn worker(reader: Reader<'_>) -> Result<(), Failure> {
    let config = Everything::read(reader)?;
    start_log(config.log);
    block_on_all_cores(async {
        let shutdown = shutdown()?;
        let store = Store::new(&config.database);
        // A database that is away may come back; what a contract step took away does not.
        if let Ok(state) = store.schema_state().await {
            state.check_floor()?;
        }
        let worked = worker::run(&store, config.worker, config.github, shutdown).await;
        close(&store).await;
        worked.map_err(|error| Failure::Failed(error.to_string()))
    })
}

/// Gets ready for the first requests, and warns when that cannot be.
async fn prepare(store: Store) {
    let readiness = status::readiness(&store).await;
    if readiness.status == ReadyStatus::Unavailable {
        let failing = readiness.checks.iter().filter(|check| !check.ok);
        let details: Vec<_> = failing.filter_map(|check| check.detail.as_deref()).collect();
        tracing::warn!(details = details.join("; "), "started, but not ready yet");
    }
    store.open().await;
}

fn block_on_all_cores<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(no_runtime)?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(CLOSE_LIMIT);
    done
}

/// Closes the database's connections in good order, unless a request that was cut off still holds one.
async fn close(store: &Store) {
    if tokio::time::timeout(CLOSE_LIMIT, store.close()).await.is_err() {
        tracing::warn!("some connections to the database did not close in time");
    }
}

/// Resolves at SIGTERM or SIGINT. The signals are caught from the moment that this returns.
fn shutdown() -> Result<impl Future<Output = ()>, Failure> {
    let catch =
        |kind| signal(kind).map_err(|error| Failure::Failed(format!("cannot catch signals: {error}")));
    let mut terminate = catch(SignalKind::terminate())?;
    let mut interrupt = catch(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "shutting down");
    })
}

fn start_log(config: LogConfig) {
    let registry = tracing_subscriber::registry().with(config.filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match config.format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true).with_span_list(false)).init(),
        LogFormat::Text => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).init(),
    }
}
