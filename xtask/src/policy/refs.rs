//! Patterns of git references, as GitHub's workflow filters read them.

/// Whether `text` is of the form of `pattern`: `*` is any text without `/`, `**` any text, `?` one character that is
/// not `/`.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // matches[j]: the pattern read so far covers the first j characters. Row by row, so that no pattern is slow.
    let mut matches = vec![false; text.len() + 1];
    matches[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let mut next = vec![false; text.len() + 1];
        match pattern[at] {
            '*' => {
                let all = pattern.get(at + 1) == Some(&'*');
                at += usize::from(all);
                next[0] = matches[0];
                for j in 0..text.len() {
                    next[j + 1] = matches[j + 1] || (next[j] && (all || text[j] != '/'));
                }
            }
            one => {
                for j in 0..text.len() {
                    next[j + 1] = matches[j] && (text[j] == one || (one == '?' && text[j] != '/'));
                }
            }
        }
        matches = next;
        at += 1;
    }
    matches[text.len()]
}

/// Whether a list of patterns takes `text`. Of the patterns that match, the last one decides, and `!` before a pattern
/// means no.
pub fn chosen<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    patterns.into_iter().fold(false, |taken, pattern| match pattern.strip_prefix('!') {
        Some(not) => taken && !glob(not, text),
        None => taken || glob(pattern, text),
    })
}

/// Whether a list of patterns takes a whole reference, `default` standing for the default branch.
pub fn takes<'a>(patterns: impl IntoIterator<Item = &'a str>, reference: &str, default_branch: &str) -> bool {
    let default = format!("refs/heads/{}", escaped(default_branch));
    let own: Vec<String> = patterns
        .into_iter()
        .map(|pattern| match pattern {
            "default" => default.clone(),
            "!default" => format!("!{default}"),
            other => other.to_owned(),
        })
        .filter(|pattern| !default_branch.is_empty() || !pattern.ends_with("refs/heads/"))
        .collect();
    chosen(own.iter().map(String::as_str), reference)
}

/// git allows none of these characters in a branch's name, so that a name is its own pattern; whoever sends another
/// gets a pattern that matches nothing.
fn escaped(branch: &str) -> &str {
    if branch.contains(['*', '?']) { "//" } else { branch }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("main", "main", true),
            ("main", "mainx", false),
            ("test-*", "test-1", true),
            ("test-*", "test-a/b", false),
            ("**", "a/b/c", true),
            ("refs/tags/**", "refs/tags/a/b", true),
            ("v?.*", "v1.2", true),
            ("a*b*c", "axxbyyc", true),
            ("", "", true),
            ("*", "", true),
            ("ü*", "üx", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
        // A pattern that makes a backtracking matcher slow.
        assert!(!glob(&"*a".repeat(200), &"a".repeat(300).replace("aaa", "aab")));
    }

    #[test]
    fn the_last_pattern_decides() {
        assert!(chosen(["**", "!test-*"], "v1"));
        assert!(!chosen(["**", "!test-*"], "test-1"));
        assert!(chosen(["**", "!test-*", "test-keep"], "test-keep"));
        assert!(!chosen([], "x"));
        let takes = |reference: &str, default: &str| {
            takes(["default", "refs/tags/**", "!refs/tags/no"], reference, default)
        };
        assert!(takes("refs/heads/main", "main") && takes("refs/tags/a/b", "main"));
        assert!(!takes("refs/heads/other", "main") && !takes("refs/tags/no", "main"));
        assert!(!takes("refs/heads/", "") && !takes("", "") && !takes("refs/heads/x", "*"));
    }
}
