//! What a ledger is known to have: an empty file per document, written after the ledger has said so. Whoever is killed in
//! between sends the document again, and the ledger records it once.

use super::address::Address;
use crate::context::Context;
use anyhow::{Context as _, Result};
use evidence::Digest;
use std::path::PathBuf;

/// The documents that one ledger has.
#[derive(Clone, Debug)]
pub struct Sent(PathBuf);

impl Sent {
    /// Of the ledger at this address.
    pub fn to(ctx: &Context, address: &Address) -> Self {
        Self(folder(ctx).join(Digest::of(address.base.as_bytes()).short()))
    }

    /// Whether it has this document.
    pub fn has(&self, sha256: &str) -> bool {
        self.0.join(sha256).exists()
    }

    /// Notes that it has this document.
    ///
    /// # Errors
    /// When the note cannot be written: the document will be sent again.
    pub fn note(&self, sha256: &str) -> Result<()> {
        let path = self.0.join(sha256);
        std::fs::create_dir_all(&self.0)
            .and_then(|()| std::fs::write(&path, ""))
            .with_context(|| format!("it is recorded, but {} cannot be written", path.display()))
    }
}

/// Whether any ledger has this document.
pub fn anywhere(ctx: &Context, sha256: &str) -> bool {
    let ledgers = std::fs::read_dir(folder(ctx)).into_iter().flatten().flatten();
    ledgers.into_iter().any(|ledger| ledger.path().join(sha256).exists())
}

fn folder(ctx: &Context) -> PathBuf {
    ctx.root.join("target/xtask/evidence/sent")
}
