//! What became of one service in one environment.

use super::page::Page;
use super::read::{Asked, At, Reader, Refused};
use super::{App, Problem};
use crate::service::deployment_reading::{self, DeploymentKey, Deployments};
use crate::store::DeploymentsOf;
use ::evidence::Name;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which page is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// The project, where more than one is known and no token says which.
    pub project: Option<Name>,
    /// The most items, 1 to 200; 50 if not said.
    pub limit: Option<u64>,
    /// The cursor of the page before.
    pub after: Option<String>,
}

/// The deployments of a service to an environment, newest first.
#[utoipa::path(get, path = "/v1/environments/{environment}/services/{service}/history", tag = "ledger",
    security((), ("token" = ["read"])),
    params(
        ("environment" = Name, Path, description = "The environment"),
        ("service" = Name, Path, description = "The service"),
        HistoryQuery),
    responses(
        (status = 200, description = "A page of deployments; the header Link leads to the next", body = Deployments,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's page is the present one"),
        (status = 404, description = "Nothing was ever deployed there", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn history(
    State(app): State<App>,
    reader: Reader,
    At((environment, service)): At<(Name, Name)>,
    Asked(asked): Asked<HistoryQuery>,
) -> Result<Response, Problem> {
    let page: Page<DeploymentKey> = Page::of(asked.limit, asked.after.as_deref())?;
    let mut view = reader.view(&app, "history", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let of = DeploymentsOf::Cell(&environment, &service);
    let found = deployment_reading::list(&mut view.snapshot, of, page.after.as_ref(), page.limit).await?;
    if found.items.is_empty() && page.after.is_none() {
        return Err(no_such_cell(&mut view.snapshot, &environment, &service).await?);
    }
    Ok(view.page(&Deployments { deployments: found.items }, found.next.as_ref()))
}

/// In an incident a slip in a name must not look like "nothing was ever deployed".
pub(super) async fn no_such_cell(
    snapshot: &mut crate::service::reading::Snapshot,
    environment: &Name,
    service: &Name,
) -> Result<Problem, Problem> {
    let known = snapshot.session.cells(&snapshot.project).await?;
    let known: Vec<_> =
        known.iter().take(50).map(|(environment, service)| format!("{environment}/{service}")).collect();
    let known = if known.is_empty() { "nothing at all".to_owned() } else { known.join(", ") };
    let project = &snapshot.project;
    Ok(Problem::not_found(format!(
        "Nothing was ever deployed to {environment}/{service} of the project {project}; there is {known}."
    )))
}
