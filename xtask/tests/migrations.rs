//! `cargo xtask migrations check` on this repository's own files, and on small repositories with releases.
//! The rules themselves are tested one by one in `src/policy/migrations/tests`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;
use std::process::Command;
use support::{Fixture, Ran, repository};

const CHECK: [&str; 2] = ["migrations", "check"];
const FIRST: &str =
    "CREATE TABLE ship (\n    id   BIGINT PRIMARY KEY,\n    name TEXT NOT NULL,\n    flag TEXT\n);\n";
const USES: &str = "const SHIPS: &str = \"SELECT name, flag FROM ship\";\n";
const HEADER: &str =
    "-- contract: flags are in another table\n-- reviewed-by: Ada\n-- unused-since: v0.2.0\n";
const DROP: &str = "ALTER TABLE ship DROP COLUMN flag;\n";
const LIMIT: &str = "SET LOCAL lock_timeout = '3s';\n";

/// A repository with one migration for each database and sources that use its table, released as v0.1.0.
struct Harbour(Fixture);

impl Harbour {
    fn new() -> Self {
        let harbour = Self(Fixture::new());
        let policy = std::fs::read_to_string(harbour.0.path("pipeline.yml")).unwrap();
        let policy = policy.replace("  since: 5\n", "  since: 1\n");
        std::fs::write(harbour.0.path("pipeline.yml"), policy).unwrap();
        harbour.both("0001_ships", FIRST, FIRST);
        harbour.write("backend/src/ships.rs", USES);
        harbour.release("v0.1.0");
        harbour
    }

    fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.0.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn both(&self, name: &str, postgres: &str, sqlite: &str) {
        self.write(format!("backend/migrations/postgres/{name}.sql"), postgres);
        self.write(format!("backend/migrations/sqlite/{name}.sql"), sqlite);
    }

    fn commit(&self) {
        self.0.git(&["add", "--all"]);
        self.0.git(&["commit", "--quiet", "--message", "work"]);
    }

    fn release(&self, tag: &str) {
        self.commit();
        self.0.git(&["tag", tag]);
    }

    fn check(&self, code: i32, says: &[&str]) -> String {
        self.0.run(&CHECK).expect(code, says).stdout
    }
}

#[test]
fn the_repositorys_migrations_are_as_they_must_be() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(CHECK).current_dir(repository()).env_remove("GITHUB_ACTIONS");
    let ran = Ran::of(command.output().unwrap()).expect(0, &["nothing to mend"]);
    assert_eq!(ran.stdout, "");
}

#[test]
fn what_only_adds_is_clean() {
    let harbour = Harbour::new();
    harbour.check(0, &["2 migrations beside those of 1 release, nothing to mend"]);
    harbour.both(
        "0002_ports",
        &format!("{LIMIT}ALTER TABLE ship ADD COLUMN port TEXT;"),
        "ALTER TABLE ship ADD COLUMN port TEXT;",
    );
    harbour.check(0, &["4 migrations beside those of 1 release, nothing to mend"]);
}

#[test]
fn findings_name_file_line_rule_and_another_way() {
    let harbour = Harbour::new();
    harbour.both("0002_flags", &format!("-- Nobody wants flags.\n{LIMIT}{DROP}"), DROP);
    let found = harbour.check(3, &["2 findings in 4 migrations"]);
    for text in [
        "backend/migrations/postgres/0002_flags.sql:3: [drop-column] the column ship.flag goes\n",
        "backend/migrations/sqlite/0002_flags.sql:1: [drop-column] the column ship.flag goes\n",
        "    expected: a column stays until no running release uses it\n",
        "    mend:     stop using it in one release, and drop it in NNNN_contract_*.sql of a later one\n",
    ] {
        assert!(found.contains(text), "no {text:?} in {found}");
    }
    let json = harbour.0.run(&["migrations", "check", "--json"]).expect(3, &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &json["findings"][0];
    assert_eq!((&first["rule"], &first["line"]), (&"drop-column".into(), &3.into()), "{json}");
    let output = harbour.0.xtask(&CHECK).env("GITHUB_ACTIONS", "true").output().unwrap();
    let annotation = "::error file=backend/migrations/postgres/0002_flags.sql,line=3,title=drop-column::";
    Ran::of(output).expect(3, &[annotation]);
}

#[test]
fn a_released_file_is_never_edited_renumbered_or_removed() {
    let harbour = Harbour::new();
    let path = "backend/migrations/sqlite/0001_ships.sql";
    harbour.write(path, &FIRST.replace("flag TEXT", "flag INTEGER"));
    let found = harbour.check(3, &[]);
    assert!(found.starts_with(&format!("{path}:4: [released] differs from what v0.1.0 has\n")), "{found}");
    harbour.both("0001_ships", FIRST, FIRST);
    std::fs::rename(harbour.0.path(path), harbour.0.path("backend/migrations/sqlite/0001_boats.sql"))
        .unwrap();
    let found = harbour.check(3, &[]);
    assert!(found.contains("0001_boats.sql:1: [released] the number 0001 is that of"), "{found}");
    std::fs::remove_file(harbour.0.path("backend/migrations/sqlite/0001_boats.sql")).unwrap();
    let found = harbour.check(3, &[]);
    assert!(found.contains(&format!("{path}:1: [released] {path} of v0.1.0 is not there")), "{found}");
}

#[test]
fn a_base_is_held_like_a_release() {
    let harbour = Harbour::new();
    harbour.both("0002_ports", "CREATE TABLE port (name TEXT);\n", "CREATE TABLE port (name TEXT);\n");
    harbour.commit();
    harbour.0.git(&["switch", "--quiet", "--create", "topic"]);
    harbour.both("0002_ports", "CREATE TABLE port (id TEXT);\n", "CREATE TABLE port (name TEXT);\n");
    harbour.check(0, &[]);
    let with_base = |base: &str| harbour.0.run(&["migrations", "check", "--base", base]);
    let found = with_base("main").expect(3, &["1 release and main"]).stdout;
    assert!(found.contains("0002_ports.sql:1: [released] differs from what main has"), "{found}");
    with_base("nowhere").expect(2, &["\"nowhere\" is no branch, tag or commit", "--base REV"]);
    // What the base got after this branch left it is not missing here, but its number is taken.
    harbour.both("0002_ports", "CREATE TABLE port (name TEXT);\n", "CREATE TABLE port (name TEXT);\n");
    harbour.0.git(&["switch", "--quiet", "main"]);
    harbour.both("0003_lights", "CREATE TABLE light (name TEXT);\n", "CREATE TABLE light (name TEXT);\n");
    harbour.commit();
    harbour.0.git(&["switch", "--quiet", "topic"]);
    with_base("main").expect(0, &[]);
    harbour.both("0003_buoys", "", "");
    let found = with_base("main").expect(3, &[]).stdout;
    assert!(found.contains("0003_buoys.sql:1: [released] the number 0003 is that of"), "{found}");
}

#[test]
fn a_contract_step_follows_a_release_that_does_not_use_what_goes() {
    let harbour = Harbour::new();
    let step = |header: &str| {
        harbour.both("0002_contract_flags", &format!("{header}{LIMIT}{DROP}"), &format!("{header}{DROP}"));
    };
    harbour.write("backend/migrations/oldest", "2\n");
    step(HEADER);
    let found = harbour.check(3, &[]);
    assert!(found.contains("0002_contract_flags.sql:3: [unused-since] there is no tag v0.2.0"), "{found}");
    step(&HEADER.replace("v0.2.0", "v0.1.0"));
    let found = harbour.check(3, &[]);
    assert!(found.contains("[still-used] v0.1.0 says ship.flag at backend/src/ships.rs:1"), "{found}");
    // The release that stops using it, without the step.
    for database in ["postgres", "sqlite"] {
        let path = format!("backend/migrations/{database}/0002_contract_flags.sql");
        std::fs::remove_file(harbour.0.path(path)).unwrap();
    }
    std::fs::remove_file(harbour.0.path("backend/migrations/oldest")).unwrap();
    harbour.write("backend/src/ships.rs", &USES.replace(", flag", ""));
    harbour.release("v0.2.0");
    step(HEADER);
    let found = harbour.check(3, &["1 finding in 4 migrations"]);
    assert!(found.contains("backend/migrations/oldest:1: [oldest] it is not there"), "{found}");
    harbour.write("backend/migrations/oldest", "2\n");
    harbour.check(0, &["4 migrations beside those of 2 releases, nothing to mend"]);
    harbour.release("v0.3.0");
    harbour.check(0, &[]);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let harbour = Harbour::new();
    harbour.both("0002_ports", "SELECT 1;\nCREATE TABEL port (name TEXT);\n", "");
    harbour.check(2, &["backend/migrations/postgres/0002_ports.sql:2: ", "docs/migrations.md"]);
    harbour.both("0002_ports", "", "");
    harbour.write("backend/migrations/sqlite/3-ports.sql", "");
    harbour.check(
        2,
        &["backend/migrations/sqlite/3-ports.sql:1: expected backend/migrations/postgres/NNNN_name.sql"],
    );
}

#[test]
fn a_clone_without_its_history_cannot_tell() {
    let harbour = Harbour::new();
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", harbour.0.path("").display());
    let folder = clone.path().join("clone");
    harbour.0.git(&["clone", "--quiet", "--depth", "1", &url, folder.to_str().unwrap()]);
    let mut command = harbour.0.xtask(&CHECK);
    Ran::of(command.current_dir(&folder).output().unwrap()).expect(4, &["git fetch --unshallow --tags"]);
}

#[test]
fn a_repository_without_migrations_is_told_so() {
    Fixture::new().run(&CHECK).expect(2, &["there are no migrations"]);
}
