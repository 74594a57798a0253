//! What ALTER TABLE does to constraints, and what the rules say of it.

use super::columns::{Place, constraint};
use super::names::Database;
use super::rules;
use super::schema::{Constraint, Demand};
use super::sql::ident;
use super::walk::Walk;
use sqlparser::ast::{AlterColumnOperation, TableConstraint};

impl Walk<'_> {
    pub(super) fn add_constraint(
        &mut self,
        table: &str,
        written: &TableConstraint,
        not_valid: bool,
        line: usize,
    ) {
        let old = self.is_old(table);
        let place = Place { number: self.number, line };
        let columns = self.schema.tables.get(table).map(|own| own.columns.clone()).unwrap_or_default();
        let Some(mut new) = constraint(table, &columns, written, place) else {
            self.use_index(table, written, line);
            return;
        };
        new.valid = !not_valid;
        if old {
            self.demand(table, &new);
            let reads = matches!(new.demand, Demand::Check(_) | Demand::Foreign);
            if self.database == Database::Postgres && reads && !not_valid {
                let what = format!("{table}: {} is checked of all rows while nobody writes", new.text);
                self.say(&rules::NOT_VALID, line, what);
            }
            if self.is_big(table) && new.is_unique() {
                self.say(
                    &rules::INDEX_LOCK,
                    line,
                    format!("{table}: {} makes its index under a lock", new.text),
                );
            }
        }
        if let Some(own) = self.schema.tables.get_mut(table) {
            own.constraints.push(new);
        }
    }

    /// A constraint of an index that is there: its demand is not new. A primary key's columns are never null from now on.
    fn use_index(&mut self, table: &str, written: &TableConstraint, line: usize) {
        let (TableConstraint::UniqueUsingIndex(using) | TableConstraint::PrimaryKeyUsingIndex(using)) =
            written
        else {
            self.say(&rules::UNJUDGED, line, format!("no rule knows what {written} demands"));
            return;
        };
        let index = ident(&using.index_name);
        let Some(made) = self.schema.indexes.remove(&index) else {
            self.say(&rules::UNJUDGED, line, format!("no file made the index {index}"));
            return;
        };
        if matches!(written, TableConstraint::PrimaryKeyUsingIndex(_)) {
            for column in &made.columns {
                self.alter_column(table, column, &AlterColumnOperation::SetNotNull, line);
            }
        }
        let new = Constraint {
            name: using.name.as_ref().map_or(index, ident),
            demand: Demand::Unique,
            text: format!("UNIQUE ({})", made.columns.join(", ")),
            columns: made.columns,
            valid: true,
            made_in: self.number,
            line,
        };
        if let Some(own) = self.schema.tables.get_mut(table) {
            own.constraints.push(new);
        }
    }

    pub(super) fn validate(&mut self, table: &str, name: &str, line: usize) {
        let (number, big) = (self.number, self.is_big(table));
        let Some(own) = self.schema.tables.get_mut(table) else { return };
        let Some(found) = own.constraints.iter_mut().find(|own| own.name == name) else { return };
        found.valid = true;
        let at_once = found.made_in == number && own.made_in < number;
        if at_once && big {
            let what =
                format!("{name} is validated while the file that adds it still holds its lock on {table}");
            self.say(&rules::NOT_VALID, line, what);
        }
    }

    pub(super) fn drop_constraint(&mut self, table: &str, name: &str, line: usize) {
        let old = self.is_old(table);
        let found = self.schema.tables.get_mut(table).and_then(|own| {
            let at = own.constraints.iter().position(|own| own.name == name)?;
            Some(own.constraints.remove(at))
        });
        let harmless = |found: &Constraint| !found.is_unique() || found.made_in == self.number;
        if old && !found.as_ref().is_some_and(harmless) {
            let what = match &found {
                Some(found) => format!("{table} loses {}", found.text),
                None => format!("{table} loses {name}, which no file made by that name"),
            };
            self.say(&rules::DROP_CONSTRAINT, line, what);
        }
        self.freed.extend(found.map(|found| (table.to_owned(), found)));
    }

    pub(super) fn rename_constraint(&mut self, table: &str, from: &str, to: &str, line: usize) {
        let old = self.is_old(table);
        let own = self.schema.tables.get_mut(table);
        let found = own.and_then(|own| own.constraints.iter_mut().find(|own| own.name == from));
        let named = found.as_ref().is_none_or(|found| found.is_unique());
        if let Some(found) = found {
            to.clone_into(&mut found.name);
        }
        if old && named {
            self.say(&rules::RENAME, line, format!("the constraint {from} of {table} is called {to}"));
        }
    }
}
