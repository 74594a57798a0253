//! What the process was deployed as, if somebody says so.

use super::Reader;
use evidence::Name;

/// What the process was deployed as.
#[derive(Clone, Debug, Default)]
pub struct DeployedConfig {
    /// `PORTBOOK_ENVIRONMENT`: where it runs.
    pub environment: Option<Name>,
    /// `PORTBOOK_IMAGE_REFERENCE`: what its image was asked for by.
    pub reference: Option<String>,
}

impl DeployedConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        Self {
            environment: reader.parsed("PORTBOOK_ENVIRONMENT", |text| {
                text.parse().map_err(|error: evidence::ParseNameError| error.to_string())
            }),
            reference: reader.text("PORTBOOK_IMAGE_REFERENCE"),
        }
    }
}
