//! `portbook admin policy`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::service::admin::policy::PolicyChanged;
use crate::service::clock;
use clap::{Args, Subcommand};
use evidence::Name;
use evidence::rules::Policy;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    /// Say which environments of a project are production, and what comes before them
    #[command(after_help = "\
Without a policy of its own a project's production is prod, and staging comes before it. What cargo xtask reads as
`production: true` and `after:` in pipeline.yml is said here with the same names.

Examples:
  portbook admin policy set --project shop --production prod-eu --production prod-us --staging preprod
  portbook admin policy set --project shop --production live --no-staging

Another policy makes the worker judge everything again: incidents open and end as if it had been in force always.")]
    Set(SetArguments),
    /// Show which projects have a policy of their own
    #[command(after_help = "Examples:\n  portbook admin policy list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a project's own policy away: production is prod again, and staging comes before it
    #[command(after_help = "Examples:\n  portbook admin policy unset --project shop")]
    Unset {
        /// The project
        #[arg(long)]
        project: Name,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SetArguments {
    /// The project
    #[arg(long)]
    project: Name,
    /// An environment that users rely on; repeatable
    #[arg(long, required = true)]
    production: Vec<Name>,
    /// The environment that a digest passes before production
    #[arg(long, required_unless_present = "no_staging", conflicts_with = "no_staging")]
    staging: Option<Name>,
    /// Nothing comes before production
    #[arg(long)]
    no_staging: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Set(SetArguments { project, production, staging, json, .. }) => {
            let policy = Policy { production, staging };
            let changed = keep(reader, async |keeper| keeper.set_policy(project.clone(), policy).await)?;
            told(json, &project, &changed)
        }
        PolicyCommand::List { json } => {
            let rows = keep(reader, async |keeper| keeper.policies().await)?;
            let shown: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({"project": row.project, "production": row.policy.production,
                           "staging": row.policy.staging, "changed_at": clock::rfc3339(row.changed_at)})
                })
                .collect();
            let cells = rows.iter().map(|row| {
                let staging = maybe(row.policy.staging.as_ref());
                let changed = maybe(clock::rfc3339(row.changed_at));
                vec![row.project.to_string(), names(&row.policy), staging, changed]
            });
            let table = Table::new(&["PROJECT", "PRODUCTION", "STAGING", "CHANGED"], cells);
            let none = "no project has a policy of its own: production is prod everywhere, and staging comes before it";
            list(json, &shown, &table, none)
        }
        PolicyCommand::Unset { project, json } => {
            let changed = keep(reader, async |keeper| keeper.unset_policy(&project).await)?;
            told(json, &project, &changed)
        }
    }
}

fn told(json: bool, project: &Name, changed: &PolicyChanged) -> Result<(), Failure> {
    let PolicyChanged { policy, rebuild } = changed;
    let before = policy.staging.as_ref().map_or("nothing".to_owned(), Name::to_string);
    let judged = if *rebuild { "the worker judges everything again" } else { "as before" };
    let line = format!("{project}: production is {}, and {before} comes before it; {judged}", names(policy));
    let told = json!({"project": project, "production": policy.production, "staging": policy.staging, "rebuild": rebuild});
    tell(json, &told, &line)
}

fn names(policy: &Policy) -> String {
    let names: Vec<_> = policy.production.iter().map(Name::as_str).collect();
    names.join(", ")
}
