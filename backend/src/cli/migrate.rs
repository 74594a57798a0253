//! `portbook migrate`

use super::{Failure, block_on, print};
use crate::config::{DatabaseConfig, Reader};
use crate::store::{SCHEMA_HEAD, Store, StoreError};

pub(super) fn migrate(reader: Reader<'_>, check: bool) -> Result<(), Failure> {
    let database = DatabaseConfig::read(&reader);
    reader.finish()?;
    block_on(async {
        let store = Store::new(&database);
        let done = if check { only_check(&store).await } else { bring_to_head(&store).await };
        store.close().await;
        done
    })
}

async fn only_check(store: &Store) -> Result<(), Failure> {
    let state = store.schema_state().await?;
    if state.at_head() {
        return print(&format!("schema at head ({state})"));
    }
    Err(StoreError::Schema(state.to_string()).into())
}

async fn bring_to_head(store: &Store) -> Result<(), Failure> {
    // There may be no database to ask yet; then the migration itself says what is wrong, if anything is.
    let before = store.schema_state().await.ok();
    store.migrate().await?;
    let after = store.schema_state().await?;
    if before.is_some_and(|state| state.at_head()) {
        let ahead = if after.newest > SCHEMA_HEAD {
            format!("; the database is ahead at {}", after.newest)
        } else {
            String::new()
        };
        return print(&format!("schema at head ({SCHEMA_HEAD}), nothing to do{ahead}"));
    }
    let from = before.map_or(0, |state| state.newest);
    print(&format!("schema migrated from {from} to {}", after.newest))
}
