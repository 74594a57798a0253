//! Where one can go back to.

use super::history::no_such_cell;
use super::page;
use super::read::{Asked, At, Reader, Refused};
use super::{App, Problem};
use crate::service::rollback::{self, RollbackCandidates};
use ::evidence::Name;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// How many candidates are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CandidatesQuery {
    /// The project, where more than one is known and no token says which.
    project: Option<Name>,
    /// The most candidates, 1 to 200; 50 if not said.
    limit: Option<u64>,
}

/// The digests that ran in a cell before, what ran last first, and whether one can go back to each.
#[utoipa::path(get, path = "/v1/environments/{environment}/services/{service}/rollback-candidates", tag = "ledger",
    security((), ("token" = ["read"])),
    params(
        ("environment" = Name, Path, description = "The environment"),
        ("service" = Name, Path, description = "The service"),
        CandidatesQuery),
    responses(
        (status = 200, description = "The candidates", body = RollbackCandidates,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's list is the present one"),
        (status = 404, description = "Nothing was ever deployed there", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn candidates(
    State(app): State<App>,
    reader: Reader,
    At((environment, service)): At<(Name, Name)>,
    Asked(asked): Asked<CandidatesQuery>,
) -> Result<Response, Problem> {
    let limit = page::limit(asked.limit)?;
    let mut view = reader.view(&app, "rollback", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let found = rollback::candidates(&mut view.snapshot, &environment, &service, limit).await?;
    if found.candidates.is_empty() && found.running.is_none() {
        let known = view.snapshot.session.cells(&view.snapshot.project).await?;
        if !known.contains(&(environment.clone(), service.clone())) {
            return Err(no_such_cell(&mut view.snapshot, &environment, &service).await?);
        }
    }
    Ok(view.answer(&found))
}
