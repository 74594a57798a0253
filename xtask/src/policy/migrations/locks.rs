//! What only a whole file can be judged by: locks, transactions, and what must stand alone.

use super::header::Header;
use super::names::Database;
use super::rules::{self, Rule};
use super::schema::Schema;
use super::sql::{Stated, plain};
use super::walk::Item;
use sqlparser::ast::{
    AlterTableOperation, ColumnOption, ContextModifier, FromTable, ObjectName, ObjectType, Set, Statement,
    TableConstraint, TableFactor, TableWithJoins,
};

/// A file, and what was there before it.
pub struct Whole<'a> {
    /// The database.
    pub database: Database,
    /// Its comments at the beginning.
    pub header: &'a Header,
    /// Its statements.
    pub statements: &'a [Stated],
    /// The schema before it.
    pub before: &'a Schema,
    /// The big tables.
    pub big: &'a [String],
}

impl Whole<'_> {
    /// What the rules say of it.
    pub fn judge(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut say = |rule: &'static Rule, line: usize, what: String| {
            items.push(Item { line, rule, what, gone: None });
        };
        for stated in self.statements {
            if is_transaction(&stated.sql) {
                say(&rules::TRANSACTION, stated.line, format!("{} stands in a migration", stated.sql));
            }
        }
        if self.database == Database::Sqlite {
            return items;
        }
        let ddl = self.statements.iter().any(|stated| is_ddl(&stated.sql));
        let alone = self.header.no_transaction && self.statements.len() == 1;
        let (mut limited, mut told) = (false, false);
        for stated in self.statements {
            let line = stated.line;
            if stated.concurrently && !alone {
                let why = if self.header.no_transaction {
                    "others stand beside it"
                } else {
                    "it would run in a transaction"
                };
                say(&rules::CONCURRENTLY, line, format!("CONCURRENTLY in a file where {why}"));
            }
            if let Statement::CreateIndex(index) = &stated.sql {
                let table = plain(&index.table_name);
                if !stated.concurrently && self.is_old(&table) && self.is_big(&table) {
                    say(
                        &rules::INDEX_LOCK,
                        line,
                        format!("nobody writes to {table} while its index is made"),
                    );
                }
            }
            limited |= self.limits(&stated.sql);
            if let Some(locked) = self.locked(stated).filter(|_| !limited && !told) {
                told = true;
                say(&rules::LOCK_TIMEOUT, line, format!("it waits without end for a lock on {locked}"));
            }
            let rows = changed(&stated.sql).filter(|table| self.is_old(table) && self.is_big(table));
            // Statements that are sent together are one transaction, also after -- no-transaction.
            if let Some(table) = rows.filter(|_| ddl) {
                say(&rules::BULK_CHANGE, line, format!("rows of {table} change beside DDL"));
            }
        }
        items
    }

    fn is_old(&self, table: &str) -> bool {
        self.before.tables.contains_key(table)
    }

    fn is_big(&self, table: &str) -> bool {
        self.big.iter().any(|big| big == table)
    }

    /// Whether a statement limits how long the file waits for a lock.
    fn limits(&self, sql: &Statement) -> bool {
        let Statement::Set(Set::SingleAssignment { scope, variable, values, .. }) = sql else { return false };
        let local = matches!(scope, Some(ContextModifier::Local));
        let value = values.first().map(ToString::to_string).unwrap_or_default();
        let number = value.trim_matches('\'').trim_end_matches(char::is_alphabetic).trim();
        plain(variable) == "lock_timeout"
            && local != self.header.no_transaction
            && number.parse::<u32>().is_ok_and(|limit| limit > 0)
    }

    /// The table that was there and that nobody writes to while the statement runs.
    fn locked(&self, stated: &Stated) -> Option<String> {
        let old = |name: &ObjectName| Some(plain(name)).filter(|name| self.is_old(name));
        match &stated.sql {
            Statement::AlterTable(alter) => {
                let weak = |operation: &AlterTableOperation| {
                    matches!(operation, AlterTableOperation::ValidateConstraint { .. })
                };
                old(&alter.name).filter(|_| !alter.operations.iter().all(weak)).or_else(|| {
                    alter.operations.iter().find_map(|operation| match operation {
                        AlterTableOperation::AddConstraint { constraint, .. } => {
                            referenced(std::slice::from_ref(constraint)).into_iter().find_map(old)
                        }
                        _ => None,
                    })
                })
            }
            Statement::CreateTable(table) => {
                let inline =
                    table.columns.iter().flat_map(|column| &column.options).filter_map(
                        |option| match &option.option {
                            ColumnOption::ForeignKey(key) => Some(&key.foreign_table),
                            _ => None,
                        },
                    );
                inline.chain(referenced(&table.constraints)).find_map(old)
            }
            Statement::CreateIndex(index) if !stated.concurrently => old(&index.table_name),
            Statement::CreateTrigger(trigger) => old(&trigger.table_name),
            Statement::DropTrigger(trigger) => trigger.table_name.as_ref().and_then(old),
            Statement::Truncate(truncate) => truncate.table_names.iter().find_map(|target| old(&target.name)),
            Statement::Drop { object_type: ObjectType::Table, names, .. } => names.iter().find_map(old),
            Statement::Drop { object_type: ObjectType::View, names, .. } => {
                let known =
                    |name: &ObjectName| self.before.others.contains_key(&format!("view {}", plain(name)));
                names.iter().find(|name| known(name)).map(plain)
            }
            Statement::Drop { object_type: ObjectType::Index, names, .. } if !stated.concurrently => names
                .iter()
                .find_map(|name| self.before.indexes.get(&plain(name)).map(|index| index.table.clone())),
            Statement::Lock(lock) => Some(lock.to_string()),
            _ => None,
        }
    }
}

/// The tables that foreign keys name: they are locked too.
fn referenced(constraints: &[TableConstraint]) -> Vec<&ObjectName> {
    let tables = constraints.iter().filter_map(|constraint| match constraint {
        TableConstraint::ForeignKey(key) => Some(&key.foreign_table),
        _ => None,
    });
    tables.collect()
}

fn is_transaction(sql: &Statement) -> bool {
    matches!(
        sql,
        Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. }
    )
}

fn is_ddl(sql: &Statement) -> bool {
    let rows = matches!(
        sql,
        Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Query(_)
            | Statement::Set(_)
            | Statement::Analyze(_)
    );
    !rows && !is_transaction(sql)
}

/// The table whose rows a statement changes.
fn changed(sql: &Statement) -> Option<String> {
    let first = |tables: &[TableWithJoins]| match &tables.first()?.relation {
        TableFactor::Table { name, .. } => Some(plain(name)),
        _ => None,
    };
    match sql {
        Statement::Update(update) => first(std::slice::from_ref(&update.table)),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
            first(tables)
        }
        _ => None,
    }
}
