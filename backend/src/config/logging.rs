//! What is logged, and how.

use super::Reader;
use tracing_subscriber::filter::Targets;

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `PORTBOOK_LOG`: a level, or levels per target, such as `info,portbook=debug`.
    pub filter: Targets,
    /// `PORTBOOK_LOG_FORMAT`.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

impl LogConfig {
    /// Reads the concern; mistakes stay with the reader. People get text by default, programs JSON.
    pub fn read(reader: &Reader<'_>, terminal: bool) -> Self {
        let filter = reader.parsed("PORTBOOK_LOG", |text| {
            text.parse::<Targets>()
                .map_err(|error| format!("expected a level such as `info` or `info,portbook=debug`: {error}"))
        });
        let format = reader.parsed("PORTBOOK_LOG_FORMAT", |text| match text {
            "json" => Ok(LogFormat::Json),
            "text" => Ok(LogFormat::Text),
            other => Err(format!("expected `json` or `text`, got {other:?}")),
        });
        let usual = if terminal { LogFormat::Text } else { LogFormat::Json };
        Self {
            filter: filter
                .unwrap_or_else(|| Targets::new().with_default(tracing::level_filters::LevelFilter::INFO)),
            format: format.unwrap_or(usual),
        }
    }
}
