//! The rules, each with its code, what it expects and the other way to the same end. docs/migrations.md explains them.

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its code, which does not change.
    pub code: &'static str,
    /// Whether a contract step may do it.
    pub contract: bool,
    /// What is expected.
    pub expected: &'static str,
    /// What to do instead.
    pub mend: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $contract:literal $expected:literal $mend:literal)*) => {
        $(
            #[doc = concat!("`", $code, "`.")]
            pub const $name: Rule = Rule { code: $code, contract: $contract, expected: $expected, mend: $mend };
        )*
        /// All of them.
        #[cfg(test)]
        pub const ALL: &[&Rule] = &[$(&$name),*];
    };
}

// What only a contract step may do: the previous release would no longer work.
rules! {
    DROP_TABLE "drop-table" true
        "a table stays until no running release uses it"
        "stop using it in one release, and drop it in NNNN_contract_*.sql of a later one"
    DROP_COLUMN "drop-column" true
        "a column stays until no running release uses it"
        "stop using it in one release, and drop it in NNNN_contract_*.sql of a later one"
    RENAME "rename" true
        "a table, a column or a unique constraint keeps its name"
        "add the new one, write both for one release, copy the rows, and drop the old one in NNNN_contract_*.sql"
    DROP_OBJECT "drop-object" true
        "a view, a type, a sequence or a function stays, with its columns, until no running release uses it"
        "make it again in this file with at least the same columns, or drop it in NNNN_contract_*.sql"
    DROP_CONSTRAINT "drop-constraint" true
        "a unique constraint or index stays: writers name it in ON CONFLICT"
        "drop it in NNNN_contract_*.sql, when no running release names its columns in ON CONFLICT"
    COLUMN_TYPE "column-type" true
        "a column keeps its type: the previous release reads and writes the old one"
        "add a column of the new type, write both for one release, and drop the old one in NNNN_contract_*.sql"
    NOT_NULL "not-null" true
        "a column of an existing table takes what the previous release writes, also nothing"
        "give it a default; or, when every running release writes it, do it in NNNN_contract_*.sql (in Postgres after a \
         validated CHECK (… IS NOT NULL) any file may)"
    CONSTRAINT "constraint" true
        "an existing table takes what the previous release writes"
        "let one release keep to it first, then add it in NNNN_contract_*.sql"
    TRIGGER "trigger" true
        "no trigger stands between the previous release and an existing table"
        "let the program do it; or, when no running release can meet it, NNNN_contract_*.sql"
    UNJUDGED "unjudged" true
        "statements whose effect on the previous release can be seen"
        "write it as statements that docs/migrations.md names, or let a reviewer answer for it in NNNN_contract_*.sql"

    // What no file may do.
    NEW_COLUMN "new-column" false
        "a new column of an existing table may be null or has a default"
        "add it with a default, or without NOT NULL and fill it later"
    NOT_VALID "not-valid" false
        "a constraint on an existing table does not read all rows under its lock"
        "ADD CONSTRAINT … NOT VALID here, and VALIDATE CONSTRAINT in a later file"
    REWRITE "rewrite" false
        "a big table is not written anew under a lock"
        "add the column without it, fill it in batches, then make it what it is to be"
    INDEX_LOCK "index-lock" false
        "an index on a big table is made while others write"
        "CREATE INDEX CONCURRENTLY, alone in a file whose first line is -- no-transaction"
    CONCURRENTLY "concurrently" false
        "CONCURRENTLY stands alone in a file whose first line is -- no-transaction"
        "move it to a file of its own with that first line"
    LOCK_TIMEOUT "lock-timeout" false
        "who waits for a strong lock gives up soon: everybody else waits behind it"
        "SET LOCAL lock_timeout = '3s' before it (SET lock_timeout after -- no-transaction)"
    BULK_CHANGE "bulk-change" false
        "the rows of a big table are not changed in one file with DDL, whose locks last as long"
        "change them in a file of their own, or in batches by the program"
    TRANSACTION "transaction" false
        "a migration neither begins nor ends a transaction: it is run in one"
        "take it out; a file whose first line is -- no-transaction runs in none"
    REBUILD "rebuild" false
        "a table that is made anew keeps its rows, columns, indexes and triggers"
        "copy every column, and make every index and trigger again behind the RENAME"

    // What files are like.
    NUMBER "number" false
        "files are numbered 0001, 0002, … without a gap, each number once"
        "give the file the next free number"
    TWINS "twins" false
        "both databases have the same numbers and names"
        "add the other file; where there is nothing to do, it says so in a comment"
    RELEASED "released" false
        "a released migration stays, byte for byte: databases remember its checksum"
        "bring it back, and make the change in a new file"
    OLDEST "oldest" false
        "backend/migrations/oldest has a number from the newest contract step up to the newest migration"
        "write that number there when no code works on an older schema any more"
    HEADER "contract-header" false
        "NNNN_contract_*.sql begins with -- contract: WHY, -- reviewed-by: WHO and -- unused-since: vX.Y.Z"
        "write the lines; a file that is no contract step has none of them"
    UNNEEDED "contract-unneeded" false
        "a contract step does, in one of the databases, what only a contract step may"
        "name it NNNN_*.sql: a contract step keeps older releases from the database"
    UNUSED_SINCE "unused-since" false
        "unused-since names a release tag that is here and older than this file"
        "release what no longer uses it first; git fetch --tags if it is released"
    STILL_USED "still-used" false
        "no SQL of the release in unused-since says the name that goes"
        "name a later release; or, of another thing of that name: -- mentioned-but-unused: NAME WHY"
    FIRST_LINE "no-transaction" false
        "-- no-transaction is the first line, to the letter"
        "move it there, or take it out"
}
