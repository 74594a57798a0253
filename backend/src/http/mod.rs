//! HTTP: routes, and what every answer has in common.

mod acknowledge;
mod auth;
mod board;
mod body;
mod commits;
mod conditional;
mod decisions;
mod deployments;
mod events;
mod evidence;
mod export;
mod health;
mod history;
mod hooks;
mod incidents;
mod layers;
mod measures;
mod metrics;
mod oidc;
mod openapi;
mod page;
mod pages;
mod problem;
mod read;
mod rollback;
mod serve;
mod tags;

pub use health::Version;
pub use openapi::document;
pub use problem::Problem;
pub use serve::{DRAIN_LIMIT, serve};

use crate::config::{BuildConfig, GithubConfig, ServerConfig};
use crate::github::oidc::Issuer;
use crate::service::board::BoardCache;
use crate::service::feed::Feed;
use crate::service::intake::Intake;
use crate::service::schema::SchemaCache;
use crate::store::Store;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

/// The most bytes of a request's body.
const BODY_LIMIT: usize = 5 * 1024 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// What this build is.
    pub build: Arc<BuildConfig>,
    /// What is served, and to whom.
    pub server: Arc<ServerConfig>,
    /// How GitHub is known.
    pub github: Arc<GithubConfig>,
    /// Who vouches for workflows; none where no tokens are exchanged.
    pub oidc: Option<Arc<Issuer>>,
    /// Where what comes in waits to be written together.
    pub intake: Intake,
    /// What readers share.
    pub reading: Reading,
}

/// What readers share, so that many cost little more than one. Clones share it.
#[derive(Clone, Default)]
pub struct Reading {
    /// The last boards.
    boards: BoardCache,
    /// Where changes are told.
    feed: Feed,
    /// What the database's schema is at.
    schema: SchemaCache,
    /// What is counted.
    metrics: metrics::Metrics,
}

impl Reading {
    /// Ends what never ends by itself, so that the server can.
    pub fn close(&self) {
        self.feed.close();
    }
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::skeleton())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::version))
        .routes(routes!(openapi::serve))
        .routes(routes!(metrics::metrics))
        .routes(routes!(measures::list))
        .routes(routes!(measures::one))
        .routes(routes!(events::events))
        .routes(routes!(export::export))
        .routes(routes!(board::board))
        .routes(routes!(commits::list))
        .routes(routes!(commits::one))
        .routes(routes!(commits::image))
        .routes(routes!(tags::list))
        .routes(routes!(history::history))
        .routes(routes!(rollback::candidates))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one))
        .routes(routes!(acknowledge::post))
        .routes(routes!(decisions::decide))
        .routes(routes!(evidence::post))
        .routes(routes!(deployments::start))
        .routes(routes!(deployments::advance))
        .routes(routes!(oidc::exchange).layer(DefaultBodyLimit::max(oidc::EXCHANGE_LIMIT)))
        .routes(routes!(hooks::github).layer(DefaultBodyLimit::max(hooks::HOOK_LIMIT)))
}

/// The whole application as one service.
pub fn router(app: App) -> Router {
    let (router, _) = api().split_for_parts();
    let router = router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(pages::pages)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(app.clone());
    layers::common(router).layer(from_fn_with_state(app, metrics::count))
}

/// axum adds `Allow` to this.
async fn method_not_allowed(method: Method) -> Problem {
    Problem::method_not_allowed(format!("{method} is not among the methods that the header Allow names."))
}
