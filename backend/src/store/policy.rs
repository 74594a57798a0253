//! Which environments the rules ask more of, by project.

use super::session::Param::{Int, MaybeText, Text};
use super::session::Row;
use super::{Session, StoreError};
use evidence::Name;
use evidence::rules::Policy;
use std::collections::HashMap;

/// A project that has a policy of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// The project.
    pub project: Name,
    /// What is asked there.
    pub policy: Policy,
    /// When it was said, in microseconds.
    pub changed_at: i64,
}

/// The policies of all projects.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    own: HashMap<String, Policy>,
    usual: Policy,
}

impl Policies {
    /// The policy of a project: its own, or the usual one.
    pub fn of(&self, project: &str) -> &Policy {
        self.own.get(project).unwrap_or(&self.usual)
    }
}

impl Session {
    /// The policy of a project: its own, or the usual one.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn policy(&mut self, project: &Name) -> Result<Policy, StoreError> {
        let sql = "SELECT project, production, staging, changed_at FROM project_policy WHERE project = $1";
        let rows = self.rows(sql, &[Text(project.as_str())]).await?;
        let own = rows.first().map(PolicyRow::read).transpose()?;
        Ok(own.map(|row| row.policy).unwrap_or_default())
    }

    /// The projects that have a policy of their own.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn policy_rows(&mut self) -> Result<Vec<PolicyRow>, StoreError> {
        let sql = "SELECT project, production, staging, changed_at FROM project_policy ORDER BY project";
        self.rows(sql, &[]).await?.iter().map(PolicyRow::read).collect()
    }

    /// The policies of all projects.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn policies(&mut self) -> Result<Policies, StoreError> {
        let rows = self.policy_rows().await?.into_iter();
        let own = rows.map(|row| (row.project.to_string(), row.policy)).collect();
        Ok(Policies { own, usual: Policy::default() })
    }

    /// Gives a project a policy of its own, or another one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put_policy(&mut self, row: &PolicyRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO project_policy (project, production, staging, changed_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (project) DO UPDATE SET production = excluded.production, \
                   staging = excluded.staging, changed_at = excluded.changed_at";
        let production: Vec<&str> = row.policy.production.iter().map(Name::as_str).collect();
        let params = [
            Text(row.project.as_str()),
            Text(&production.join(" ")),
            MaybeText(row.policy.staging.as_ref().map(Name::as_str)),
            Int(row.changed_at),
        ];
        self.execute(sql, &params).await?;
        Ok(())
    }

    /// Takes a project's own policy away; answers `false` if it has none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_policy(&mut self, project: &Name) -> Result<bool, StoreError> {
        let sql = "DELETE FROM project_policy WHERE project = $1";
        Ok(self.execute(sql, &[Text(project.as_str())]).await? == 1)
    }
}

impl PolicyRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let production = row.text(1)?;
        let production = production.split(' ').map(|name| name.parse().map_err(StoreError::corrupt));
        let policy =
            Policy { production: production.collect::<Result<_, _>>()?, staging: row.maybe_parsed(2)? };
        Ok(Self { project: row.parsed(0)?, policy, changed_at: row.int(3)? })
    }
}
