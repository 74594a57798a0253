//! The OpenAPI document.

use axum::Json;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Portbook",
        description = "A self-hosted release ledger: what was tested, what was published, and what runs where.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    modifiers(&BearerToken),
    tags(
        (name = "ledger", description = "Evidence in, board out."),
        (name = "operation", description = "How the server itself is.")
    )
)]
struct Skeleton;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("`pb_<id>_<secret>`, made by `portbook admin token create`."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The document without its paths.
pub(super) fn skeleton() -> OpenApi {
    Skeleton::openapi()
}

/// The whole document.
pub fn document() -> OpenApi {
    super::api().into_openapi()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "operation",
    responses((status = 200, description = "The OpenAPI document", body = serde_json::Value)))]
pub(super) async fn serve() -> Json<OpenApi> {
    Json(document())
}
