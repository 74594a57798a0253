//! What a statement may do outside a contract step, and inside one.

use super::{LIMIT, contract, postgres, sqlite, sqlite_contract};

/// Statements that no older release notices.
const EXPAND: [&str; 13] = [
    "DROP TABLE IF EXISTS left_over; DROP VIEW IF EXISTS left_over; DROP INDEX IF EXISTS left_over;",
    "CREATE TABLE new (id BIGINT PRIMARY KEY, small BIGINT NOT NULL); DROP TABLE new;",
    "CREATE TABLE new (id BIGINT); ALTER TABLE new RENAME TO newer; ALTER TABLE newer ADD COLUMN x TEXT NOT NULL;",
    "ALTER TABLE small ADD COLUMN c TEXT;",
    "ALTER TABLE small ADD COLUMN c TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE small ADD COLUMN c TEXT CHECK (c IN ('x')); ALTER TABLE small DROP COLUMN c;",
    "CREATE INDEX small_n ON small (n);",
    "DROP INDEX small_b;",
    "CREATE TABLE new (a TEXT); CREATE UNIQUE INDEX new_a ON new (a); DROP INDEX new_a;",
    "INSERT INTO small (id, a, kind) VALUES (1, 'a', 'x');",
    "UPDATE small SET n = 1;",
    "DROP VIEW seen; CREATE VIEW seen AS SELECT id, a AS name, b FROM small;",
    "CREATE VIEW more AS SELECT * FROM small; DROP VIEW more;",
];

#[test]
fn what_only_adds_is_for_any_file() {
    for text in EXPAND {
        assert_eq!(postgres(&format!("{LIMIT}{text}")), Vec::<String>::new(), "postgres: {text}");
        assert_eq!(sqlite(text), Vec::<String>::new(), "sqlite: {text}");
    }
}

#[test]
fn what_takes_something_away_is_for_contract_steps() {
    let cases = [
        ("DROP TABLE small;", "drop-table 2"),
        ("ALTER TABLE small DROP COLUMN b;", "drop-column 2"),
        ("ALTER TABLE small RENAME COLUMN b TO c;", "rename 2"),
        ("ALTER TABLE small RENAME TO tiny;", "rename 2"),
        ("DROP VIEW seen;", "drop-object 2"),
        ("DROP VIEW seen; CREATE VIEW seen AS SELECT id FROM small;", "drop-object 2"),
        ("DROP VIEW seen; CREATE VIEW seen AS SELECT * FROM small;", "drop-object 2"),
        ("DROP INDEX big_a;", "drop-constraint 2"),
        ("CREATE UNIQUE INDEX small_n ON small (n);", "constraint 2"),
    ];
    for (text, code) in cases {
        assert_eq!(postgres(&format!("{LIMIT}{text}")), [code], "postgres: {text}");
        assert_eq!(sqlite(&format!("\n{text}")), [code], "sqlite: {text}");
        assert_eq!(contract(&format!("{LIMIT}{text}")), Vec::<String>::new(), "postgres: {text}");
        assert_eq!(sqlite_contract(text), Vec::<String>::new(), "sqlite: {text}");
    }
}

#[test]
fn the_same_of_postgres_alone() {
    let cases = [
        ("DROP TYPE mood;", "drop-object 2"),
        ("DROP FUNCTION f();", "drop-object 2"),
        ("ALTER TYPE mood RENAME VALUE 'good' TO 'fine';", "rename 2"),
        ("ALTER TABLE small DROP CONSTRAINT small_a_b_key;", "drop-constraint 2"),
        ("ALTER TABLE small DROP CONSTRAINT nobody_knows;", "drop-constraint 2"),
        ("ALTER TABLE small RENAME CONSTRAINT small_a_b_key TO k;", "rename 2"),
        ("ALTER TABLE small ALTER COLUMN n TYPE TEXT;", "column-type 2"),
        ("ALTER TABLE small ALTER COLUMN b SET NOT NULL;", "not-null 2"),
        ("ALTER TABLE small ALTER n DROP DEFAULT;", "not-null 2"),
        ("ALTER TABLE small ADD CONSTRAINT k CHECK (n > 0) NOT VALID;", "constraint 2"),
        ("ALTER TABLE small ADD UNIQUE (n);", "constraint 2"),
        ("ALTER TABLE small ADD FOREIGN KEY (b) REFERENCES big (a) NOT VALID;", "constraint 2"),
        ("CREATE TRIGGER t BEFORE INSERT ON small FOR EACH ROW EXECUTE FUNCTION f();", "trigger 2"),
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;",
            "unjudged 2",
        ),
        ("TRUNCATE small;", "unjudged 2"),
        ("ALTER TABLE small ENABLE ROW LEVEL SECURITY;", "unjudged 2"),
        ("GRANT SELECT ON small TO PUBLIC;", "unjudged 2"),
    ];
    for (text, code) in cases {
        assert_eq!(postgres(&format!("{LIMIT}{text}")), [code], "{text}");
        assert_eq!(contract(&format!("{LIMIT}{text}")), Vec::<String>::new(), "{text}");
    }
    let good = [
        "ALTER TYPE mood ADD VALUE 'bad';",
        "ALTER TABLE small ALTER COLUMN a DROP NOT NULL, ALTER COLUMN b SET DEFAULT '';",
        "ALTER TABLE small ALTER COLUMN a SET NOT NULL;",
        "ALTER TABLE small DROP CONSTRAINT small_kind_check;",
        "ALTER TABLE small DROP CONSTRAINT small_kind_check;
         ALTER TABLE small ADD CONSTRAINT k CHECK (kind IN ('y', 'x', 'z')) NOT VALID;",
        "CREATE TABLE new (a TEXT); ALTER TABLE new ADD CHECK (a <> ''), ALTER COLUMN a SET NOT NULL;",
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE TABLE new (a TEXT);
         CREATE TRIGGER t BEFORE INSERT ON new FOR EACH ROW EXECUTE FUNCTION g(); DROP FUNCTION g();",
        "ALTER TABLE big ADD CONSTRAINT k UNIQUE USING INDEX big_a;",
        "COMMENT ON TABLE small IS 'x'; SELECT 1;",
    ];
    for text in good {
        assert_eq!(postgres(&format!("{LIMIT}{text}")), Vec::<String>::new(), "{text}");
    }
    let narrower = "ALTER TABLE small DROP CONSTRAINT small_kind_check;
        ALTER TABLE small ADD CONSTRAINT k CHECK (kind IN ('x')) NOT VALID;";
    assert_eq!(postgres(&format!("{LIMIT}{narrower}")), ["constraint 3"]);
}

#[test]
fn a_pragma_is_one_of_sqlites_recipe() {
    assert_eq!(sqlite("PRAGMA foreign_keys = 0;"), Vec::<String>::new());
    assert_eq!(sqlite("PRAGMA writable_schema = 1;"), ["unjudged 1"]);
}

#[test]
fn what_can_never_work_no_contract_excuses() {
    let cases = [
        ("ALTER TABLE small ADD COLUMN c TEXT NOT NULL;", "new-column"),
        ("ALTER TABLE small ADD COLUMN c TEXT NOT NULL DEFAULT NULL;", "new-column"),
    ];
    for (text, code) in cases {
        assert_eq!(postgres(&format!("{LIMIT}{text}")), [format!("{code} 2")], "{text}");
        assert_eq!(sqlite(text), [format!("{code} 1")], "{text}");
        let found = contract(&format!("{LIMIT}DROP TABLE big;\n{text}"));
        assert_eq!(found, [format!("{code} 6")], "{text}");
    }
    let checked = "ALTER TABLE small ADD CONSTRAINT k CHECK (n > 0);";
    assert_eq!(postgres(&format!("{LIMIT}{checked}")), ["constraint 2", "not-valid 2"]);
    assert_eq!(contract(&format!("{LIMIT}{checked}")), ["not-valid 5"]);
}

#[test]
fn a_validated_check_makes_way_for_not_null() {
    let add = "ALTER TABLE small ADD CONSTRAINT k CHECK (b IS NOT NULL) NOT VALID;\n";
    let set = "ALTER TABLE small ALTER COLUMN b SET NOT NULL;";
    assert_eq!(postgres(&format!("{LIMIT}{add}{set}")), ["constraint 2", "not-null 3"]);
    let validate = "ALTER TABLE small VALIDATE CONSTRAINT k;\n";
    assert_eq!(postgres(&format!("{LIMIT}{add}{validate}{set}")), ["constraint 2"]);
}

#[test]
fn each_operation_of_an_alter_table_has_its_own_line() {
    let text =
        "ALTER TABLE small\n    ADD COLUMN c TEXT,\n    DROP COLUMN b,\n    ALTER COLUMN n\n    TYPE TEXT;";
    assert_eq!(postgres(&format!("{LIMIT}{text}")), ["drop-column 4", "column-type 5"]);
}

const COPY: &str = "INSERT INTO small_new (id, a, b, n, kind) SELECT id, a, b, n, kind FROM small;
DROP TABLE small;
ALTER TABLE small_new RENAME TO small;
CREATE INDEX small_b ON small (b);
CREATE TRIGGER keep BEFORE DELETE ON small BEGIN SELECT RAISE(ABORT, 'no'); END;
";
const SAME: &str = "CREATE TABLE small_new (id BIGINT PRIMARY KEY, a TEXT NOT NULL, b TEXT,
n BIGINT NOT NULL DEFAULT 0, kind TEXT NOT NULL CHECK (kind IN ('x', 'y')), UNIQUE (a, b));\n";

#[test]
fn sqlites_rebuild_is_judged_by_what_the_table_is_afterwards() {
    let with = |from: &str, to: &str| {
        let text = format!("{SAME}{COPY}");
        assert!(text.contains(from), "{from}");
        sqlite(&text.replacen(from, to, 1))
    };
    assert_eq!(with("", ""), Vec::<String>::new());
    assert_eq!(with("'y'))", "'y', 'z'))"), Vec::<String>::new(), "a wider CHECK");
    assert_eq!(with("a TEXT NOT NULL", "a TEXT"), Vec::<String>::new());
    assert_eq!(with("b TEXT,", "b TEXT, c TEXT NOT NULL DEFAULT '',"), Vec::<String>::new());
    assert_eq!(with("(id, a, b, n, kind) SELECT id, a, b, n, kind", "SELECT *"), Vec::<String>::new());
    assert_eq!(with("b TEXT,", "b TEXT, c TEXT NOT NULL,"), ["not-null 1"]);
    assert_eq!(with("b TEXT,", "b TEXT NOT NULL,"), ["not-null 1"]);
    assert_eq!(with("n BIGINT NOT NULL DEFAULT 0", "n BIGINT NOT NULL"), ["not-null 2"]);
    assert_eq!(with("n BIGINT", "n TEXT"), ["column-type 2"]);
    assert_eq!(with("'x', 'y'", "'x'"), ["constraint 2"]);
    assert_eq!(with(", UNIQUE (a, b)", ""), ["drop-constraint 5"]);
    assert_eq!(with(", UNIQUE (a, b)", ", UNIQUE (a)"), ["constraint 2", "drop-constraint 5"]);
    assert_eq!(with(", kind) SELECT", ") SELECT"), ["rebuild 5"]);
    assert_eq!(with("CREATE INDEX small_b ON small (b);", ""), ["rebuild 5"]);
    assert_eq!(with("CREATE TRIGGER keep BEFORE", "CREATE TRIGGER kept BEFORE"), ["rebuild 5", "trigger 7"]);
    assert_eq!(with("'no'", "'never'"), ["trigger 7"]);
    let without_b = format!("{SAME}{COPY}")
        .replace(" b TEXT,", "")
        .replace(", UNIQUE (a, b)", "")
        .replace("a, b, n", "a, n")
        .replace("CREATE INDEX small_b ON small (b);\n", "");
    assert_eq!(sqlite(&without_b), ["drop-column 5"]);
    assert_eq!(sqlite_contract(&without_b), Vec::<String>::new());
    assert_eq!(with("INSERT INTO small_new", "INSERT INTO big"), ["drop-table 4"], "nothing was copied");
}
