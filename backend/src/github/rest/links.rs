//! Where the next page is: the header `Link` (RFC 8288).

use crate::net;

/// The address of the relation `next`.
pub(super) fn next_page(link: Option<&str>) -> Option<String> {
    // Addresses hold no `>`, and GitHub's parameters no comma.
    link?.split(',').find_map(|entry| {
        let (url, parameters) = entry.trim().strip_prefix('<')?.split_once('>')?;
        let next =
            parameters.split(';').any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        next.then(|| url.to_owned())
    })
}

/// Whether both are at one scheme, host and port.
pub(super) fn same_origin(one: &str, other: &str) -> bool {
    match (net::address(one), net::address(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_told_from_the_others() {
        let link = "<https://api.github.com/x?page=1>; rel=\"prev\", <https://api.github.com/x?page=3>; rel=\"next\", \
                    <https://api.github.com/x?page=9>; rel=\"last\"";
        assert_eq!(next_page(Some(link)).as_deref(), Some("https://api.github.com/x?page=3"));
        for none in ["", "<x>", "<x>; rel=\"last\"", "x; rel=\"next\"", "<x; rel=\"next\""] {
            assert_eq!(next_page(Some(none)), None, "{none}");
        }
        assert_eq!(next_page(None), None);
    }

    #[test]
    fn origins_are_compared_whole() {
        let api = "https://api.github.com";
        assert!(same_origin(api, "https://api.github.com/repositories/1/actions/runs?page=2"));
        for other in [
            "http://api.github.com/",
            "https://api.github.com.evil.example/",
            "https://api.github.com:8443/",
            "x",
        ] {
            assert!(!same_origin(api, other), "{other}");
        }
    }
}
