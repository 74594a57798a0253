//! What tags named goes out.

use super::page::Page;
use super::read::{Asked, Reader, Refused};
use super::{App, Problem};
use crate::service::tag::{self, TagHistory};
use crate::store::TagMoveKey;
use ::evidence::{Name, Tag};
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which tags are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TagsQuery {
    /// The project, where more than one is known and no token says which.
    project: Option<Name>,
    /// Tags of this repository only: registry and repository, without tag.
    repository: Option<String>,
    /// This tag only.
    tag: Option<Tag>,
    /// The most items, 1 to 200; 50 if not said.
    limit: Option<u64>,
    /// The cursor of the page before.
    after: Option<String>,
}

/// What tags named in the course of time, newest first: as who published them says, and as the registry was seen to
/// answer.
#[utoipa::path(get, path = "/v1/tags", operation_id = "list_tags", tag = "ledger",
    security((), ("token" = ["read"])), params(TagsQuery),
    responses(
        (status = 200, description = "A page of what tags named; the header Link leads to the next", body = TagHistory,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's page is the present one"),
        Refused))]
pub(super) async fn list(
    State(app): State<App>,
    reader: Reader,
    Asked(asked): Asked<TagsQuery>,
) -> Result<Response, Problem> {
    let page: Page<TagMoveKey> = Page::of(asked.limit, asked.after.as_deref())?;
    let mut view = reader.view(&app, "tags", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let (repository, tag) = (asked.repository.as_deref(), asked.tag.as_ref());
    let found = tag::list(&mut view.snapshot, repository, tag, page.after, page.limit).await?;
    Ok(view.page(&TagHistory { tags: found.items }, found.next.as_ref()))
}
