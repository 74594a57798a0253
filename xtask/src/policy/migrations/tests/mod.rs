//! The rules as tables: what was there, the file, and the codes with their lines.

mod contracts;
mod files;
mod locks;
mod statements;

use super::{File, Finding, Input, Released, Unreadable, check};

const TABLES: &str =
    "CREATE TABLE small (id BIGINT PRIMARY KEY, a TEXT NOT NULL, b TEXT, n BIGINT NOT NULL DEFAULT 0, \
                      kind TEXT NOT NULL CHECK (kind IN ('x', 'y')), UNIQUE (a, b));
CREATE TABLE big (id BIGINT PRIMARY KEY, a TEXT NOT NULL, b TEXT);
CREATE INDEX small_b ON small (b);
CREATE UNIQUE INDEX big_a ON big (a);
CREATE VIEW seen AS SELECT id, a AS name FROM small;
";
const HEADER: &str = "-- contract: nothing uses it\n-- reviewed-by: Ada\n-- unused-since: v1.0.0\n";
const LIMIT: &str = "SET LOCAL lock_timeout = '3s';\n";

/// Two databases with the tables above and one more file in each.
fn input(name: &str, postgres: &str, sqlite: &str) -> Input {
    let first = |database: &str| match database {
        "postgres" => format!(
            "{TABLES}CREATE TYPE mood AS ENUM ('good');\nCREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$;\n"
        ),
        _ => format!(
            "{TABLES}CREATE TRIGGER keep BEFORE DELETE ON small BEGIN SELECT RAISE(ABORT, 'no'); END;\n"
        ),
    };
    let mut files = Vec::new();
    for (database, text) in [("postgres", postgres), ("sqlite", sqlite)] {
        let path = |name: &str| format!("backend/migrations/{database}/{name}.sql");
        files.push(File { path: path("0001_first"), text: first(database) });
        files.push(File { path: path(name), text: text.to_owned() });
    }
    Input {
        files,
        oldest: Some("2\n".to_owned()),
        since: 2,
        big_tables: vec!["big".to_owned()],
        released: Vec::new(),
        sources: [("v1.0.0".to_owned(), Vec::new())].into(),
    }
}

/// Codes and lines of what is found in one database's second file.
fn codes(database: &str, findings: Result<Vec<Finding>, Unreadable>) -> Vec<String> {
    let mut own: Vec<Finding> = findings.unwrap();
    own.retain(|finding| finding.file.contains(&format!("/{database}/")));
    own.iter().map(|finding| format!("{} {}", finding.rule, finding.line)).collect()
}

/// What a Postgres file gets that is no contract step.
fn postgres(text: &str) -> Vec<String> {
    codes("postgres", check(&input("0002_next", text, "")))
}

/// What an SQLite file gets that is no contract step.
fn sqlite(text: &str) -> Vec<String> {
    codes("sqlite", check(&input("0002_next", "", text)))
}

/// What a Postgres file gets that is a contract step with all lines of the header, which are the first three.
fn contract(text: &str) -> Vec<String> {
    let text = format!("{HEADER}{text}");
    codes("postgres", check(&input("0002_contract_next", &text, HEADER)))
}

/// What an SQLite file gets that is a contract step.
fn sqlite_contract(text: &str) -> Vec<String> {
    let text = format!("{HEADER}{text}");
    codes("sqlite", check(&input("0002_contract_next", HEADER, &text)))
}

fn released(path: &str, text: &str, ours: bool) -> Released {
    Released { path: path.to_owned(), text: text.to_owned(), revision: "v1.0.0".to_owned(), ours }
}
