//! Whether a release's sources still say a table's or a column's name in SQL.
//!
//! Sound rather than clever: SQL is pieced together from string literals, so every literal counts that could be a piece of
//! it. What is taken for SQL and is none has a way out in the migration's header, which a reviewer sees.

use super::literals::literals;
use super::walk::Gone;
use crate::policy::finding::File;

/// The places, `path:line`, where the name is said.
pub fn mentions(sources: &[File], gone: &Gone) -> Vec<String> {
    let mut places = Vec::new();
    for file in sources {
        for (line, text) in literals(&file.text) {
            if says(&text, gone) {
                places.push(format!("{}:{line}", file.path));
            }
        }
    }
    places
}

/// Whether a literal says the name, or `*` of its table.
fn says(text: &str, gone: &Gone) -> bool {
    let words: Vec<&str> = text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).collect();
    let name = gone.column.as_deref().unwrap_or(&gone.table);
    if words.iter().any(|word| word.eq_ignore_ascii_case(name)) {
        return is_sql(&words) || is_piece(text);
    }
    let reads = |pair: &[&str]| {
        matches!(pair[0], "FROM" | "JOIN" | "INTO" | "UPDATE") && pair[1].eq_ignore_ascii_case(&gone.table)
    };
    gone.column.is_some() && is_star(text) && words.windows(2).any(reads)
}

/// Whether all columns are asked for: `SELECT *`, `x.*`, `RETURNING *`. `COUNT(*)` asks for none.
fn is_star(text: &str) -> bool {
    text.match_indices('*').any(|(at, _)| {
        let before = text[..at].trim_end();
        before.ends_with("SELECT") || before.ends_with("RETURNING") || before.ends_with(['.', ','])
    })
}

/// The words of SQL that this project writes in capitals.
const KEYWORDS: [&str; 48] = [
    "ALTER",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COALESCE",
    "CONFLICT",
    "COUNT",
    "CREATE",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "EXCLUDED",
    "EXISTS",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INSERT",
    "INTO",
    "IS",
    "JOIN",
    "LIKE",
    "LIMIT",
    "MAX",
    "MIN",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "RETURNING",
    "SELECT",
    "SET",
    "THEN",
    "UNION",
    "UPDATE",
    "VALUES",
    "WHEN",
    "WHERE",
];

fn is_sql(words: &[&str]) -> bool {
    words.iter().any(|word| KEYWORDS.contains(word))
}

/// Whether a text without a keyword could be a piece of SQL: a name, a name and its alias, or such between commas, operators
/// and parentheses. Three words with nothing but spaces between them are prose.
fn is_piece(text: &str) -> bool {
    let joins = |c: char| c.is_ascii_punctuation() && !matches!(c, '_' | '.' | '\'' | '"' | '`' | '!');
    text.split(joins).all(|piece| piece.split_whitespace().count() < 3)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str, name: &str) -> usize {
        let (table, column) = match name.split_once('.') {
            Some((table, column)) => (table, Some(column.to_owned())),
            None => (name, None),
        };
        let sources = [File { path: "a.rs".to_owned(), text: source.to_owned() }];
        mentions(&sources, &Gone { table: table.to_owned(), column }).len()
    }

    #[test]
    fn sql_and_what_could_be_a_piece_of_it_counts_and_prose_does_not() {
        let cases = [
            (r#"q("SELECT digest FROM image");"#, "image.digest", 1),
            (r#"q("SELECT digest FROM image");"#, "image", 1),
            (r#"q("SELECT digests FROM images");"#, "image.digest", 0),
            (r#"q("SELECT Digest FROM Image");"#, "image.digest", 1),
            (r##"q(r#"SELECT "digest" FROM image"#);"##, "image.digest", 1),
            (r#"q(br"SELECT digest FROM image");"#, "image.digest", 1),
            (r#"row.get("digest")"#, "image.digest", 1),
            (r#"concat!("SELECT a", ", digest, size")"#, "image.digest", 1),
            (r#"push(" AND digest = $1")"#, "image.digest", 1),
            (r#"format!("{}.digest", alias)"#, "image.digest", 1),
            (r#"push("image i")"#, "image", 1),
            (r#"push("digest DESC")"#, "image.digest", 1),
            (r#"push("a, digest")"#, "image.digest", 1),
            (r#"bail!("no such digest here")"#, "image.digest", 0),
            (r#"bail!("the image's digest: none")"#, "image.digest", 0),
            (r#"// "SELECT digest FROM image""#, "image.digest", 0),
            (r#"/* /* "SELECT digest" */ "x" */ let digest = '"'; f("SELECT a")"#, "image.digest", 0),
            (r#"let c = '\''; q("SELECT digest FROM image")"#, "image.digest", 1),
            (r#"fn f<'a>(x: &'a str) { q("SELECT digest FROM image") }"#, "image.digest", 1),
            (r#"fn digest(image: Image) {}"#, "image.digest", 0),
            (r#"q("SELECT * FROM image")"#, "image.digest", 1),
            (r#"q("SELECT i.* FROM board JOIN image AS i ON 1")"#, "image.digest", 1),
            (r#"q("SELECT COUNT(*) FROM image")"#, "image.digest", 0),
            (r#"q("SELECT * FROM board")"#, "image.digest", 0),
            ("q(\"SELECT a, \\\n    digest FROM image\")", "image.digest", 1),
            (r#"f("a \"digest\" SELECT")"#, "image.digest", 1),
        ];
        for (source, name, wanted) in cases {
            assert_eq!(said(source, name), wanted, "{name} in {source}");
        }
    }

    #[test]
    fn a_place_is_the_line_where_the_literal_begins() {
        let sources = [File {
            path: "src/a.rs".to_owned(),
            text: "fn a() {}\n// \"x\nconst S: &str = \"SELECT \\\n x FROM t\";\n".to_owned(),
        }];
        let gone = Gone { table: "t".to_owned(), column: None };
        assert_eq!(mentions(&sources, &gone), ["src/a.rs:3"]);
    }
}
