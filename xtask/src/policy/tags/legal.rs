//! From any text to a legal tag.

use evidence::{Digest, Tag};

/// The most characters that a tag may have.
const LONGEST: usize = 128;

/// A text with every run of characters that a tag cannot have as one `-`. This is the action's mapping; it makes
/// `v1.2.3+patch` to `v1.2.3-patch`.
pub fn sanitised(text: &str) -> String {
    let mut tag = String::with_capacity(text.len());
    let mut in_run = false;
    for character in text.chars() {
        let legal = character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
        if legal {
            tag.push(character);
        } else if !in_run {
            tag.push('-');
        }
        in_run = !legal;
    }
    tag
}

/// The legal tag for a text, or nothing when nothing legal is left of it. What the action leaves illegal is mended:
/// `.` and `-` are taken off the beginning, and what is too long ends in the first digits of its own SHA-256, so that
/// two long names with one beginning do not meet.
pub fn tag(text: &str) -> Option<Tag> {
    let clean = sanitised(text);
    let start = clean.trim_start_matches(['.', '-']);
    if start.len() <= LONGEST {
        return start.parse().ok();
    }
    let digest = Digest::of(text.as_bytes());
    let (kept, mark) = (&start[..LONGEST - 9], &digest.encoded()[..8]);
    format!("{kept}-{mark}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_legal_tag_or_none() {
        for (text, expected) in [
            ("dev", "dev"),
            ("v1.2.3+patch", "v1.2.3-patch"),
            ("my/feature#1245", "my-feature-1245"),
            ("a  %% b", "a-b"),
            (".hidden", "hidden"),
            ("-/-x", "x"),
            ("ünï", "n-"),
            ("_x", "_x"),
            ("a--b", "a--b"),
            ("ends/", "ends-"),
        ] {
            assert_eq!(tag(text).unwrap().as_str(), expected, "{text}");
        }
        for nothing in ["", "...", "日本", "+"] {
            assert_eq!(tag(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn long_names_stay_apart() {
        let (one, other) = ("x".repeat(300), format!("{}y", "x".repeat(299)));
        let (one, other) = (tag(&one).unwrap(), tag(&other).unwrap());
        assert_eq!(one.as_str().len(), 128);
        assert_ne!(one, other);
        assert_eq!(tag(&"x".repeat(128)).unwrap().as_str(), "x".repeat(128));
    }
}
