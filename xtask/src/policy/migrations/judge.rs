//! What a statement does to the schema, and what the rules say of it. ALTER TABLE is judged in `alter`.

use super::columns::{Place, column, column_of, constraint, constraints_of};
use super::rules;
use super::schema::{Index, Other, Table};
use super::sql::{Stated, ident, plain};
use super::walk::Walk;
use sqlparser::ast::{
    AlterIndexOperation, AlterTypeOperation, CreateIndex, CreateTable, CreateTrigger, CreateView, Expr,
    ObjectType, SelectItem, SetExpr, Statement,
};
use std::collections::BTreeMap;

/// What SQLite's own recipe for changing tables sets.
const PRAGMAS: [&str; 4] = ["foreign_keys", "defer_foreign_keys", "foreign_key_check", "legacy_alter_table"];

impl Walk<'_> {
    pub(super) fn statement(&mut self, stated: &Stated) {
        let line = stated.line;
        match &stated.sql {
            Statement::AlterTable(alter) => self.alter(alter, line),
            Statement::CreateTable(table) => self.create_table(table, line),
            Statement::CreateIndex(index) => self.create_index(index, line),
            Statement::CreateView(view) => self.create_view(view),
            Statement::CreateTrigger(trigger) => self.create_trigger(trigger, line),
            Statement::DropTrigger(trigger) => {
                let name = plain(&trigger.trigger_name);
                for table in self.schema.tables.values_mut() {
                    table.triggers.remove(&name);
                }
            }
            Statement::Drop { object_type, names, if_exists, .. } => {
                for name in names.iter().map(plain) {
                    if !(*if_exists && self.is_unknown(*object_type, &name)) {
                        self.drop_one(*object_type, &name, line);
                    }
                }
            }
            Statement::DropFunction(functions) => {
                for function in &functions.func_desc {
                    self.drop_other("function", &plain(&function.name), line);
                }
            }
            Statement::CreateFunction(function) => {
                let name = format!("function {}", plain(&function.name));
                if self.schema.others.get(&name).is_some_and(|old| old.made_in < self.number) {
                    self.say(&rules::UNJUDGED, line, format!("the {name} does something else from now on"));
                }
                self.make(name, None);
            }
            Statement::CreateType { name, .. } => self.make(format!("type {}", plain(name)), None),
            Statement::CreateSequence { name, .. } => self.make(format!("sequence {}", plain(name)), None),
            Statement::CreateVirtualTable { name, .. } => {
                let table = Table { made_in: self.number, ..Table::default() };
                self.schema.tables.insert(plain(name), table);
            }
            Statement::AlterType(alter) => {
                if !matches!(alter.operation, AlterTypeOperation::AddValue(_)) {
                    self.say(
                        &rules::RENAME,
                        line,
                        format!("the type {}, or a value of it, gets a name", plain(&alter.name)),
                    );
                }
            }
            Statement::AlterIndex { name, operation: AlterIndexOperation::RenameIndex { index_name } } => {
                if let Some(index) = self.schema.indexes.remove(&plain(name)) {
                    self.schema.indexes.insert(plain(index_name), index);
                }
            }
            Statement::Truncate(truncate) => {
                for table in truncate.table_names.iter().map(|target| plain(&target.name)) {
                    if self.is_old(&table) {
                        self.say(&rules::UNJUDGED, line, format!("all rows of {table} go"));
                    }
                }
            }
            Statement::Pragma { name, .. } => {
                if !PRAGMAS.contains(&plain(name).as_str()) {
                    self.say(
                        &rules::UNJUDGED,
                        line,
                        format!("no rule knows what PRAGMA {name} does to others"),
                    );
                }
            }
            // Rows, settings and what only the whole file can be judged by (see `locks`).
            Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Query(_)
            | Statement::Set(_)
            | Statement::Comment { .. }
            | Statement::Analyze(_)
            | Statement::Vacuum(_)
            | Statement::Lock(_)
            | Statement::CreateExtension(_)
            | Statement::CreateSchema { .. }
            | Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. } => {}
            other => {
                let text = other.to_string();
                let begin = text.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
                self.say(&rules::UNJUDGED, line, format!("no rule knows what {begin} … does to others"));
            }
        }
    }

    fn make(&mut self, name: String, columns: Option<Vec<String>>) {
        self.schema.others.insert(name, Other { columns, made_in: self.number });
    }

    fn create_table(&mut self, create: &CreateTable, line: usize) {
        let name = plain(&create.name);
        if create.if_not_exists && self.schema.tables.contains_key(&name) {
            return;
        }
        let place = Place { number: self.number, line };
        let columns: Vec<_> = create.columns.iter().map(|def| column(def, place)).collect();
        let mut constraints: Vec<_> =
            create.columns.iter().flat_map(|def| constraints_of(&name, def, place)).collect();
        let written = create.constraints.iter();
        constraints.extend(written.filter_map(|written| constraint(&name, &columns, written, place)));
        let table = Table { made_in: self.number, columns, constraints, triggers: BTreeMap::new() };
        self.schema.tables.insert(name, table);
    }

    fn create_index(&mut self, create: &CreateIndex, line: usize) {
        let table = plain(&create.table_name);
        let columns: Vec<String> = create.columns.iter().filter_map(column_of).collect();
        let about_old = columns.len() < create.columns.len()
            || columns.iter().any(|name| self.is_old_column(&table, name));
        // SQLite's rebuild drops the table's indexes with it: those that come back are nothing new.
        let known = self.replaced.iter().any(|old| old.name == table && old.has_unique(&columns));
        if create.unique && self.is_old(&table) && about_old && !known {
            let what = format!("{table} has to be unique in ({}) from now on", columns.join(", "));
            self.say(&rules::CONSTRAINT, line, what);
        }
        if let Some(name) = &create.name {
            let index = Index { table, unique: create.unique, columns, made_in: self.number };
            self.schema.indexes.insert(plain(name), index);
        }
    }

    fn create_view(&mut self, view: &CreateView) {
        let named: Vec<String> = view.columns.iter().map(|column| ident(&column.name)).collect();
        let columns = if named.is_empty() { projection(&view.query.body) } else { Some(named) };
        self.make(format!("view {}", plain(&view.name)), columns);
    }

    fn create_trigger(&mut self, trigger: &CreateTrigger, line: usize) {
        let (table, name, text) = (plain(&trigger.table_name), plain(&trigger.name), trigger.to_string());
        let before = self.replaced.iter().find(|old| old.name == table);
        let known = before.is_some_and(|old| old.table.triggers.get(&name) == Some(&text));
        if self.is_old(&table) && !known {
            self.say(&rules::TRIGGER, line, format!("the trigger {name} acts on what is written to {table}"));
        }
        if let Some(table) = self.schema.tables.get_mut(&table) {
            table.triggers.insert(name, text);
        }
    }

    /// Whether no file made it, so that IF EXISTS finds nothing.
    fn is_unknown(&self, kind: ObjectType, name: &str) -> bool {
        match kind {
            ObjectType::Table => !self.schema.tables.contains_key(name),
            ObjectType::Index => !self.schema.indexes.contains_key(name),
            other => {
                let kind = other.to_string().to_lowercase();
                let kind = kind.trim_start_matches("materialized ");
                !self.schema.others.contains_key(&format!("{kind} {name}"))
            }
        }
    }

    fn drop_one(&mut self, kind: ObjectType, name: &str, line: usize) {
        match kind {
            ObjectType::Table => self.drop_table(name, line),
            ObjectType::View | ObjectType::MaterializedView => {
                let name = format!("view {name}");
                let unknown = Other { columns: None, made_in: 0 };
                let old = self.schema.others.remove(&name).unwrap_or(unknown);
                if old.made_in < self.number {
                    self.hidden.push((line, name, old));
                }
            }
            ObjectType::Index => {
                let index = self.schema.indexes.remove(name);
                let harmless = |index: &Index| !index.unique || index.made_in == self.number;
                if !index.as_ref().is_some_and(harmless) {
                    self.say(&rules::DROP_CONSTRAINT, line, format!("the unique index {name} goes"));
                }
            }
            other => self.drop_other(&other.to_string().to_lowercase(), name, line),
        }
    }

    fn drop_other(&mut self, kind: &str, name: &str, line: usize) {
        let name = format!("{kind} {name}");
        let old = self.schema.others.remove(&name);
        if old.is_none_or(|old| old.made_in < self.number) {
            self.say(&rules::DROP_OBJECT, line, format!("the {name} goes"));
        }
    }

    fn drop_table(&mut self, name: &str, line: usize) {
        if self.set_aside(name) {
            return;
        }
        if self.is_old(name) {
            self.say_gone(&rules::DROP_TABLE, line, format!("the table {name} goes"), name, None);
        }
        self.schema.tables.remove(name);
        self.schema.indexes.retain(|_, index| index.table != name);
    }
}

/// The names of a query's columns, where its text tells them all.
fn projection(body: &SetExpr) -> Option<Vec<String>> {
    let SetExpr::Select(select) = body else { return None };
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(ident(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(ident(name)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(ident),
        _ => None,
    };
    select.projection.iter().map(name).collect()
}
