//! SQLite's way to change a table: make a new one, copy the rows, drop the old one, give the new one its name.
//!
//! It is judged by what the table is afterwards, not as a drop and a rename.

use super::rules;
use super::schema::{Column, Index, Table};
use super::sql::{Stated, plain};
use super::walk::Walk;
use sqlparser::ast::{
    AlterTableOperation, ObjectType, Query, RenameTableNameKind, SetExpr, Statement, TableFactor, TableObject,
};

/// A table that a file makes anew.
#[derive(Clone, Debug)]
pub struct Rebuild {
    old: String,
    new: String,
    /// The columns that are copied; none if all are, by their places.
    copied: Option<Vec<String>>,
    line: usize,
}

/// A table that was dropped to be replaced.
#[derive(Clone, Debug)]
pub struct Replaced {
    /// Its name.
    pub name: String,
    /// What it was.
    pub table: Table,
    indexes: Vec<(String, Index)>,
    line: usize,
}

impl Replaced {
    /// Whether it was unique in these columns.
    pub fn has_unique(&self, columns: &[String]) -> bool {
        let index = self.indexes.iter().any(|(_, index)| index.unique && index.columns == columns);
        index || self.table.constraints.iter().any(|own| own.is_unique() && own.columns == columns)
    }
}

impl Rebuild {
    /// The tables that these statements make anew: made, filled from the old one, which is dropped, and renamed.
    pub fn find(statements: &[Stated]) -> Vec<Self> {
        let renamed = statements.iter().enumerate().filter_map(|(at, stated)| {
            let Statement::AlterTable(alter) = &stated.sql else { return None };
            let [AlterTableOperation::RenameTable { table_name }] = alter.operations.as_slice() else {
                return None;
            };
            let (RenameTableNameKind::To(to) | RenameTableNameKind::As(to)) = table_name;
            Some((at, plain(to), plain(&alter.name)))
        });
        renamed
            .filter_map(|(at, old, new)| {
                let (before, line) = (&statements[..at], statements[at].line);
                let made = before.iter().position(|stated| {
                    matches!(&stated.sql, Statement::CreateTable(table) if plain(&table.name) == new)
                })?;
                let dropped = before.iter().position(|stated| {
                    matches!(&stated.sql, Statement::Drop { object_type: ObjectType::Table, names, .. }
                        if names.iter().any(|name| plain(name) == old))
                })?;
                let copied = before.get(made..dropped)?.iter().find_map(|stated| copy(stated, &old, &new))?;
                Some(Self { old, new, copied, line })
            })
            .collect()
    }
}

/// The columns of `INSERT INTO new … SELECT … FROM old`.
fn copy(stated: &Stated, old: &str, new: &str) -> Option<Option<Vec<String>>> {
    let Statement::Insert(insert) = &stated.sql else { return None };
    let TableObject::TableName(into) = &insert.table else { return None };
    let reads = |query: &Query| match query.body.as_ref() {
        SetExpr::Select(select) => select
            .from
            .iter()
            .any(|from| matches!(&from.relation, TableFactor::Table { name, .. } if plain(name) == old)),
        _ => false,
    };
    let copies = plain(into) == new && insert.source.as_ref().is_some_and(|query| reads(query));
    let columns: Vec<String> = insert.columns.iter().map(plain).collect();
    copies.then_some((!columns.is_empty()).then_some(columns))
}

impl Walk<'_> {
    /// Takes a table away that another is to replace; false if none is.
    pub(super) fn set_aside(&mut self, name: &str) -> bool {
        let Some(rebuild) = self.rebuilds.iter().find(|rebuild| rebuild.old == name) else { return false };
        let line = rebuild.line;
        let Some(table) = self.schema.tables.remove(name) else { return false };
        let (own, others) = std::mem::take(&mut self.schema.indexes)
            .into_iter()
            .partition::<Vec<_>, _>(|(_, index)| index.table == name);
        self.schema.indexes = others.into_iter().collect();
        self.replaced.push(Replaced { name: name.to_owned(), table, indexes: own, line });
        true
    }

    /// Gives a new table the place of the one that was set aside; false if it replaces none.
    pub(super) fn take_place(&mut self, new: &str, name: &str) -> bool {
        let rebuild = self.rebuilds.iter().find(|rebuild| rebuild.new == new && rebuild.old == name).cloned();
        let old = self.replaced.iter().find(|old| old.name == name).map(|old| old.table.clone());
        let (Some(rebuild), Some(old)) = (rebuild, old) else { return false };
        let Some(mut table) = self.schema.tables.remove(new) else { return false };
        if old.made_in < self.number {
            self.compare(name, &old, &table, &rebuild);
        }
        table.made_in = old.made_in;
        for column in &mut table.columns {
            column.made_in = old.column(&column.name).map_or(column.made_in, |old| old.made_in);
        }
        for own in &mut table.constraints {
            // Names that were made from the table's: they follow it in the model, as its columns do.
            own.name = own.name.replacen(&format!("{new}_"), &format!("{name}_"), 1);
        }
        self.schema.tables.insert(name.to_owned(), table);
        true
    }

    fn compare(&mut self, name: &str, old: &Table, new: &Table, rebuild: &Rebuild) {
        for was in &old.columns {
            let Some(is) = new.column(&was.name) else {
                let what = format!("{name} comes back without the column {}", was.name);
                self.say_gone(&rules::DROP_COLUMN, rebuild.line, what, name, Some(&was.name));
                continue;
            };
            if is.kind != was.kind {
                let what = format!("{name}.{} was {} and is {}", is.name, was.kind, is.kind);
                self.say(&rules::COLUMN_TYPE, is.line, what);
            }
            let must = |column: &Column| column.not_null && !column.filled;
            if (is.not_null && !was.not_null) || (must(is) && !must(was)) {
                let what = format!("{name}.{} has to be written from now on", is.name);
                self.say(&rules::NOT_NULL, is.line, what);
            }
            if rebuild.copied.as_ref().is_some_and(|copied| !copied.contains(&was.name)) {
                let what = format!("{name}.{} is not copied", was.name);
                self.say(&rules::REBUILD, rebuild.line, what);
            }
        }
        for is in new.columns.iter().filter(|is| old.column(&is.name).is_none()) {
            if is.not_null && !is.filled {
                let what = format!("the new column {name}.{} has to be written", is.name);
                self.say(&rules::NOT_NULL, is.line, what);
            }
        }
        for is in &new.constraints {
            let about_old = is.columns.is_empty() || is.columns.iter().any(|own| old.column(own).is_some());
            if about_old && !old.constraints.iter().any(|was| is.is_widened(was)) {
                self.say(
                    &rules::CONSTRAINT,
                    is.line,
                    format!("{name} has to satisfy {} from now on", is.text),
                );
            }
        }
        for was in old.constraints.iter().filter(|was| was.is_unique()) {
            let kept = new.constraints.iter().any(|is| is.is_unique() && is.columns == was.columns);
            if !kept && was.columns.iter().all(|own| new.column(own).is_some()) {
                self.say(
                    &rules::DROP_CONSTRAINT,
                    rebuild.line,
                    format!("{name} comes back without {}", was.text),
                );
            }
        }
    }

    /// Says which indexes and triggers went with a table and did not come back.
    pub(super) fn end_of_rebuilds(&mut self) {
        for old in std::mem::take(&mut self.replaced) {
            let Some(table) = self.schema.tables.get(&old.name).cloned() else { continue };
            for (name, index) in old.indexes {
                let back = self.schema.indexes.get(&name).is_some_and(|new| new.table == old.name);
                if !back && index.columns.iter().all(|own| table.column(own).is_some()) {
                    let rule = if index.unique { &rules::DROP_CONSTRAINT } else { &rules::REBUILD };
                    self.say(rule, old.line, format!("{} comes back without its index {name}", old.name));
                }
            }
            for name in old.table.triggers.keys().filter(|name| !table.triggers.contains_key(*name)) {
                let what = format!("{} comes back without its trigger {name}", old.name);
                self.say(&rules::REBUILD, old.line, what);
            }
        }
    }
}
