//! What a registry asks for with `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::HashMap;

/// How a registry wants to be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With name and password.
    Basic,
    /// With a token that is fetched there.
    Bearer {
        /// Where.
        realm: String,
        /// For which service.
        service: Option<String>,
        /// For what.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The challenge of these headers that can be met; a token before a password.
    pub(super) fn of<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for header in headers {
            let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            }
            if scheme.eq_ignore_ascii_case("bearer") {
                let mut given = parameters(rest);
                let realm = given.remove("realm")?;
                return Some(Self::Bearer {
                    realm,
                    service: given.remove("service"),
                    scope: given.remove("scope"),
                });
            }
        }
        basic
    }
}

/// `name="value", name=value`; a comma can stand inside quotes.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c == ',' || c.is_whitespace()).to_ascii_lowercase();
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.insert(name, value.trim().to_owned());
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let header = r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:octo/shop:pull,push""#;
        let bearer = Challenge::Bearer {
            realm: "https://auth.example/token".to_owned(),
            service: Some("registry.example".to_owned()),
            scope: Some("repository:octo/shop:pull,push".to_owned()),
        };
        assert_eq!(Challenge::of(["Basic realm=\"x\"", header]), Some(bearer));
        assert_eq!(Challenge::of(["basic realm=\"x\""]), Some(Challenge::Basic));
        let bare = Challenge::Bearer { realm: "https://a/t".to_owned(), service: None, scope: None };
        assert_eq!(Challenge::of(["bearer realm=https://a/t"]), Some(bare));
        for other in ["", "Bearer", "Negotiate", "Bearer service=\"x\""] {
            assert_eq!(Challenge::of([other]), None, "{other}");
        }
    }
}
