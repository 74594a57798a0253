//! One line of comma-separated `key=value` fields, and the lines of an input.

/// The fields of one CSV record: `"` around a field keeps its commas, and `""` within means one `"`.
///
/// # Errors
/// When quotes do not open at a field's start and close at its end.
pub fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)
                .ok_or_else(|| format!("the quotes of {line:?} do not close at a field's end"))?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                if rest[..end].contains('"') {
                    return Err(format!("quotes in {line:?} must be around a whole field: \"key=value\""));
                }
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// The text up to the closing quote, and what follows: nothing or a comma.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return (after.is_empty() || after.starts_with(',')).then_some((field, after)),
        }
    }
}

/// A field's key, in lower case, and value; no key where there is no `=` or nothing before it.
pub fn key_value(field: &str) -> (Option<String>, &str) {
    match field.split_once('=') {
        Some((key, value)) if !key.is_empty() => (Some(key.trim().to_lowercase()), value.trim()),
        _ => (None, field.trim()),
    }
}

/// The lines of an input without blank ones and comments.
pub fn lines(block: &str) -> impl Iterator<Item = &str> {
    block.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_commas() {
        assert_eq!(
            fields(r#"type=match,"pattern=\d{1,2}",group=0"#).unwrap(),
            ["type=match", r"pattern=\d{1,2}", "group=0"]
        );
        assert_eq!(fields(r#""a""b",,"#).unwrap(), [r#"a"b"#, "", ""]);
        for bad in [r#"a"b"#, r#""a"b"#, r#""a"#, r#"x, "y""#] {
            assert!(fields(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_equals_sign_divides() {
        assert_eq!(key_value(" Pattern = a=b "), (Some("pattern".to_owned()), "a=b"));
        assert_eq!(key_value("foo"), (None, "foo"));
        assert_eq!(key_value("=foo"), (None, "=foo"));
        assert_eq!(key_value("prefix="), (Some("prefix".to_owned()), ""));
    }

    #[test]
    fn comments_are_lines() {
        assert_eq!(lines("a\n\n  # b\n c#d \r\n").collect::<Vec<_>>(), ["a", "c#d"]);
    }
}
