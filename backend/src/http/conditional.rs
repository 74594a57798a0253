//! Strong ETags, and the 304 that polling costs.

use crate::store::State;
use ::evidence::Name;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What an answer is a picture of, and who may keep it.
pub(super) struct Fresh {
    tag: String,
    public: bool,
}

impl Fresh {
    /// A picture of one state: of `kind`, of one project or of all.
    pub fn new(kind: &str, state: &State, project: Option<&Name>, public: bool) -> Self {
        let State { epoch, version } = state;
        // Each project's picture is another document, so it has another tag.
        let project = project.map(|project| format!("-{project}")).unwrap_or_default();
        Self { tag: format!("\"{kind}-{epoch}-{version}{project}\""), public }
    }

    /// A picture of something that has a tag of its own.
    pub fn tagged(tag: String, public: bool) -> Self {
        Self { tag, public }
    }

    /// Adds what the state does not tell.
    pub fn depends_on(&mut self, more: impl std::fmt::Display) {
        self.tag.pop();
        self.tag = format!("{}-{more}\"", self.tag);
    }

    /// The answer to a caller who has this picture.
    pub fn unchanged(&self, headers: &HeaderMap) -> Option<Response> {
        let mut wanted =
            headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let same = wanted.any(|wanted| matches(wanted, &self.tag));
        same.then(|| self.mark(StatusCode::NOT_MODIFIED.into_response()))
    }

    /// Says on an answer what it is a picture of.
    pub fn mark(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::try_from(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        let caching = if self.public { "no-cache" } else { "private, no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
        response
    }
}

/// Weak comparison, as RFC 9110 asks for with `If-None-Match`.
fn matches(wanted: &str, present: &str) -> bool {
    let mut tags = wanted.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_star() {
        for wanted in ["\"board-1\"", "W/\"board-1\"", "\"x\", \"board-1\"", "*"] {
            assert!(matches(wanted, "\"board-1\""), "{wanted}");
        }
        for wanted in ["", "board-1", "\"board-11\"", "\"board-2\""] {
            assert!(!matches(wanted, "\"board-1\""), "{wanted}");
        }
    }

    #[test]
    fn a_state_of_another_database_has_another_tag() {
        let state = |epoch: &str| State { epoch: epoch.to_owned(), version: 7 };
        let shop: Name = "shop".parse().unwrap();
        let mut one = Fresh::new("board", &state("aa"), Some(&shop), true);
        assert_eq!(one.tag, "\"board-aa-7-shop\"");
        assert_ne!(one.tag, Fresh::new("board", &state("bb"), Some(&shop), true).tag);
        one.depends_on(3);
        assert_eq!(one.tag, "\"board-aa-7-shop-3\"");
    }
}
