//! Names, numbers, twins, releases, and files that cannot be read.

use super::super::rules::ALL;
use super::super::{File, Finding, Input, check};
use super::{HEADER, input, released};

fn found(input: &Input) -> Vec<String> {
    let shown = |finding: &Finding| format!("{} {}:{}", finding.rule, short(&finding.file), finding.line);
    check(input).unwrap().iter().map(shown).collect()
}

fn short(path: &str) -> &str {
    path.strip_prefix("backend/migrations/").unwrap()
}

fn with(files: &[(&str, &str)]) -> Input {
    let file = |(name, text): &(&str, &str)| File {
        path: format!("backend/migrations/{name}"),
        text: (*text).to_owned(),
    };
    Input { files: files.iter().map(file).collect(), ..Input::default() }
}

#[test]
fn numbers_have_no_gap_and_are_there_once_and_in_both() {
    let (a, b) = ("CREATE TABLE a (x TEXT);", "CREATE TABLE b (x TEXT);");
    let good = [
        ("postgres/0001_a.sql", a),
        ("postgres/0002_b.sql", b),
        ("sqlite/0001_a.sql", a),
        ("sqlite/0002_b.sql", ""),
    ];
    assert_eq!(found(&with(&good)), Vec::<String>::new());
    let mut gap = good;
    (gap[1].0, gap[3].0) = ("postgres/0003_b.sql", "sqlite/0003_b.sql");
    assert_eq!(found(&with(&gap)), ["number postgres/0003_b.sql:1", "number sqlite/0003_b.sql:1"]);
    let mut twice = good;
    (twice[1].0, twice[3].0) = ("postgres/0001_b.sql", "sqlite/0001_b.sql");
    assert_eq!(found(&with(&twice)), ["number postgres/0001_b.sql:1", "number sqlite/0001_b.sql:1"]);
    let mut other = good;
    other[3].0 = "sqlite/0002_c.sql";
    assert_eq!(found(&with(&other)), ["twins postgres/0002_b.sql:1", "twins sqlite/0002_c.sql:1"]);
    assert_eq!(found(&with(&good[..3])), ["twins postgres/0002_b.sql:1"]);
}

#[test]
fn what_is_no_migration_is_named_with_its_line() {
    let cases = [
        ("postgres/1_a.sql", "", 1),
        ("postgres/0001_A.sql", "", 1),
        ("postgres/0001_.sql", "", 1),
        ("postgres/0001_a.sql.bak", "", 1),
        ("mysql/0001_a.sql", "", 1),
        ("postgres/0001_a.sql", "SELECT 1;\n\nCREATE TABEL x (a TEXT);", 3),
        ("postgres/0001_a.sql", "SELECT 1;\nSELECT 'open;", 2),
        ("postgres/0001_a.sql", "SELECT 1\nCREATE TABLE x (a TEXT);", 2),
        ("sqlite/0001_a.sql", "CREATE TABLE x (\n  a TEXT,\n  b TEXT NOT NUL\n);", 3),
    ];
    for (name, text, line) in cases {
        let unreadable = check(&with(&[(name, text)])).unwrap_err();
        assert_eq!((short(&unreadable.file), unreadable.line), (name, line), "{unreadable}");
    }
}

#[test]
fn a_released_file_stays_as_it_was() {
    let (first, text) = ("backend/migrations/postgres/0001_a.sql", "CREATE TABLE a (\n  x TEXT\n);\n");
    let files = [
        ("postgres/0001_a.sql", text),
        ("sqlite/0001_a.sql", text),
        ("postgres/0002_b.sql", ""),
        ("sqlite/0002_b.sql", ""),
    ];
    let against = |path: &str, text: &str, ours: bool| {
        found(&Input { released: vec![released(path, text, ours)], ..with(&files) })
    };
    assert_eq!(against(first, text, true), Vec::<String>::new());
    assert_eq!(
        against(first, &text.replace("x TEXT", "x TEXT NOT NULL"), true),
        ["released postgres/0001_a.sql:2"]
    );
    assert_eq!(against(first, &text.replace('\n', "\r\n"), true), ["released postgres/0001_a.sql:1"]);
    let gone = "backend/migrations/postgres/0003_c.sql";
    assert_eq!(against(gone, "", true), ["released postgres/0002_b.sql:1"], "another number, the same text");
    assert_eq!(against(gone, "SELECT 1;", true), ["released postgres/0003_c.sql:1"]);
    assert_eq!(
        against(gone, "SELECT 1;", false),
        Vec::<String>::new(),
        "another line of development made it"
    );
    let taken = "backend/migrations/postgres/0002_other.sql";
    assert_eq!(against(taken, "SELECT 1;", false), ["released postgres/0002_b.sql:1"]);
}

#[test]
fn files_from_before_the_rules_are_read_and_not_judged() {
    let mut input = input("0002_next", "DROP TABLE small;", "DROP TABLE small;");
    input.since = 3;
    assert_eq!(found(&input), Vec::<String>::new());
    let both = ["postgres", "sqlite"];
    for database in both {
        let path = format!("backend/migrations/{database}/0003_more.sql");
        input
            .files
            .push(File { path, text: "-- Small is new here.\nCREATE TABLE small (a TEXT);".to_owned() });
    }
    assert_eq!(found(&input), Vec::<String>::new());
    for file in input.files.iter_mut().filter(|file| file.path.contains("0003")) {
        file.text = "ALTER TABLE big DROP COLUMN b;".to_owned();
    }
    let dropped = both.map(|database| format!("drop-column {database}/0003_more.sql:1"));
    assert_eq!(found(&input), [&dropped[0], "lock-timeout postgres/0003_more.sql:1", &dropped[1]]);
}

#[test]
fn oldest_is_between_the_newest_contract_step_and_the_newest_file() {
    let text = format!("{HEADER}DROP VIEW seen;");
    let with = |name: &str, oldest: Option<&str>| {
        let limit = text.replace("DROP", "SET LOCAL lock_timeout = '1s'; DROP");
        let mut input = input(name, &limit, &text);
        input.oldest = oldest.map(str::to_owned);
        check(&input).map(|found| found.into_iter().filter(|found| found.rule == "oldest").count())
    };
    let step = "0002_contract_seen";
    let cases = [(step, Some("2\n"), 0), (step, Some("1"), 1), (step, Some("3"), 1), (step, None, 1)];
    for (name, oldest, wanted) in cases {
        assert_eq!(with(name, oldest).unwrap(), wanted, "{name} {oldest:?}");
    }
    for (oldest, wanted) in [(None, 0), (Some("1"), 0), (Some("3"), 1)] {
        assert_eq!(with("0002_next", oldest).unwrap(), wanted, "{oldest:?}");
    }
    assert!(with(step, Some("two")).is_err());
}

#[test]
fn whatever_the_files_hold_the_check_ends_and_names_a_line() {
    let text = include_str!("../../../../../backend/migrations/sqlite/0003_log.sql");
    let starts = (0..text.len()).step_by(7).filter(|at| text.is_char_boundary(*at));
    for at in starts {
        for (path, text) in [("postgres/0001_a.sql", &text[at..]), ("sqlite/0001_a.sql", &text[..at])] {
            match check(&with(&[(path, text)])) {
                Ok(findings) => assert!(findings.iter().all(|finding| finding.line >= 1), "{findings:?}"),
                Err(unreadable) => assert!(unreadable.line >= 1, "{unreadable}"),
            }
        }
    }
}

#[test]
fn every_rule_has_its_line_in_the_guide_and_a_code_of_its_own() {
    let guide = include_str!("../../../../../docs/migrations.md");
    for rule in ALL {
        assert!(guide.contains(&format!("| `{}` |", rule.code)), "docs/migrations.md has no {}", rule.code);
        assert_eq!(ALL.iter().filter(|other| other.code == rule.code).count(), 1, "{}", rule.code);
    }
}
