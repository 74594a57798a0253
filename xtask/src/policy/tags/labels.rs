//! The OCI labels of an image.

use super::{
    Facts, Refusal,
    template::{Scope, Template},
};
use crate::policy::event::{self, Event};
use std::collections::BTreeMap;

/// What is known of the repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// Its name without the owner.
    pub title: String,
    /// Its page.
    pub url: String,
    /// Its description, where it has one.
    pub description: Option<String>,
    /// Its licence's SPDX identifier, where it has one.
    pub licence: Option<String>,
}

impl Repository {
    /// From an event's payload, and where that says nothing from the repository's name.
    pub fn of(event: &Event) -> Self {
        let own = |pointer: &str| event::text(&event.payload, pointer).map(str::to_owned);
        let name = event.repository.rsplit('/').next().unwrap_or_default();
        let url = match event.repository.as_str() {
            "" => String::new(),
            repository => format!("{}/{repository}", event.server),
        };
        Self {
            title: own("/repository/name").unwrap_or_else(|| name.to_owned()),
            url: own("/repository/html_url").unwrap_or(url),
            description: own("/repository/description"),
            licence: own("/repository/license/spdx_id").filter(|licence| licence != "NOASSERTION"),
        }
    }
}

/// The labels: those of the OCI image specification, then the rules' own, which win.
pub fn all(
    own: &[String],
    scope: &Scope<'_>,
    event: &Event,
    facts: &Facts<'_>,
    version: &str,
) -> Result<BTreeMap<String, String>, Refusal> {
    let repository = facts.repository.clone().unwrap_or_else(|| Repository::of(event));
    let created =
        facts.clock().format(facts.now, Some("YYYY-MM-DDTHH:mm:ss.SSS[Z]"), "UTC").map_err(Refusal::Rules)?;
    let mut labels = BTreeMap::new();
    for (key, value) in [
        ("created", Some(created)),
        ("description", repository.description),
        ("licenses", repository.licence),
        ("revision", Some(event.sha.clone())),
        ("source", Some(repository.url.clone())),
        ("title", Some(repository.title)),
        ("url", Some(repository.url)),
        ("version", Some(version.to_owned())),
    ] {
        if let Some(value) = value {
            labels.insert(format!("org.opencontainers.image.{key}"), value);
        }
    }
    for line in own {
        let wrong = |what: String| Refusal::Rules(format!("labels: {line}: {what}"));
        let line = Template::parse(line).and_then(|template| template.render(scope)).map_err(wrong)?;
        if let Some((key, value)) = line.split_once('=') {
            labels.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(labels)
}
