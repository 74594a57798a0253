//! Other people's text, made to fit where evidence keeps it.

/// What stands where GitHub has nothing to say.
pub(super) const NOTHING: &str = "-";

/// At most that many characters of a text; never empty, and without U+0000, which not every database keeps.
pub(super) fn fit(text: &str, most: usize) -> String {
    let fitted: String = text.chars().take(most).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect();
    if fitted.is_empty() { NOTHING.to_owned() } else { fitted }
}

/// The first line of a message, which is what people read of it.
pub(super) fn first_line(text: &str, most: usize) -> String {
    fit(text.trim_start().lines().next().unwrap_or_default().trim_end(), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_never_empty() {
        assert_eq!(fit("naïve", 3), "naï");
        assert_eq!(fit("", 3), "-");
        assert_eq!(fit("a\0b", 3), "a\u{fffd}b");
        assert_eq!(first_line("\n\nFix it\r\n\nBecause", 200), "Fix it");
        assert_eq!(first_line(" \n ", 200), "-");
        assert_eq!(first_line(&"😀".repeat(300), 200).chars().count(), 200);
    }
}
