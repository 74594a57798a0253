//! `portbook admin`

use super::arguments::CreateToken;
use super::{Failure, block_on, print};
use crate::config::{DatabaseConfig, Reader};
use crate::service::token;
use crate::store::Store;

pub(super) fn create_token(reader: Reader<'_>, create: CreateToken) -> Result<(), Failure> {
    let database = DatabaseConfig::read(&reader);
    reader.finish()?;
    let CreateToken { project, scopes, expires_in, json } = create;
    let made = block_on(async {
        let store = Store::new(&database);
        let made = token::create(&store, project.clone(), &scopes, expires_in).await;
        store.close().await;
        made.map_err(|error| Failure::Failed(error.to_string()))
    })?;
    if !json {
        return print(&made.token.reveal());
    }
    let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
    let shown = serde_json::json!({
        "token": made.token.reveal(),
        "id": made.token.id(),
        "project": project,
        "scopes": scopes,
        "expires_at": made.expires_at,
    });
    print(&shown.to_string())
}
