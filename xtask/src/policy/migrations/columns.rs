//! Columns and constraints as they are written, made into those of the schema.

use super::schema::{Column, Constraint, Demand};
use super::sql::{ident, line_or, plain, words};
use sqlparser::ast::{
    ColumnDef, ColumnOption, Expr, GeneratedExpressionMode, Ident, IndexColumn, Spanned as _,
    TableConstraint, Value,
};

/// Where something is made: its file's number, and the line of its statement.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The file's number.
    pub number: u32,
    /// The line.
    pub line: usize,
}

/// A column of a definition.
pub fn column(def: &ColumnDef, place: Place) -> Column {
    let kind = def.data_type.to_string().to_uppercase();
    let any = |test: fn(&ColumnOption) -> bool| def.options.iter().any(|option| test(&option.option));
    let primary = any(|option| matches!(option, ColumnOption::PrimaryKey(_)));
    let filled = any(|option| match option {
        ColumnOption::Default(value) => !is_null(value),
        ColumnOption::Generated { .. } | ColumnOption::Identity(_) => true,
        _ => false,
    });
    Column {
        name: ident(&def.name),
        not_null: primary || any(|option| matches!(option, ColumnOption::NotNull)),
        filled: filled || is_serial(&kind) || (primary && kind == "INTEGER"),
        kind,
        made_in: place.number,
        line: line_or(&def.name, place.line),
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

fn is_serial(kind: &str) -> bool {
    kind.ends_with("SERIAL")
}

/// The functions that Postgres evaluates once for all rows that are there, so that adding the column writes none.
const STABLE: [&str; 16] = [
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "lower",
    "upper",
    "md5",
    "coalesce",
    "cast",
    "extract",
    "numeric",
    "varchar",
];

/// What makes Postgres write every row of the table that the column is added to.
pub fn rewrite(def: &ColumnDef) -> Option<String> {
    if is_serial(&def.data_type.to_string().to_uppercase()) {
        return Some(format!("{} numbers all rows", def.data_type));
    }
    def.options.iter().find_map(|option| match &option.option {
        ColumnOption::Default(value) => words(&value.to_string())
            .into_iter()
            .find(|(word, called)| *called && !STABLE.contains(&word.as_str()))
            .map(|(word, _)| format!("the default calls {word}() for each row")),
        ColumnOption::Generated { generation_expr: Some(_), generation_expr_mode, .. } => {
            let stored = *generation_expr_mode != Some(GeneratedExpressionMode::Virtual);
            stored.then(|| "a stored generated column is made for each row".to_owned())
        }
        ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
            Some("an identity column numbers all rows".to_owned())
        }
        ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_) => {
            Some("a unique column makes its index from all rows".to_owned())
        }
        _ => None,
    })
}

/// The constraints that a column's definition brings.
pub fn constraints_of(table: &str, def: &ColumnDef, place: Place) -> Vec<Constraint> {
    let own = ident(&def.name);
    let made = |name: &Option<Ident>, demand: Demand, suffix: &str, text: String| Constraint {
        name: name.as_ref().map_or_else(|| format!("{table}_{suffix}"), ident),
        demand,
        columns: vec![own.clone()],
        text,
        valid: true,
        made_in: place.number,
        line: line_or(&def.name, place.line),
    };
    let one = |option: &sqlparser::ast::ColumnOptionDef| {
        let name = &option.name;
        Some(match &option.option {
            ColumnOption::Check(check) => made(
                name,
                Demand::Check(check.expr.clone()),
                &format!("{own}_check"),
                format!("CHECK ({})", check.expr),
            ),
            ColumnOption::Unique(_) => {
                made(name, Demand::Unique, &format!("{own}_key"), format!("UNIQUE ({own})"))
            }
            ColumnOption::PrimaryKey(_) => made(name, Demand::Unique, "pkey", format!("UNIQUE ({own})")),
            ColumnOption::ForeignKey(key) => {
                let text = format!("FOREIGN KEY ({own}) {}", plain(&key.foreign_table));
                made(name, Demand::Foreign, &format!("{own}_fkey"), text)
            }
            _ => return None,
        })
    };
    def.options.iter().filter_map(one).collect()
}

/// A table's constraint. None of one that only names an index: what it demands, the index demands already.
pub fn constraint(
    table: &str,
    columns: &[Column],
    written: &TableConstraint,
    place: Place,
) -> Option<Constraint> {
    let indexed = |list: &[IndexColumn]| -> Vec<String> { list.iter().filter_map(column_of).collect() };
    let (name, demand, about, suffix, text) = match written {
        TableConstraint::Check(check) => {
            let said = words(&check.expr.to_string());
            let about: Vec<String> = columns
                .iter()
                .filter(|column| said.iter().any(|(word, _)| *word == column.name))
                .map(|column| column.name.clone())
                .collect();
            let suffix = if about.len() == 1 { format!("{}_check", about[0]) } else { "check".to_owned() };
            let text = format!("CHECK ({})", check.expr);
            (&check.name, Demand::Check(check.expr.clone()), about, suffix, text)
        }
        TableConstraint::Unique(unique) => {
            let about = indexed(&unique.columns);
            let text = format!("UNIQUE ({})", about.join(", "));
            (&unique.name, Demand::Unique, about.clone(), format!("{}_key", about.join("_")), text)
        }
        TableConstraint::PrimaryKey(primary) => {
            let about = indexed(&primary.columns);
            let text = format!("UNIQUE ({})", about.join(", "));
            (&primary.name, Demand::Unique, about, "pkey".to_owned(), text)
        }
        TableConstraint::ForeignKey(key) => {
            let about: Vec<String> = key.columns.iter().map(ident).collect();
            let text = format!("FOREIGN KEY ({}) {}", about.join(", "), plain(&key.foreign_table));
            (&key.name, Demand::Foreign, about.clone(), format!("{}_fkey", about.join("_")), text)
        }
        TableConstraint::Exclude(exclude) => {
            (&exclude.name, Demand::Exclude, Vec::new(), "excl".to_owned(), exclude.to_string())
        }
        _ => return None,
    };
    let span = usize::try_from(written.span().start.line).ok().filter(|line| *line > 0);
    Some(Constraint {
        name: name.as_ref().map_or_else(|| format!("{table}_{suffix}"), ident),
        demand,
        columns: about,
        text,
        valid: true,
        made_in: place.number,
        line: span.unwrap_or(place.line),
    })
}

/// The column of an index, unless it is an expression.
pub fn column_of(column: &IndexColumn) -> Option<String> {
    match &column.column.expr {
        Expr::Identifier(name) => Some(ident(name)),
        _ => None,
    }
}
