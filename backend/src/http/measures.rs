//! Measures go out.

use super::read::{Asked, At, Reader, Refused, wrong_parameter};
use super::{App, Problem};
use crate::service::clock;
use crate::service::measures::{self, CATALOGUE, Definition, Measure, Window};
use ::evidence::{Name, Timestamp};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How long the window is that nobody asks for, in days.
const DAYS: i64 = 90;

const MINUTE: i64 = 60_000_000;

/// What is measured, and over which time.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MeasureQuery {
    /// The project, where more than one is known and no token says which.
    project: Option<Name>,
    /// Deployments to this environment only; without it, those to production, or where the measure says so to all but
    /// local and ci.
    environment: Option<Name>,
    /// Where the window begins, RFC 3339; without it, 90 days before its end.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Where the window ends, RFC 3339; without it, at the present minute.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// The measures that there are.
#[derive(Serialize, ToSchema)]
pub(super) struct Catalogue {
    /// One for each.
    measures: &'static [Definition],
}

/// The measures that there are, with their goals and formulas.
#[utoipa::path(get, path = "/v1/metrics", operation_id = "list_metrics", tag = "ledger",
    security((), ("token" = ["read"])),
    responses((status = 200, description = "The measures", body = Catalogue), Refused))]
pub(super) async fn list(_: Reader) -> Json<Catalogue> {
    Json(Catalogue { measures: &CATALOGUE })
}

/// A measure over a window of time, with what it was counted from. What is not known never counts as a success.
#[utoipa::path(get, path = "/v1/metrics/{name}", operation_id = "metric", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("name" = String, Path, description = "The measure's name, such as deploy-duration"), MeasureQuery),
    responses(
        (status = 200, description = "The measure", body = Measure,
         headers(("ETag" = String, description = "Another one whenever anything changes, or a minute has passed"))),
        (status = 304, description = "The caller's measure is the present one"),
        (status = 404, description = "No such measure", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn one(
    State(app): State<App>,
    reader: Reader,
    At(name): At<String>,
    Asked(asked): Asked<MeasureQuery>,
) -> Result<Response, Problem> {
    let definition = CATALOGUE.iter().find(|definition| definition.name == name).ok_or_else(|| {
        let names: Vec<_> = CATALOGUE.iter().map(|definition| definition.name).collect();
        Problem::not_found(format!("There is no measure of that name; there are {}.", names.join(", ")))
    })?;
    let window = window(asked.from, asked.to)?;
    let mut view = reader.view(&app, "measure", asked.project).await?;
    // Without an end it goes on, and so does what it shows.
    view.depends_on(window.to);
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let measure = measures::measure(&mut view.snapshot, definition, window, asked.environment).await?;
    Ok(view.answer(&measure))
}

fn window(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Window, Problem> {
    let to = to.map_or_else(|| clock::now() / MINUTE * MINUTE + MINUTE, Timestamp::micros);
    let from = from.map_or_else(|| (to - DAYS * 24 * 60 * MINUTE).max(0), Timestamp::micros);
    if from < to {
        return Ok(Window { from, to });
    }
    Err(wrong_parameter("from", "expected an instant before the end of the window"))
}
