//! Who may read what, and how a reader asks.

use super::conditional::Fresh;
use super::{App, Problem, auth, page};
use crate::service::reading::{self, OpenError, Snapshot};
use crate::service::token::Scope;
use ::evidence::Name;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Someone who may read.
pub(super) struct Reader {
    /// The token's project; none without a token.
    token: Option<Name>,
    public: bool,
    headers: HeaderMap,
    uri: Uri,
}

/// One project in one state, and whether the caller has it already.
pub(super) struct View {
    /// What the answer is made of.
    pub snapshot: Snapshot,
    fresh: Fresh,
    reader: Reader,
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let public = app.server.public_board;
        let token = if !public {
            Some(auth::require(app, &parts.headers, &Scope::Read).await?.project)
        } else if parts.headers.contains_key(header::AUTHORIZATION) {
            Some(auth::identify(app, &parts.headers).await?.project)
        } else {
            None
        };
        Ok(Self { token, public, headers: parts.headers.clone(), uri: parts.uri.clone() })
    }
}

impl Reader {
    /// The project that is asked for, the token's, or the only one that is known, in its present state. `kind`
    /// names what is shown.
    pub async fn view(self, app: &App, kind: &str, asked: Option<Name>) -> Result<View, Problem> {
        let project = self.project(asked)?;
        let snapshot = reading::open(&app.store, project).await?;
        let fresh = Fresh::new(kind, &snapshot.state, Some(&snapshot.project), self.public);
        Ok(View { snapshot, fresh, reader: self })
    }

    /// The project that is asked for, or the token's.
    pub fn project(&self, asked: Option<Name>) -> Result<Option<Name>, Problem> {
        let foreign = |asked: &Name| !self.public && self.token.as_ref() != Some(asked);
        match asked {
            Some(asked) if foreign(&asked) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "other-project",
                "The token is for another project",
                format!("The token may not read the project {asked}."),
            )),
            asked => Ok(asked.or_else(|| self.token.clone())),
        }
    }

    /// How what is shown to this reader may be cached.
    pub fn caching(&self, kind: &str, state: &crate::store::State, project: Option<&Name>) -> Fresh {
        Fresh::new(kind, state, project, self.public)
    }

    /// What the request's headers say.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The only project that this reader may see; none if it may see all.
    pub fn bound_to(&self) -> Option<&Name> {
        self.token.as_ref().filter(|_| !self.public)
    }
}

impl View {
    /// Adds what the projection's version does not tell.
    pub fn depends_on(&mut self, more: impl std::fmt::Display) {
        self.fresh.depends_on(more);
    }

    /// The answer to a caller who has all this already.
    pub fn unchanged(&self) -> Option<Response> {
        self.fresh.unchanged(&self.reader.headers)
    }

    /// What the request's headers say.
    pub fn headers(&self) -> &HeaderMap {
        self.reader.headers()
    }

    /// The answer.
    pub fn answer<T: Serialize>(self, body: &T) -> Response {
        self.fresh.mark(Json(body).into_response())
    }

    /// The answer with the way to the next page.
    pub fn page<T: Serialize, K: Serialize>(self, body: &T, next: Option<&K>) -> Response {
        let link = next.and_then(|next| page::link(&self.reader.uri, next));
        let mut response = self.answer(body);
        if let Some(link) = link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::Which(known) => {
                let names: Vec<_> = known.iter().map(Name::as_str).collect();
                let detail = match names.as_slice() {
                    [] => "Nothing was recorded yet; say ?project=<name>.".to_owned(),
                    names => format!("Say ?project=<name>; these are known: {}.", names.join(", ")),
                };
                let title = "Which project is meant is not clear";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "which-project", title, detail)
            }
        }
    }
}

/// The query's parameters. One that is not known is refused: a filter with a slip in its name would show
/// everything.
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Postgres has no such character, and so has nothing here.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(unreadable("A value has the character U+0000.".to_owned()));
        }
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                Err(unreadable(source.unwrap_or_else(|| error.to_string())))
            }
        }
    }
}

/// The parts of the path.
pub(super) struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.path().contains("%00") {
            return Err(Problem::not_found("Nothing has the character U+0000 in its name."));
        }
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(at)) => Ok(Self(at)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::not_found(format!("{}.", error.body_text().trim_end_matches('.'))))
            }
            Err(_) => Err(Problem::internal()),
        }
    }
}

fn unreadable(detail: String) -> Problem {
    let title = "A parameter of the query is wrong";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong-parameter", title, detail)
}

/// A parameter of the query has a value that it cannot have.
pub(super) fn wrong_parameter(name: &str, detail: impl std::fmt::Display) -> Problem {
    unreadable(format!("{name}: {detail}."))
}

/// What every reader may be refused with.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "the description alone: a Problem is what is sent")]
pub(super) enum Refused {
    /// Reading is not public, and there is no valid token
    #[response(status = 401, content_type = "application/problem+json")]
    NoToken(Problem),
    /// Reading is not public, and the token has not the scope read or is for another project
    #[response(status = 403, content_type = "application/problem+json")]
    NoScope(Problem),
    /// A parameter that is unknown or has a wrong value, or no word on which project is meant
    #[response(status = 422, content_type = "application/problem+json")]
    WrongParameter(Problem),
    /// The database is away
    #[response(status = 503, content_type = "application/problem+json")]
    Away(Problem),
}
