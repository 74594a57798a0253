//! Image references.

use crate::digest::clip;
use crate::{Digest, Tag};
use std::{fmt, str::FromStr};

/// A reference to an image: `[registry/]repository[:tag][@digest]`.
///
/// Source of the grammar: distribution's `reference` package. A first component is a registry when it
/// contains `.` or `:` or is `localhost`; without one the repository is taken as it stands, with no
/// default registry added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// `host[:port]`, when the reference names one.
    pub registry: Option<String>,
    /// Lower-case path components, joined by `/`.
    pub repository: String,
    /// The tag, when the reference names one.
    pub tag: Option<Tag>,
    /// The digest, when the reference is pinned.
    pub digest: Option<Digest>,
}

/// Why a text is not an [`ImageRef`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseImageRefError {
    text: String,
    reason: String,
}

impl fmt::Display for ParseImageRefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an image reference: {}; expected [registry/]repository[:tag][@sha256:…]",
            self.text, self.reason
        )
    }
}

impl std::error::Error for ParseImageRefError {}

impl FromStr for ImageRef {
    type Err = ParseImageRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason: String| ParseImageRefError { text: clip(text), reason };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>().map_err(|e| fail(e.to_string()))?)),
            None => (text, None),
        };
        let path_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[path_start..].find(':') {
            Some(colon) => {
                let tag = &rest[path_start + colon + 1..];
                let tag = tag.parse::<Tag>().map_err(|e| fail(e.to_string()))?;
                (&rest[..path_start + colon], Some(tag))
            }
            None => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
            _ => (None, name),
        };
        if repository.len() > 255 {
            return Err(fail("the repository is longer than 255 characters".to_owned()));
        }
        if let Some(part) = repository.split('/').find(|part| !is_path_component(part)) {
            return Err(fail(format!(
                "{:?} is not a path component of lower-case letters, digits and single separators",
                clip(part)
            )));
        }
        if let Some(registry) = registry.filter(|registry| !is_registry(registry)) {
            return Err(fail(format!("{:?} is not a registry host", clip(registry))));
        }
        Ok(Self { registry: registry.map(str::to_owned), repository: repository.to_owned(), tag, digest })
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
    if !part.starts_with(alphanumeric) || !part.ends_with(alphanumeric) {
        return false;
    }
    part.split(alphanumeric)
        .filter(|separator| !separator.is_empty())
        .all(|separator| matches!(separator, "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let label = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host.split('.').all(label) && port.parse::<u16>().is_ok()
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_references_come_back_as_they_were() {
        let digest = Digest::of(b"x");
        for text in [
            "portbook".to_owned(),
            "portbook:dev".to_owned(),
            "localhost:5000/a/b:v1.2.3".to_owned(),
            format!("registry.example/team/portbook:sha-a1b2c3d@{digest}"),
            format!("portbook@{digest}"),
        ] {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
        let parsed: ImageRef = "localhost:5000/a/b".parse().unwrap();
        assert_eq!(parsed.registry.as_deref(), Some("localhost:5000"));
        assert_eq!(parsed.repository, "a/b");
    }

    #[test]
    fn malformed_references_say_what_is_wrong() {
        for (bad, word) in [
            ("", "path component"),
            ("Portbook", "path component"),
            ("a//b", "path component"),
            ("a___b", "path component"),
            ("a:", "not a tag"),
            ("a:b c", "not a tag"),
            ("a@sha256:12", "not a digest"),
            ("host:99999999/a", "registry host"),
        ] {
            let error = bad.parse::<ImageRef>().unwrap_err().to_string();
            assert!(error.contains(word), "{bad}: {error}");
        }
    }
}
