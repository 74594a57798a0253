//! What this build is. It comes from the image's environment and is not compiled in, so that equal sources
//! give equal layers.

use super::Reader;
use evidence::{CommitSha, Digest};

/// What this build is.
#[derive(Clone, Debug, Default)]
pub struct BuildConfig {
    /// `PORTBOOK_COMMIT`: the commit that it was built from.
    pub commit: Option<CommitSha>,
    /// `PORTBOOK_IMAGE_DIGEST`: the image that it runs in.
    pub image_digest: Option<Digest>,
}

impl BuildConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        Self {
            commit: reader.parsed("PORTBOOK_COMMIT", |text| {
                text.parse().map_err(|error: evidence::ParseCommitShaError| error.to_string())
            }),
            image_digest: reader.parsed("PORTBOOK_IMAGE_DIGEST", |text| {
                text.parse().map_err(|error: evidence::ParseDigestError| error.to_string())
            }),
        }
    }
}
