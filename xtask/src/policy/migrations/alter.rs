//! What ALTER TABLE does to the schema, and what the rules say of it.

use super::columns::{Place, column, constraints_of, rewrite};
use super::rules;
use super::sql::{ident, line_or, plain};
use super::walk::Walk;
use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, Ident, RenameTableNameKind,
    Spanned as _,
};

impl Walk<'_> {
    pub(super) fn alter(&mut self, alter: &AlterTable, line: usize) {
        let table = plain(&alter.name);
        for operation in &alter.operations {
            let at = usize::try_from(operation.span().start.line).ok().filter(|line| *line > 0);
            self.operation(&table, operation, at.unwrap_or(line));
        }
    }

    fn operation(&mut self, table: &str, operation: &AlterTableOperation, line: usize) {
        match operation {
            AlterTableOperation::AddColumn { column_def, if_not_exists, .. } => {
                let known =
                    self.schema.tables.get(table).and_then(|own| own.column(&ident(&column_def.name)));
                if !(*if_not_exists && known.is_some()) {
                    self.add_column(table, column_def, line);
                }
            }
            AlterTableOperation::AddConstraint { constraint, not_valid } => {
                self.add_constraint(table, constraint, *not_valid, line);
            }
            AlterTableOperation::ValidateConstraint { name } => self.validate(table, &ident(name), line),
            AlterTableOperation::DropConstraint { name, .. } => {
                self.drop_constraint(table, &ident(name), line)
            }
            AlterTableOperation::DropColumn { column_names, .. } => {
                for name in column_names {
                    self.drop_column(table, name, line);
                }
            }
            AlterTableOperation::RenameColumn { old_column_name, new_column_name } => {
                self.rename_column(table, &ident(old_column_name), &ident(new_column_name), line);
            }
            AlterTableOperation::RenameTable { table_name } => {
                let (RenameTableNameKind::To(to) | RenameTableNameKind::As(to)) = table_name;
                self.rename_table(table, &plain(to), line);
            }
            AlterTableOperation::RenameConstraint { old_name, new_name } => {
                self.rename_constraint(table, &ident(old_name), &ident(new_name), line);
            }
            AlterTableOperation::AlterColumn { column_name, op } => {
                self.alter_column(table, &ident(column_name), op, line);
            }
            AlterTableOperation::OwnerTo { .. }
            | AlterTableOperation::SetOptionsParens { .. }
            | AlterTableOperation::ReplicaIdentity { .. } => {}
            other => {
                if self.is_old(table) {
                    self.say(&rules::UNJUDGED, line, format!("no rule knows what {other} does to others"));
                }
            }
        }
    }

    fn add_column(&mut self, table: &str, def: &ColumnDef, line: usize) {
        let place = Place { number: self.number, line };
        let new = column(def, place);
        if self.is_old(table) {
            if new.not_null && !new.filled {
                let what = format!("{table}.{} has no value in the rows that are there", new.name);
                self.say(&rules::NEW_COLUMN, line, what);
            }
            if let Some(why) = rewrite(def).filter(|_| self.is_big(table)) {
                self.say(&rules::REWRITE, line, format!("{table}.{}: {why}", new.name));
            }
        }
        let constraints = constraints_of(table, def, place);
        if let Some(own) = self.schema.tables.get_mut(table) {
            own.columns.push(new);
            own.constraints.extend(constraints);
        }
    }

    fn drop_column(&mut self, table: &str, name: &Ident, line: usize) {
        let (line, name) = (line_or(name, line), ident(name));
        if self.is_old_column(table, &name) {
            let what = format!("the column {table}.{name} goes");
            self.say_gone(&rules::DROP_COLUMN, line, what, table, Some(&name));
        }
        if let Some(own) = self.schema.tables.get_mut(table) {
            own.columns.retain(|column| column.name != name);
            own.constraints.retain(|constraint| !constraint.columns.contains(&name));
        }
    }

    fn rename_column(&mut self, table: &str, from: &str, to: &str, line: usize) {
        if self.is_old_column(table, from) {
            let what = format!("the column {table}.{from} is called {to}");
            self.say_gone(&rules::RENAME, line, what, table, Some(from));
        }
        let Some(own) = self.schema.tables.get_mut(table) else { return };
        if let Some(column) = own.column_mut(from) {
            to.clone_into(&mut column.name);
        }
        let about = own.constraints.iter_mut().flat_map(|constraint| &mut constraint.columns);
        about.filter(|name| *name == from).for_each(|name| to.clone_into(name));
    }

    fn rename_table(&mut self, from: &str, to: &str, line: usize) {
        if self.take_place(from, to) {
            return;
        }
        if self.is_old(from) {
            self.say_gone(&rules::RENAME, line, format!("the table {from} is called {to}"), from, None);
        }
        if let Some(own) = self.schema.tables.remove(from) {
            self.schema.tables.insert(to.to_owned(), own);
        }
        for index in self.schema.indexes.values_mut().filter(|index| index.table == from) {
            to.clone_into(&mut index.table);
        }
    }

    pub(super) fn alter_column(&mut self, table: &str, name: &str, op: &AlterColumnOperation, line: usize) {
        let old = self.is_old_column(table, name);
        let (big, own) = (self.is_big(table), self.schema.tables.get_mut(table));
        let checked = own.as_ref().is_some_and(|own| own.is_checked_not_null(name));
        let column = own.and_then(|own| own.column_mut(name));
        let not_null = column.as_ref().is_some_and(|column| column.not_null);
        match op {
            AlterColumnOperation::SetNotNull => {
                if old && !checked && !not_null {
                    self.say(&rules::NOT_NULL, line, format!("{table}.{name} has to be written from now on"));
                    if big {
                        let what = format!("{table}.{name} is read in all rows while nobody else may");
                        self.say(&rules::NOT_VALID, line, what);
                    }
                }
            }
            AlterColumnOperation::DropDefault => {
                if old && not_null {
                    let what = format!("{table}.{name} is not null and loses its default");
                    self.say(&rules::NOT_NULL, line, what);
                }
            }
            AlterColumnOperation::SetDataType { data_type, .. } => {
                if old {
                    self.say(&rules::COLUMN_TYPE, line, format!("{table}.{name} becomes {data_type}"));
                    if big {
                        self.say(
                            &rules::REWRITE,
                            line,
                            format!("{table}.{name}: another type writes all rows"),
                        );
                    }
                }
            }
            AlterColumnOperation::DropNotNull
            | AlterColumnOperation::SetDefault { .. }
            | AlterColumnOperation::AddGenerated { .. } => {}
        }
        let own = self.schema.tables.get_mut(table);
        let Some(column) = own.and_then(|own| own.column_mut(name)) else { return };
        match op {
            AlterColumnOperation::SetNotNull => column.not_null = true,
            AlterColumnOperation::DropNotNull => column.not_null = false,
            AlterColumnOperation::SetDefault { .. } | AlterColumnOperation::AddGenerated { .. } => {
                column.filled = true;
            }
            AlterColumnOperation::DropDefault => column.filled = false,
            AlterColumnOperation::SetDataType { data_type, .. } => {
                column.kind = data_type.to_string().to_uppercase();
            }
        }
    }
}
