//! Evidence that no token may state: what GitHub told, and what the ledger saw for itself.

use super::Ledger;
use evidence::Evidence;
use portbook::service::log::{self, Provenance, Trust};
use portbook::store::Lock;
use serde_json::Value;

impl Ledger {
    /// Appends documents as if they had come that way, and projects them.
    pub async fn append(&self, trust: Trust, source: Option<&str>, documents: &[Value]) {
        let provenance = Provenance { trust, token_id: None, source: source.map(str::to_owned) };
        let read = |document: &Value| {
            let evidence: Evidence = serde_json::from_value(document.clone()).unwrap();
            (evidence, provenance.clone())
        };
        let documents: Vec<_> = documents.iter().map(read).collect();
        let mut session = self.store.write(Lock::Ledger).await.unwrap();
        log::append(&mut session, &documents).await.unwrap();
        session.commit().await.unwrap();
        self.project().await;
    }
}
