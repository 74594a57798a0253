//! Who asks: bearer tokens.

use super::{App, Problem};
use crate::service::token::{self, Access, AuthError, Scope, Token};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

/// Someone who may add evidence. As an extractor it runs before the body is read.
pub(super) struct EvidenceWriter(pub Access);

/// Someone who looks after the ledger. As an extractor it runs before the body is read.
pub(super) struct Keeper(pub Access);

impl FromRequestParts<App> for Keeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        require(app, &parts.headers, &Scope::Admin).await.map(Self)
    }
}

impl FromRequestParts<App> for EvidenceWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        require(app, &parts.headers, &Scope::EvidenceWrite).await.map(Self)
    }
}

/// The access of a request's token, whatever its scopes are.
pub(super) async fn identify(app: &App, headers: &HeaderMap) -> Result<Access, Problem> {
    match token::authenticate(&app.store, &bearer(headers)?).await {
        Ok(access) => Ok(access),
        Err(AuthError::Store(error)) => Err(error.into()),
        Err(AuthError::Unknown) => Err(invalid("unknown-token", AuthError::Unknown)),
        Err(AuthError::Expired) => Err(invalid("expired-token", AuthError::Expired)),
        Err(AuthError::Revoked) => Err(invalid("revoked-token", AuthError::Revoked)),
    }
}

/// The access of a request whose token has this scope.
pub(super) async fn require(app: &App, headers: &HeaderMap, scope: &Scope) -> Result<Access, Problem> {
    let access = identify(app, headers).await?;
    if access.has(scope) { Ok(access) } else { Err(missing_scope(&access, &scope.to_string())) }
}

/// What a token is answered that has not this scope.
pub(super) fn missing_scope(access: &Access, scope: &str) -> Problem {
    let id = &access.token_id;
    Problem::new(
        StatusCode::FORBIDDEN,
        "missing-scope",
        "The token may not do this",
        format!("This needs a token with the scope {scope}; the token pb_{id}_… has it not."),
    )
}

fn bearer(headers: &HeaderMap) -> Result<Token, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "missing-token",
            "A token is needed",
            "Send the header `Authorization: Bearer pb_…`; `portbook admin token create` makes a token.",
        );
        return Err(problem.with_header(header::WWW_AUTHENTICATE, "Bearer"));
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| Token::parse(token.trim()));
    // A malformed token is told like an unknown one, so that nothing of it is repeated.
    token.ok_or_else(|| invalid("unknown-token", AuthError::Unknown))
}

fn invalid(name: &str, error: AuthError) -> Problem {
    let title = "The token is not accepted";
    Problem::new(StatusCode::UNAUTHORIZED, name, title, format!("{error}."))
        .with_header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
}
