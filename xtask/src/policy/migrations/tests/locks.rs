//! Locks, transactions and what writes or reads all rows.

use super::{LIMIT, contract, postgres, sqlite};

#[test]
fn who_waits_for_a_strong_lock_gives_up_soon() {
    let strong = [
        "ALTER TABLE small ADD COLUMN c TEXT;",
        "CREATE INDEX small_n ON small (n);",
        "DROP INDEX small_b;",
        "CREATE TABLE new (id BIGINT REFERENCES small (id));",
        "CREATE TABLE new (id BIGINT, FOREIGN KEY (id) REFERENCES small (id));",
        "LOCK TABLE small;",
    ];
    for text in strong {
        assert_eq!(postgres(&format!("\n{text}")), ["lock-timeout 2"], "{text}");
        assert_eq!(postgres(&format!("{text}\n{LIMIT}")), ["lock-timeout 1"], "{text}");
        assert_eq!(
            postgres(&format!("SET LOCAL lock_timeout = 5000;\n{text}")),
            Vec::<String>::new(),
            "{text}"
        );
        assert_eq!(postgres(&format!("SET LOCAL lock_timeout = 0;\n{text}")), ["lock-timeout 2"], "{text}");
        assert_eq!(postgres(&format!("SET lock_timeout = '3s';\n{text}")), ["lock-timeout 2"], "{text}");
        let outside = format!("-- no-transaction\nSET lock_timeout = '3s';\n{text}");
        assert_eq!(postgres(&outside), Vec::<String>::new(), "{text}");
    }
    for text in
        ["CREATE TABLE new (a TEXT);", "UPDATE small SET n = 1;", "ALTER TABLE big VALIDATE CONSTRAINT x;"]
    {
        assert_eq!(postgres(text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(sqlite("ALTER TABLE small ADD COLUMN c TEXT;"), Vec::<String>::new());
    assert_eq!(contract("DROP TABLE small;"), ["lock-timeout 4"]);
    assert_eq!(contract("DROP VIEW seen;"), ["lock-timeout 4"]);
}

#[test]
fn an_index_on_a_big_table_is_made_while_others_write() {
    let index = "CREATE INDEX big_b ON big (b);";
    assert_eq!(postgres(&format!("{LIMIT}{index}")), ["index-lock 2"]);
    assert_eq!(sqlite(index), Vec::<String>::new());
    let unique = "ALTER TABLE big ADD CONSTRAINT k UNIQUE (b);";
    assert_eq!(contract(&format!("{LIMIT}{unique}")), ["index-lock 5"]);
    let within = "CREATE INDEX CONCURRENTLY big_b ON big (b);";
    assert_eq!(postgres(&format!("-- no-transaction\n{within}")), Vec::<String>::new());
    assert_eq!(postgres(within), ["concurrently 1"]);
    assert_eq!(postgres(&format!("-- no-transaction\n{within}\nSELECT 1;")), ["concurrently 2"]);
    assert_eq!(
        postgres(&format!("-- Why.\n-- no-transaction\n{within}")),
        ["no-transaction 2", "concurrently 3"]
    );
    assert_eq!(postgres(&format!("--no-transaction\n{within}")), ["no-transaction 1", "concurrently 2"]);
    assert_eq!(postgres("-- no-transaction, because of x\nSELECT 1;"), ["no-transaction 1"]);
    assert_eq!(postgres("-- no-transaction\nDROP INDEX CONCURRENTLY small_b;"), Vec::<String>::new());
    assert_eq!(postgres("\nDROP INDEX CONCURRENTLY IF EXISTS small_b;"), ["concurrently 2"]);
}

#[test]
fn no_file_writes_a_big_table_anew() {
    let cases = [
        ("DEFAULT now()", false),
        ("DEFAULT ''", false),
        ("DEFAULT (1 + 2)", false),
        ("DEFAULT 'f()'", false),
        ("DEFAULT random()", true),
        ("DEFAULT gen_random_uuid()", true),
        ("DEFAULT md5(random()::text)", true),
        ("GENERATED ALWAYS AS (upper(a)) STORED", true),
        ("GENERATED ALWAYS AS IDENTITY", true),
        ("UNIQUE", true),
    ];
    for (options, wanted) in cases {
        let found = postgres(&format!("{LIMIT}ALTER TABLE big ADD COLUMN c TEXT {options};"));
        assert_eq!(found, if wanted { vec!["rewrite 2"] } else { vec![] }, "{options}");
        let small = postgres(&format!("{LIMIT}ALTER TABLE small ADD COLUMN c TEXT {options};"));
        assert_eq!(small, Vec::<String>::new(), "{options}");
    }
    assert_eq!(postgres(&format!("{LIMIT}ALTER TABLE big ADD COLUMN c BIGSERIAL;")), ["rewrite 2"]);
    assert_eq!(contract(&format!("{LIMIT}ALTER TABLE big ALTER b TYPE BYTEA;")), ["rewrite 5"]);
    assert_eq!(contract(&format!("{LIMIT}ALTER TABLE big ALTER b SET NOT NULL;")), ["not-valid 5"]);
    let at_once =
        "ALTER TABLE big ADD CONSTRAINT k CHECK (b <> '') NOT VALID;\nALTER TABLE big VALIDATE CONSTRAINT k;";
    assert_eq!(contract(&format!("{LIMIT}{at_once}")), ["not-valid 6"]);
}

#[test]
fn rows_of_a_big_table_do_not_change_beside_ddl() {
    let ddl = "ALTER TABLE small ADD COLUMN c TEXT;\n";
    for text in ["UPDATE big SET b = '';", "DELETE FROM big;", "UPDATE big SET b = '' WHERE b IS NULL;"] {
        assert_eq!(postgres(&format!("{LIMIT}{ddl}{text}")), ["bulk-change 3"], "{text}");
        let outside = format!("-- no-transaction\nSET lock_timeout = '3s';\n{ddl}{text}");
        assert_eq!(postgres(&outside), ["bulk-change 4"], "statements that are sent together are one");
        assert_eq!(postgres(text), Vec::<String>::new(), "{text}");
        assert_eq!(sqlite(&format!("{ddl}{text}")), Vec::<String>::new(), "{text}");
    }
    assert_eq!(postgres(&format!("{LIMIT}{ddl}UPDATE small SET b = '';")), Vec::<String>::new());
}

#[test]
fn a_migration_neither_begins_nor_ends_a_transaction() {
    for text in ["BEGIN;", "COMMIT;", "ROLLBACK;", "SAVEPOINT x;"] {
        assert_eq!(postgres(text), ["transaction 1"], "{text}");
        assert_eq!(sqlite(&format!("\n{text}")), ["transaction 2"], "{text}");
    }
}
