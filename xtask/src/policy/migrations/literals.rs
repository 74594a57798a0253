//! The string literals of Rust source, told from comments, characters and lifetimes.

/// The string literals of Rust source, each with the line that it begins on. Comments, characters and lifetimes are passed over.
pub fn literals(source: &str) -> Vec<(usize, String)> {
    let bytes = source.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    let line_at = |at: usize| source[..at].bytes().filter(|byte| *byte == b'\n').count() + 1;
    while let Some(byte) = bytes.get(at) {
        let rest = &source.as_bytes()[at..];
        let ident = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if rest.starts_with(b"//") {
            at += find(rest, b"\n").unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            at += comment(rest);
        } else if let Some((open, close)) = raw(rest).filter(|_| !ident || prefixed(bytes, at)) {
            let end = find(&rest[open..], close.as_bytes()).map_or(rest.len(), |end| open + end);
            found.push((line_at(at), source[at + open..at + end].to_owned()));
            at += (end + close.len()).min(rest.len());
        } else if *byte == b'"' {
            let end = string(rest);
            let inner = &source[at + 1..(at + end).saturating_sub(1).max(at + 1)];
            found.push((line_at(at), unescaped(inner)));
            at += end;
        } else if *byte == b'\'' {
            at += character(rest);
        } else {
            at += 1;
        }
    }
    found
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// `r"`, `r#"`, …: how long the opening is, and what closes it.
fn raw(text: &[u8]) -> Option<(usize, String)> {
    let hashes = text.strip_prefix(b"r")?.iter().take_while(|byte| **byte == b'#').count();
    (text.get(1 + hashes) == Some(&b'"')).then(|| (2 + hashes, format!("\"{}", "#".repeat(hashes))))
}

/// Whether the `r` here belongs to `br` or `cr`, and not to a longer name.
fn prefixed(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at - 1], b'b' | b'c')
        && !(at > 1 && (bytes[at - 2].is_ascii_alphanumeric() || bytes[at - 2] == b'_'))
}

/// The length of a comment, which may hold others.
fn comment(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            (at, depth) = (at + 2, depth + 1);
        } else if text[at..].starts_with(b"*/") {
            (at, depth) = (at + 2, depth.saturating_sub(1));
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The length of a string with its quotes.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of a character, or of the quote alone where it begins a lifetime.
fn character(text: &[u8]) -> usize {
    if text.get(1) == Some(&b'\\') {
        return text.iter().skip(3).position(|byte| *byte == b'\'').map_or(text.len(), |at| at + 4);
    }
    let close = text.iter().skip(1).take(5).position(|byte| *byte == b'\'');
    match close {
        Some(at) if at > 0 && std::str::from_utf8(&text[1..=at]).is_ok_and(|c| c.chars().count() == 1) => {
            at + 2
        }
        _ => 1,
    }
}

/// A string's text. An escape other than the end of a line stands for something that is no part of a name.
fn unescaped(inner: &str) -> String {
    let (mut text, mut rest) = (String::new(), inner);
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let mut after = after.chars();
        match after.next() {
            Some('\n') => rest = after.as_str().trim_start(),
            Some('"') => {
                text.push('"');
                rest = after.as_str();
            }
            _ => {
                text.push(' ');
                rest = after.as_str();
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_source_is_reading_it_ends() {
        for text in ["\"", "'", "'\\", "r#\"", "/*", "\"\\", "r", "b'", "'é'", "\"é\\é\"", "r#\"é"] {
            literals(text);
        }
    }
}
