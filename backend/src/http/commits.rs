//! Commits, images and tags go out.

use super::history::HistoryQuery;
use super::incidents::ProjectQuery;
use super::page::Page;
use super::read::{Asked, At, Reader, Refused};
use super::{App, Problem};
use crate::service::commit::{self, CommitKey, Commits};
use crate::service::commit_facts::{self, CommitFacts, Found};
use crate::service::image::{self, ImageFacts};
use ::evidence::Digest;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// The commits of the default branch with what became of them, newest first.
#[utoipa::path(get, path = "/v1/commits", operation_id = "list_commits", tag = "ledger",
    security((), ("token" = ["read"])), params(HistoryQuery),
    responses(
        (status = 200, description = "A page of commits; the header Link leads to the next", body = Commits,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's page is the present one"),
        Refused))]
pub(super) async fn list(
    State(app): State<App>,
    reader: Reader,
    Asked(asked): Asked<HistoryQuery>,
) -> Result<Response, Problem> {
    let page: Page<CommitKey> = Page::of(asked.limit, asked.after.as_deref())?;
    let mut view = reader.view(&app, "commits", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let found = commit::list(&mut view.snapshot, page.after.as_ref(), page.limit).await?;
    Ok(view.page(&Commits { commits: found.items }, found.next.as_ref()))
}

/// All that is known about one commit.
#[utoipa::path(get, path = "/v1/commits/{sha}", operation_id = "commit", tag = "ledger",
    security((), ("token" = ["read"])),
    params(
        ("sha" = String, Path, description = "The commit, or the first 7 or more of its hexadecimal digits"),
        ProjectQuery),
    responses(
        (status = 200, description = "The commit", body = CommitFacts,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's picture is the present one"),
        (status = 404, description = "No such commit", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Several commits begin so; the detail names them", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn one(
    State(app): State<App>,
    reader: Reader,
    At(sha): At<String>,
    Asked(asked): Asked<ProjectQuery>,
) -> Result<Response, Problem> {
    let legal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !(7..=40).contains(&sha.len()) || !sha.bytes().all(legal) {
        let detail = "A commit is named by 7 to 40 lower-case hexadecimal digits.";
        return Err(Problem::not_found(detail));
    }
    let mut view = reader.view(&app, "commit", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    match commit_facts::find(&mut view.snapshot, &sha).await? {
        Found::One(facts) => Ok(view.answer(&*facts)),
        Found::None => {
            let project = &view.snapshot.project;
            let detail = format!("Nothing in the project {project} speaks of a commit {sha}.");
            Err(Problem::not_found(detail))
        }
        Found::Several(commits) => {
            let names: Vec<_> = commits.iter().map(ToString::to_string).collect();
            let detail = format!("Say more digits; these begin with {sha}: {}.", names.join(", "));
            let title = "Several commits begin so";
            Err(Problem::new(StatusCode::CONFLICT, "ambiguous-commit", title, detail))
        }
    }
}

/// All that is known about one image.
#[utoipa::path(get, path = "/v1/images/{digest}", operation_id = "image", tag = "ledger",
    security((), ("token" = ["read"])),
    params(("digest" = Digest, Path, description = "The digest, `sha256:…`"), ProjectQuery),
    responses(
        (status = 200, description = "The image", body = ImageFacts,
         headers(("ETag" = String, description = "Another one whenever anything changes"))),
        (status = 304, description = "The caller's picture is the present one"),
        (status = 404, description = "No such image", body = Problem, content_type = "application/problem+json"),
        Refused))]
pub(super) async fn image(
    State(app): State<App>,
    reader: Reader,
    At(digest): At<Digest>,
    Asked(asked): Asked<ProjectQuery>,
) -> Result<Response, Problem> {
    let mut view = reader.view(&app, "image", asked.project).await?;
    if let Some(unchanged) = view.unchanged() {
        return Ok(unchanged);
    }
    let found = image::find(&mut view.snapshot, &digest).await?;
    let project = &view.snapshot.project;
    let facts = found.ok_or_else(|| {
        Problem::not_found(format!("Nothing in the project {project} speaks of an image {digest}."))
    })?;
    Ok(view.answer(&facts))
}
