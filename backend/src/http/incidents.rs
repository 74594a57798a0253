//! Incidents go out.

use super::conditional::Fresh;
use super::page::Page;
use super::read::{Asked, At, Reader, Refused, wrong_parameter};
use super::{App, Problem};
use crate::service::incident::{self, Incident, IncidentKey, IncidentState, Incidents};
use crate::store::IncidentFilter;
use ::evidence::Name;
use ::evidence::rules::Rule;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which incidents are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct IncidentsQuery {
    /// The project, where more than one is known and no token says which.
    project: Option<Name>,
    /// Breaches of this rule only.
    #[param(pattern = "^R[1-5]$")]
    rule: Option<String>,
    /// Those that last, those that are over, or all.
    #[param(inline)]
    #[serde(default)]
    state: IncidentState,
    /// Those that somebody has seen, or the others, only.
    acknowledged: Option<bool>,
    /// The most items, 1 to 200; 50 if not said.
    limit: Option<u64>,
    /// The cursor of the page before.
    after: Option<String>,
}

/// The project, where it is not clear.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProjectQuery {
    /// The project, where more than one is known and no token says which.
    pub project: Option<Name>,
}

/// Breaches of the rules, newest first. Without `state`, those that last.
#[utoipa::path(get, path = "/v1/incidents", operation_id = "list_incidents", tag = "ledger",
    security((), ("token" = ["read"])), params(IncidentsQuery),
    responses(
        (status = 200, description = "A page of incidents; the header Link leads to the next", body = Incidents,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's page is the present one"),
        Refused))]
pub(super) async fn list(
    State(app): State<App>,
    reader: Reader,
    Asked(asked): Asked<IncidentsQuery>,
) -> Result<Response, Problem> {
    let page: Page<IncidentKey> = Page::of(asked.limit, asked.after.as_deref())?;
    let filter = IncidentFilter {
        rule: asked.rule.as_deref().map(rule).transpose()?,
        open: match asked.state {
            IncidentState::Open => Some(true),
            IncidentState::Resolved => Some(false),
            IncidentState::All => None,
        },
        acknowledged: asked.acknowledged,
    };
    let mut view = reader.view(&app, "incidents", asked.project).await?;
    // What people did about incidents is not made from the evidence.
    let last_event = view.snapshot.last_incident_event().await?;
    view.depends_on(last_event);
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let found = incident::list(&mut view.snapshot, filter, page.after.as_ref(), page.limit).await?;
    Ok(view.page(&Incidents { incidents: found.items }, found.next.as_ref()))
}

/// One incident. Its ETag is what `If-Match` has to name to acknowledge it.
#[utoipa::path(get, path = "/v1/incidents/{id}", operation_id = "incident", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("id" = String, Path, description = "The incident's id"), ProjectQuery),
    responses(
        (status = 200, description = "The incident", body = Incident,
         headers(("ETag" = String, description = "Another one whenever anything about it changes"))),
        (status = 304, description = "The caller's incident is the present one"),
        (status = 404, description = "No such incident", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn one(
    State(app): State<App>,
    reader: Reader,
    At(id): At<String>,
    Asked(asked): Asked<ProjectQuery>,
) -> Result<Response, Problem> {
    let mut view = reader.view(&app, "incident", asked.project).await?;
    let found = incident::find(&mut view.snapshot, &id).await?;
    let incident = found.ok_or_else(|| {
        let project = &view.snapshot.project;
        Problem::not_found(format!(
            "The project {project} has no incident of that id; GET /v1/incidents?state=all lists them."
        ))
    })?;
    let fresh = Fresh::tagged(incident.etag.clone(), app.server.public_board);
    Ok(fresh.unchanged(view.headers()).unwrap_or_else(|| fresh.mark(Json(incident).into_response())))
}

fn rule(name: &str) -> Result<&'static str, Problem> {
    let known = Rule::ALL.map(Rule::as_str);
    let found = known.into_iter().find(|known| *known == name);
    found.ok_or_else(|| wrong_parameter("rule", format!("expected {}, got {name:?}", known.join(", "))))
}
