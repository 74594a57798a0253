//! Pages by key: `?limit=`, `?after=` and the header `Link`, so that a page never shifts under its reader.

use super::Problem;
use super::read::wrong_parameter;
use axum::http::{HeaderValue, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many items a page has where nobody asks for more or fewer.
pub(super) const DEFAULT_LIMIT: usize = 50;

/// The most items of a page.
pub(super) const MOST: usize = 200;

/// Which page is wanted.
pub(super) struct Page<K> {
    /// The most items.
    pub limit: usize,
    /// The key of the item before it; none for the first page.
    pub after: Option<K>,
}

impl<K: DeserializeOwned> Page<K> {
    /// The page that `?limit=` and `?after=` ask for.
    pub fn of(limit: Option<u64>, after: Option<&str>) -> Result<Self, Problem> {
        Ok(Self { limit: self::limit(limit)?, after: after.map(read_cursor).transpose()? })
    }
}

/// The number of items that `?limit=` asks for.
pub(super) fn limit(asked: Option<u64>) -> Result<usize, Problem> {
    let Some(asked) = asked else {
        return Ok(DEFAULT_LIMIT);
    };
    usize::try_from(asked)
        .ok()
        .filter(|limit| (1..=MOST).contains(limit))
        .ok_or_else(|| wrong_parameter("limit", format!("expected 1 to {MOST}, got {asked}")))
}

/// The key as text that nobody needs to understand.
fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(text: &str) -> Result<K, Problem> {
    // Postgres has no U+0000, so no cursor of ours has it.
    let bytes =
        URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| !bytes.windows(6).any(|six| six == br"\u0000"));
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.ok_or_else(|| {
        let expected =
            "expected the cursor from the header Link of the page before; leave it out to start again";
        wrong_parameter("after", expected)
    })
}

/// The header `Link` (RFC 8288) that leads to the next page.
pub(super) fn link<K: Serialize>(uri: &Uri, next: &K) -> Option<HeaderValue> {
    let query = uri.query().unwrap_or_default();
    let mut parameters: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("after"))
        .map(str::to_owned)
        .collect();
    parameters.push(format!("after={}", cursor(next)));
    HeaderValue::try_from(format!("<{}?{}>; rel=\"next\"", uri.path(), parameters.join("&"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_a_broken_one_is_refused() {
        let key = (7_i64, "a \"b\"".to_owned());
        let page = Page::<(i64, String)>::of(Some(200), Some(&cursor(&key))).unwrap();
        assert_eq!((page.limit, page.after), (200, Some(key)));
        for broken in ["", "!", "AAAA", &cursor(&7), &cursor(&("x", 7)), &cursor(&(7, "\0"))] {
            let problem = Page::<(i64, String)>::of(None, Some(broken)).err().unwrap();
            assert_eq!((problem.status, problem.errors.len()), (422, 0), "{broken}");
        }
        for limit in [0, 201, u64::MAX] {
            assert_eq!(Page::<i64>::of(Some(limit), None).err().unwrap().status, 422, "{limit}");
        }
    }

    #[test]
    fn the_link_keeps_what_was_asked_for() {
        let uri: Uri = "/v1/tags?tag=v1%2B&after=old&limit=2".parse().unwrap();
        let link = link(&uri, &1_i64).unwrap();
        assert_eq!(link.to_str().unwrap(), "</v1/tags?tag=v1%2B&limit=2&after=MQ>; rel=\"next\"");
    }
}
