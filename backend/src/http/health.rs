//! How the server is, and what it is.

use super::App;
use crate::config::BuildConfig;
use crate::service::schema::At;
use crate::service::status::{self, Readiness, ReadyStatus};
use crate::store::{SCHEMA_HEAD, SCHEMA_MIN};
use ::evidence::{CommitSha, Digest};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// That the process is up.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// What this server is.
#[derive(Serialize, ToSchema)]
pub struct Version {
    /// Always `portbook`.
    #[schema(example = "portbook")]
    name: &'static str,
    /// The version of the source.
    version: &'static str,
    /// The commit that it was built from; null if nobody has said.
    #[schema(required)]
    commit: Option<CommitSha>,
    /// The image that it runs in; null if nobody has said, or it runs in none.
    #[schema(required)]
    image_digest: Option<Digest>,
    /// The schemas that it can run on, and the one that it runs on.
    schema: SchemaStanding,
}

impl Version {
    /// What this build is, and what its database is at, if that is known.
    pub fn new(build: &BuildConfig, at: Option<At>) -> Self {
        Self {
            name: "portbook",
            version: env!("CARGO_PKG_VERSION"),
            commit: build.commit.clone(),
            image_digest: build.image_digest.clone(),
            schema: SchemaStanding {
                min: SCHEMA_MIN,
                max: SCHEMA_HEAD,
                current: at.map(|at| at.current),
                floor: at.map(|at| at.floor),
            },
        }
    }
}

/// The schemas that a version can run on, and what its database is at.
#[derive(Serialize, ToSchema)]
pub(super) struct SchemaStanding {
    /// The oldest that it can run on.
    min: i64,
    /// The one that its migrations lead to.
    max: i64,
    /// The newest migration that its database has; null if the database does not answer at once.
    #[schema(required)]
    current: Option<i64>,
    /// The newest contract step that its database has, 0 if none: versions that do not know it cannot run there. Null
    /// like `current`.
    #[schema(required)]
    floor: Option<i64>,
}

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// Whether the process is up. It asks nothing else, so a lost database does not restart the server.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "The process is up", body = Health)))]
pub(super) async fn healthz() -> Response {
    (NO_STORE, Json(Health { status: "ok" })).into_response()
}

/// Whether requests can be served: the database can be reached, is at head, and has no contract step unknown here.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "Requests can be served", body = Readiness),
        (status = 503, description = "They cannot at present", body = Readiness)))]
pub(super) async fn readyz(State(app): State<App>) -> Response {
    let readiness = status::readiness(&app.store).await;
    let status = match readiness.status {
        ReadyStatus::Ready => StatusCode::OK,
        ReadyStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, NO_STORE, Json(readiness)).into_response()
}

/// What this server is. It is answered without the database, too.
#[utoipa::path(get, path = "/version", tag = "operation",
    responses((status = 200, description = "What this server is", body = Version)))]
pub(super) async fn version(State(app): State<App>) -> Response {
    let at = app.reading.schema.at(&app.store).await;
    (NO_STORE, Json(Version::new(&app.build, at))).into_response()
}
