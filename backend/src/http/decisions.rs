//! May this digest go there?

use super::read::{Asked, Reader, Refused};
use super::{App, Problem};
use crate::field::FieldError;
use crate::service::decision::{self, Decision};
use ::evidence::{Digest, ImageRef, Name};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::IntoParams;

/// The most characters of a reference, as in evidence.
const LONGEST_REFERENCE: usize = 400;

/// What is asked. All texts, so that every one that is wrong can be named at once.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DecisionQuery {
    /// The digest that shall be deployed.
    #[param(required, value_type = Digest)]
    digest: Option<String>,
    /// The environment that it shall be deployed to.
    #[param(required, value_type = Name)]
    env: Option<String>,
    /// The service that it shall be deployed as: its database's schema is looked at.
    #[param(value_type = Option<Name>)]
    service: Option<String>,
    /// The reference that it shall be deployed by, such as `registry/name:v1.2.3`; without one, by its digest.
    #[param(rename = "ref", max_length = 400)]
    r#ref: Option<String>,
    /// The project, where more than one is known and no token says which.
    #[param(value_type = Option<Name>)]
    project: Option<String>,
}

/// Whether a digest may be deployed to an environment, with what speaks against it and for it. A digest that nothing
/// is known of may not. It is answered by the same rules that make incidents afterwards.
#[utoipa::path(get, path = "/v1/decisions", tag = "ledger",
    security((), ("token" = ["read"])), params(DecisionQuery),
    responses((status = 200, description = "The verdict and its reasons", body = Decision), Refused))]
pub(super) async fn decide(
    State(app): State<App>,
    reader: Reader,
    Asked(asked): Asked<DecisionQuery>,
) -> Result<Response, Problem> {
    let (project, query) = read(asked)?;
    let mut view = reader.view(&app, "decision", project).await?;
    let decision = decision::decide(&mut view.snapshot, query).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(decision)).into_response())
}

fn read(asked: DecisionQuery) -> Result<(Option<Name>, decision::Query), Problem> {
    let mut wrong = Vec::new();
    let reference = asked.r#ref;
    if let Some(text) = &reference
        && let Err(detail) = check_reference(text)
    {
        wrong.push(wrong_at("ref", detail));
    }
    let digest: Option<Digest> = needed("digest", asked.digest, "sha256:…", &mut wrong);
    let environment: Option<Name> = needed("env", asked.env, "prod", &mut wrong);
    let service: Option<Name> = parsed("service", asked.service, &mut wrong);
    let project: Option<Name> = parsed("project", asked.project, &mut wrong);
    match (digest, environment) {
        (Some(digest), Some(environment)) if wrong.is_empty() => {
            Ok((project, decision::Query { digest, environment, service, reference }))
        }
        _ => {
            let names: Vec<_> = wrong.iter().map(|error| &error.pointer[1..]).collect();
            let detail = format!("Wrong or missing: {}. The errors say what was expected.", names.join(", "));
            let title = "A parameter of the query is wrong";
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-parameter", title, detail);
            Err(problem.with_errors(wrong))
        }
    }
}

fn wrong_at(parameter: &str, detail: String) -> FieldError {
    FieldError { pointer: format!("/{parameter}"), detail }
}

fn check_reference(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length > LONGEST_REFERENCE {
        return Err(format!("expected at most {LONGEST_REFERENCE} characters, got {length}"));
    }
    if text.parse::<Digest>().is_ok() {
        return Ok(());
    }
    text.parse::<ImageRef>().map(|_| ()).map_err(|error| error.to_string())
}

fn needed<T: FromStr<Err: Display>>(
    parameter: &'static str,
    text: Option<String>,
    example: &str,
    wrong: &mut Vec<FieldError>,
) -> Option<T> {
    if text.is_none() {
        wrong.push(wrong_at(parameter, format!("expected ?{parameter}={example}")));
    }
    parsed(parameter, text, wrong)
}

fn parsed<T: FromStr<Err: Display>>(
    parameter: &'static str,
    text: Option<String>,
    wrong: &mut Vec<FieldError>,
) -> Option<T> {
    let read = text?.parse::<T>();
    read.map_err(|error| wrong.push(wrong_at(parameter, error.to_string()))).ok()
}
