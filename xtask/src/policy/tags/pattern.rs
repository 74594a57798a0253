//! Regular expressions as JavaScript writes them.
//!
//! regex-lite has JavaScript's meaning of `\d`, `\w` and `\b` (ASCII), and neither look-around nor back-references,
//! which are refused by name. Whatever is matched, it takes time linear in the text.

use regex_lite::{Regex, RegexBuilder};

/// What a pattern finds in `text`: the whole match and its groups, as JavaScript's `match` returns them. With the
/// flag `g` these are all matches instead. A group that took no part is nothing.
///
/// # Errors
/// When the pattern is not one, or uses what is not supported.
pub fn find(pattern: &str, text: &str) -> Result<Option<Vec<Option<String>>>, String> {
    let (source, flags) = split(pattern);
    let regex = compile(source, flags).map_err(|why| {
        format!("the pattern {pattern:?} cannot be used: {why} (look-around and back-references are not supported)")
    })?;
    if flags.contains('g') {
        let all: Vec<_> = regex.find_iter(text).map(|found| Some(found.as_str().to_owned())).collect();
        return Ok((!all.is_empty()).then_some(all));
    }
    Ok(regex
        .captures(text)
        .map(|captures| captures.iter().map(|group| group.map(|found| found.as_str().to_owned())).collect()))
}

/// `/source/flags`, or a source without flags.
fn split(pattern: &str) -> (&str, &str) {
    match pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        Some((source, flags)) if !source.is_empty() => (source, flags),
        _ => (pattern, ""),
    }
}

fn compile(source: &str, flags: &str) -> Result<Regex, String> {
    if let Some(unknown) = flags.chars().find(|flag| !"dgimsuy".contains(*flag)) {
        return Err(format!("there is no flag {unknown:?}"));
    }
    // Sticky: only at the beginning.
    let source = if flags.contains('y') { format!("^(?:{source})") } else { source.to_owned() };
    RegexBuilder::new(&source)
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(pattern: &str, text: &str, group: usize) -> Option<String> {
        find(pattern, text).unwrap()?.get(group).cloned().flatten()
    }

    #[test]
    fn patterns() {
        for (pattern, text, at, expected) in [
            (r"\d.\d.\d", "v1.1.1", 0, Some("1.1.1")),
            (r"^v(\d.\d.\d)$", "v1.1.1", 1, Some("1.1.1")),
            (r"v(.*)-beta.(.*)", "v2.0.8-beta.67", 2, Some("67")),
            (r"p1/v(\d.\d)", "p1/v1.0.0", 3, None),
            (r"/^V(\d)/i", "v1", 1, Some("1")),
            (r"/^v(\d.\d.\d)$/ig", "p1/v1.0.0", 1, None),
            (r"/\d/g", "1.2.3", 2, Some("3")),
            (r"/\d/y", "v1", 0, None),
            (r"(a)|(b)", "b", 1, None),
            (r"(?<major>\d+)\.", "12.3", 1, Some("12")),
            (r"a\/b", "a/b", 0, Some("a/b")),
            (r"\d{8}", "20200110-RC2", 0, Some("20200110")),
            (r"/", "a/b", 0, Some("/")),
        ] {
            assert_eq!(group(pattern, text, at).as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for bad in ["(", r"(?=v)", r"(?<!v)1", r"(a)\1", "/a/q", "a{99999}{99999}"] {
            assert!(find(bad, "x").is_err(), "{bad}");
        }
    }
}
