//! What a database holds after some of the files: as much of it as the rules ask for.

use sqlparser::ast::Expr;
use std::collections::BTreeMap;

/// Tables, indexes and the rest, by name.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The tables.
    pub tables: BTreeMap<String, Table>,
    /// The indexes that CREATE INDEX made.
    pub indexes: BTreeMap<String, Index>,
    /// Views, types, sequences and functions: `view board`.
    pub others: BTreeMap<String, Other>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The number of the file that made it.
    pub made_in: u32,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its constraints, those of columns too.
    pub constraints: Vec<Constraint>,
    /// Its triggers by name, each with its statement.
    pub triggers: BTreeMap<String, String>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in capitals.
    pub kind: String,
    /// It cannot be null.
    pub not_null: bool,
    /// Who does not name it gets a value: by a default, or because the database makes one.
    pub filled: bool,
    /// The number of the file that made it.
    pub made_in: u32,
    /// Where.
    pub line: usize,
}

/// What a constraint demands.
#[derive(Clone, Debug)]
pub enum Demand {
    /// An expression.
    Check(Box<Expr>),
    /// UNIQUE or PRIMARY KEY.
    Unique,
    /// A row of another table.
    Foreign,
    /// EXCLUDE.
    Exclude,
}

/// A constraint.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// Its name; the one that Postgres gives where it has none.
    pub name: String,
    /// What it demands.
    pub demand: Demand,
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// Its text without its name.
    pub text: String,
    /// The rows that were there are known to satisfy it.
    pub valid: bool,
    /// The number of the file that made it.
    pub made_in: u32,
    /// Where.
    pub line: usize,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its table.
    pub table: String,
    /// It allows each value once.
    pub unique: bool,
    /// Its columns; those of expressions are left out.
    pub columns: Vec<String>,
    /// The number of the file that made it.
    pub made_in: u32,
}

/// Something else.
#[derive(Clone, Debug)]
pub struct Other {
    /// A view's columns, where they can be told from its text.
    pub columns: Option<Vec<String>>,
    /// The number of the file that made it.
    pub made_in: u32,
}

impl Table {
    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// A column by name, to change it.
    pub fn column_mut(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|column| column.name == name)
    }

    /// Whether a validated CHECK says that a column is never null.
    pub fn is_checked_not_null(&self, column: &str) -> bool {
        self.constraints.iter().any(|constraint| match &constraint.demand {
            Demand::Check(expr) => match bare(expr) {
                Expr::IsNotNull(of) => {
                    constraint.valid && bare(of).to_string().to_lowercase().trim_matches('"') == column
                }
                _ => false,
            },
            _ => false,
        })
    }
}

impl Constraint {
    /// Whether whatever satisfies `old` satisfies this: the same, or a longer list of values for the same column.
    pub fn is_widened(&self, old: &Self) -> bool {
        let (Demand::Check(new), Demand::Check(old_expr)) = (&self.demand, &old.demand) else {
            return self.text == old.text;
        };
        match (bare(new), bare(old_expr)) {
            (
                Expr::InList { expr, list, negated: false },
                Expr::InList { expr: of, list: before, negated: false },
            ) => {
                let listed = |value: &Expr| list.iter().any(|other| other.to_string() == value.to_string());
                expr.to_string() == of.to_string() && before.iter().all(listed)
            }
            _ => self.text == old.text,
        }
    }

    /// Whether ON CONFLICT can name it.
    pub const fn is_unique(&self) -> bool {
        matches!(self.demand, Demand::Unique | Demand::Exclude)
    }
}

/// An expression without the parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}
