//! One database's files, statement by statement: what the schema is before each, what it is after, and what the rules say.

use super::names::Database;
use super::rebuild::{Rebuild, Replaced};
use super::rules::{self, Rule};
use super::schema::{Constraint, Other, Schema};
use super::sql::Stated;

/// Something that a rule says of a statement.
#[derive(Clone, Debug)]
pub struct Item {
    /// The line.
    pub line: usize,
    /// The rule.
    pub rule: &'static Rule,
    /// What stands there.
    pub what: String,
    /// What is not there any more after it: a table, or a table and its column.
    pub gone: Option<Gone>,
}

/// A table or a column that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The table.
    pub table: String,
    /// The column; none if the whole table goes.
    pub column: Option<String>,
}

/// The way through the files.
#[derive(Debug)]
pub struct Walk<'a> {
    pub(super) database: Database,
    big: &'a [String],
    /// The number of the present file.
    pub(super) number: u32,
    /// What the files up to here made.
    pub schema: Schema,
    pub(super) items: Vec<Item>,
    /// The tables that the present file makes anew.
    pub(super) rebuilds: Vec<Rebuild>,
    pub(super) replaced: Vec<Replaced>,
    /// What the present file took away, until it is known what it puts there: the table and its constraint.
    pub(super) freed: Vec<(String, Constraint)>,
    /// The same of views: line, name and columns.
    pub(super) hidden: Vec<(usize, String, Other)>,
}

impl<'a> Walk<'a> {
    /// From an empty database.
    pub fn new(database: Database, big: &'a [String]) -> Self {
        Self {
            database,
            big,
            number: 0,
            schema: Schema::default(),
            items: Vec::new(),
            rebuilds: Vec::new(),
            replaced: Vec::new(),
            freed: Vec::new(),
            hidden: Vec::new(),
        }
    }

    /// Goes through the next file.
    pub fn file(&mut self, number: u32, statements: &[Stated]) -> Vec<Item> {
        self.number = number;
        if self.database == Database::Sqlite {
            self.rebuilds = Rebuild::find(statements);
        }
        for stated in statements {
            self.statement(stated);
        }
        self.end_of_rebuilds();
        self.end_of_views();
        self.freed.clear();
        self.rebuilds.clear();
        std::mem::take(&mut self.items)
    }

    pub(super) fn say(&mut self, rule: &'static Rule, line: usize, what: impl Into<String>) {
        self.items.push(Item { line, rule, what: what.into(), gone: None });
    }

    pub(super) fn say_gone(
        &mut self,
        rule: &'static Rule,
        line: usize,
        what: String,
        table: &str,
        column: Option<&str>,
    ) {
        let gone = Gone { table: table.to_owned(), column: column.map(str::to_owned) };
        self.items.push(Item { line, rule, what, gone: Some(gone) });
    }

    /// Whether a table was there before this file. One that no file made counts as there: the database knows better.
    pub(super) fn is_old(&self, table: &str) -> bool {
        self.schema.tables.get(table).is_none_or(|table| table.made_in < self.number)
    }

    /// The same of a column.
    pub(super) fn is_old_column(&self, table: &str, column: &str) -> bool {
        let found = self.schema.tables.get(table).and_then(|table| table.column(column));
        self.is_old(table) && found.is_none_or(|column| column.made_in < self.number)
    }

    /// Whether a table is one of those that grow without bound, in the database where that matters.
    pub(super) fn is_big(&self, table: &str) -> bool {
        self.database == Database::Postgres && self.big.iter().any(|big| big == table)
    }

    /// What an old table did not demand before.
    pub(super) fn demand(&mut self, table: &str, new: &Constraint) {
        let about_old =
            new.columns.is_empty() || new.columns.iter().any(|name| self.is_old_column(table, name));
        let widened = self.freed.iter().any(|(of, old)| of == table && new.is_widened(old));
        if about_old && !widened {
            self.say(
                &rules::CONSTRAINT,
                new.line,
                format!("{table} has to satisfy {} from now on", new.text),
            );
        }
    }

    fn end_of_views(&mut self) {
        for (line, name, old) in std::mem::take(&mut self.hidden) {
            let again = self.schema.others.get(&name);
            let whole = again.is_some_and(|new| match (&old.columns, &new.columns) {
                (Some(old), Some(new)) => old.iter().all(|column| new.contains(column)),
                _ => false,
            });
            if !whole {
                let lost =
                    if again.is_some() { "does not come back with all of its columns" } else { "goes" };
                self.say(&rules::DROP_OBJECT, line, format!("the {name} {lost}"));
            }
        }
    }
}
