//! `package` and `registry_package`: something was published in GitHub's registry.
//!
//! An index comes as one event per manifest in it, and most of them without a tag. So they say where to look and
//! never what is there.

use super::Event;
use super::parts::{Object, RepositoryId};
use crate::github::{Facts, RegistryHint};
use evidence::{Digest, Tag};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(in crate::github) struct PackageEvent {
    action: String,
    package: Object<Package>,
    repository: Option<Object<RepositoryId>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::github) struct RegistryPackageEvent {
    action: String,
    registry_package: Object<Package>,
    repository: Option<Object<RepositoryId>>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    namespace: Option<String>,
    package_version: Option<Object<Version>>,
}

#[derive(Debug, Deserialize)]
struct Version {
    package_url: Option<String>,
    container_metadata: Option<Object<Container>>,
}

#[derive(Debug, Deserialize)]
struct Container {
    tag: Option<Object<NamedTag>>,
}

#[derive(Debug, Deserialize)]
struct NamedTag {
    name: Option<String>,
    digest: Option<String>,
}

impl Event for PackageEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.as_ref()?.id.0)
    }

    fn facts(&self) -> Facts {
        Facts { claims: Vec::new(), hints: self.package.hint().into_iter().collect() }
    }
}

impl Event for RegistryPackageEvent {
    fn action(&self) -> Option<&str> {
        Some(&self.action)
    }

    fn repository_id(&self) -> Option<u64> {
        Some(self.repository.as_ref()?.id.0)
    }

    fn facts(&self) -> Facts {
        Facts { claims: Vec::new(), hints: self.registry_package.hint().into_iter().collect() }
    }
}

impl Package {
    /// Where to look; nowhere, if it is no container image.
    fn hint(&self) -> Option<RegistryHint> {
        let version = self.package_version.as_ref()?;
        let container = version.container_metadata.as_ref()?;
        let tag = container.tag.as_ref();
        Some(RegistryHint {
            repository: self.repository(version)?,
            tag: tag.and_then(|tag| tag.name.as_ref()?.parse::<Tag>().ok()),
            digest: tag.and_then(|tag| tag.digest.as_ref()?.parse::<Digest>().ok()),
        })
    }

    /// Registry and repository in lower case, which is the only case that registries know.
    fn repository(&self, version: &Version) -> Option<String> {
        let told = version.package_url.as_deref().and_then(|url| without_tag(url)).map(str::to_owned);
        let owner = self.namespace.as_deref().unwrap_or_default();
        let made =
            || (!owner.is_empty() && !self.name.is_empty()).then(|| format!("ghcr.io/{owner}/{}", self.name));
        told.or_else(made)
            .map(|repository| repository.to_lowercase())
            .filter(|repository| repository.len() <= 255)
    }
}

/// `ghcr.io/octo/shop` of `ghcr.io/octo/shop:v1`, whose tag may be empty; none if there is no path.
fn without_tag(url: &str) -> Option<&str> {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let url = url.split_once('@').map_or(url, |(name, _)| name);
    let path = url.find('/')?;
    let end = url[path..].find(':').map_or(url.len(), |at| path + at);
    (path > 0 && end > path + 1).then(|| &url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_what_stands_before_the_tag() {
        for (url, expected) in [
            ("ghcr.io/octo/shop:v1", Some("ghcr.io/octo/shop")),
            ("ghcr.io/octo/shop:", Some("ghcr.io/octo/shop")),
            ("https://host:5000/octo/shop@sha256:00", Some("host:5000/octo/shop")),
            ("ghcr.io/octo/shop", Some("ghcr.io/octo/shop")),
            ("ghcr.io/", None),
            ("/:", None),
            ("", None),
        ] {
            assert_eq!(without_tag(url), expected, "{url}");
        }
    }
}
