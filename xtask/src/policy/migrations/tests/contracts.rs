//! The header of a contract step, and the release since which something is not used.

use super::super::{Input, check, tags_of};
use super::{File, HEADER, LIMIT, codes, input, released};

const STEP: &str = "0002_contract_b";
const DROP: &str = "ALTER TABLE small DROP COLUMN b;";

/// The input with a header of these lines, and these sources at v1.0.0.
fn step(header: &str, source: &str) -> Input {
    let mut input = input(STEP, &format!("{header}{LIMIT}{DROP}"), &format!("{header}{DROP}"));
    let file = File { path: "backend/src/a.rs".to_owned(), text: source.to_owned() };
    input.sources.insert("v1.0.0".to_owned(), vec![file]);
    input
}

fn judged(header: &str, source: &str) -> Vec<String> {
    codes("postgres", check(&step(header, source)))
}

#[test]
fn a_contract_step_says_why_who_and_since_when() {
    assert_eq!(judged(HEADER, ""), Vec::<String>::new());
    for line in HEADER.lines() {
        let key = line.split(':').next().unwrap();
        assert_eq!(judged(&HEADER.replace(&format!("{line}\n"), ""), ""), ["contract-header 1"], "{line}");
        assert!(judged(&HEADER.replace(line, &format!("{key}:")), "").contains(&line_of(key)), "{line}");
    }
    let no_step = codes("sqlite", check(&input("0002_next", "", HEADER)));
    assert_eq!(no_step, ["contract-header 1", "contract-header 2", "contract-header 3"]);
    let comment = format!("-- Why: a story.\n\n{HEADER}");
    assert_eq!(judged(&comment, ""), Vec::<String>::new());
    assert_eq!(tags_of(&step(HEADER, "").files).into_iter().collect::<Vec<_>>(), ["v1.0.0"]);
}

fn line_of(key: &str) -> String {
    let at = HEADER.lines().position(|line| line.starts_with(key)).unwrap() + 1;
    format!("contract-header {at}")
}

#[test]
fn the_release_is_there_and_came_before_this_file() {
    for tag in ["v9.0.0", "1.0.0", "v1.0", "v1.0.0-rc.1", "main"] {
        assert_eq!(judged(&HEADER.replace("v1.0.0", tag), ""), ["unused-since 3"], "{tag}");
    }
    let mut input = step(HEADER, "");
    let path = format!("backend/migrations/postgres/{STEP}.sql");
    let text = input.files.iter().find(|file| file.path == path).unwrap().text.clone();
    input.released = vec![released(&path, &text, true)];
    assert_eq!(codes("postgres", check(&input)), ["unused-since 3"]);
    input.released[0].revision = "v1.1.0".to_owned();
    assert_eq!(codes("postgres", check(&input)), Vec::<String>::new());
}

#[test]
fn the_releases_sql_does_not_say_the_name() {
    let used = r#"const S: &str = "SELECT a, b FROM small";"#;
    assert_eq!(judged(HEADER, used), ["still-used 5"]);
    assert_eq!(judged(HEADER, r#"const S: &str = "SELECT a FROM small";"#), Vec::<String>::new());
    assert_eq!(judged(HEADER, r#"const S: &str = "SELECT * FROM small";"#), ["still-used 5"]);
    for name in ["b", "small.b", "SMALL.B"] {
        let excused = format!("{HEADER}-- mentioned-but-unused: {name} it is big.b\n");
        assert_eq!(judged(&excused, used), Vec::<String>::new(), "{name}");
        assert_eq!(judged(&excused, ""), ["unused-since 4"], "{name}: nothing to excuse");
    }
    let other = format!("{HEADER}-- mentioned-but-unused: big.b it is another\n");
    assert_eq!(judged(&other, used), ["unused-since 4", "still-used 6"]);
    let no_reason = format!("{HEADER}-- mentioned-but-unused: b\n");
    assert_eq!(judged(&no_reason, used), ["contract-header 4", "still-used 6"]);
    let message = check(&step(HEADER, used)).unwrap().remove(0).what;
    assert_eq!(message, "v1.0.0 says small.b at backend/src/a.rs:1");
}

#[test]
fn a_contract_step_that_needs_to_be_none_is_one_too_many() {
    let idle = |text: &str| {
        let text = format!("{HEADER}{text}");
        codes("sqlite", check(&input(STEP, &text, &text)))
    };
    assert_eq!(idle("CREATE TABLE new (a TEXT);"), ["contract-unneeded 1"]);
    assert_eq!(idle(""), ["contract-unneeded 1"]);
    // One of the two databases needs it: both are one.
    let input = input(STEP, &format!("{HEADER}{LIMIT}{DROP}"), HEADER);
    assert_eq!(codes("sqlite", check(&input)), Vec::<String>::new());
}
