//! What the worker needs.

use super::{NotifyConfig, Reader};
use std::path::PathBuf;
use std::time::Duration;

/// What the worker needs.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// `PORTBOOK_WORKER_INTERVAL_MS`: how long to wait before looking again when there was nothing to do.
    pub interval: Duration,
    /// `PORTBOOK_OBSERVE_INTERVAL_S`: how often a service is asked what it is.
    pub observe_interval: Duration,
    /// `PORTBOOK_REGISTRY_INTERVAL_S`: how often a registry is asked for its tags.
    pub registry_interval: Duration,
    /// `PORTBOOK_DEPLOYMENT_TIMEOUT_MIN`: how long a deployment may be silent before nobody knows its end.
    pub deployment_timeout: Duration,
    /// `PORTBOOK_DELIVERY_DAYS`: how long the bodies of webhooks are kept.
    pub delivery_days: u32,
    /// Whom to tell about incidents; nobody if none.
    pub notify: Option<NotifyConfig>,
    /// `SSL_CERT_FILE`: the authorities to trust, if not those of the system.
    pub certificates: Option<PathBuf>,
}

impl WorkerConfig {
    /// Reads the concern; mistakes stay with the reader.
    pub fn read(reader: &Reader<'_>) -> Self {
        let number = |name: &str, least: u64, most: u64, unit: &str, usual: u64| {
            let read = reader.parsed(name, |text| match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(format!("expected {least} to {most} {unit}, got {text:?}")),
            });
            read.unwrap_or(usual)
        };
        let seconds = |name, usual| Duration::from_secs(number(name, 1, 86_400, "seconds", usual));
        let minutes = number("PORTBOOK_DEPLOYMENT_TIMEOUT_MIN", 1, 10_080, "minutes", 30);
        let days = number("PORTBOOK_DELIVERY_DAYS", 1, 3650, "days", 90);
        let interval = number("PORTBOOK_WORKER_INTERVAL_MS", 10, 10_000, "milliseconds", 250);
        Self {
            interval: Duration::from_millis(interval),
            observe_interval: seconds("PORTBOOK_OBSERVE_INTERVAL_S", 15),
            registry_interval: seconds("PORTBOOK_REGISTRY_INTERVAL_S", 60),
            deployment_timeout: Duration::from_secs(60 * minutes),
            delivery_days: u32::try_from(days).unwrap_or(u32::MAX),
            notify: NotifyConfig::read(reader),
            certificates: reader.parsed("SSL_CERT_FILE", |path| Ok(PathBuf::from(path))),
        }
    }
}
