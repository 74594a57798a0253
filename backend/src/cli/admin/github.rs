//! `portbook admin github`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::service::admin::github::{Connect, TrustWorkflow};
use crate::service::clock;
use crate::service::token::Scope;
use crate::store::{GithubRepositoryRow, OidcTrustRow};
use clap::{Args, Subcommand};
use evidence::Name;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GithubCommand {
    /// Take webhooks of a repository into a project
    #[command(after_help = "\
The numbers are GitHub's own, which stay when a repository is renamed or moved:
  gh api repos/OWNER/NAME --jq '.id, .owner.id'

Examples:
  portbook admin github connect --project shop --repository-id 1296269 --owner-id 583231 --name octo/shop
  portbook admin github connect --project shop --repository-id 1296269 --owner-id 583231 --name octo/shop \\
      --ci-workflow .github/workflows/test.yml

What came of it before it was connected is processed now. Another workflow makes the worker judge all runs again.")]
    Connect(ConnectArguments),
    /// Show which repositories are connected
    #[command(after_help = "Examples:\n  portbook admin github list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take no more webhooks of a repository, and trust its workflows no more; what it told stays
    #[command(after_help = "Examples:\n  portbook admin github disconnect --repository-id 1296269")]
    Disconnect {
        /// GitHub's number of the repository
        #[arg(long, value_parser = number())]
        repository_id: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a workflow exchange its own token for one of ours, which lasts ten minutes
    #[command(after_help = "\
Examples:
  portbook admin github trust --repository-id 1296269 --owner-id 583231 \\
      --workflow octo/shop/.github/workflows/ci.yml@refs/heads/main --scope evidence:write
  portbook admin github trust --repository-id 1296269 --owner-id 583231 \\
      --workflow octo/shop/.github/workflows/deploy.yml@refs/heads/main \\
      --environment production --scope deploy:write:prod

The scope deploy:write:prod, or of whatever `portbook admin policy` calls production, needs --environment, so that GitHub's
protection rules stand before it.")]
    Trust(TrustArguments),
    /// Show which workflows are trusted
    #[command(after_help = "Examples:\n  portbook admin github trusts --json")]
    Trusts {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Trust a workflow no more
    #[command(
        after_help = "Examples:\n  portbook admin github untrust trust-0123456789abcdef     as `trusts` shows it"
    )]
    Untrust {
        /// The trust's id
        id: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConnectArguments {
    /// The project that it belongs to
    #[arg(long)]
    project: Name,
    /// GitHub's number of the repository
    #[arg(long, value_parser = number())]
    repository_id: i64,
    /// GitHub's number of its owner
    #[arg(long, value_parser = number())]
    owner_id: i64,
    /// <owner>/<name>
    #[arg(long, value_parser = full_name)]
    name: String,
    /// The workflow whose runs are CI's verdict [default: as it is, or .github/workflows/ci.yml]
    #[arg(long, value_parser = workflow_path)]
    ci_workflow: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TrustArguments {
    /// GitHub's number of the repository
    #[arg(long, value_parser = number())]
    repository_id: i64,
    /// GitHub's number of its owner
    #[arg(long, value_parser = number())]
    owner_id: i64,
    /// <owner>/<name>/.github/workflows/<file>@<ref>, as in the token's job_workflow_ref
    #[arg(long, value_parser = workflow_ref)]
    workflow: String,
    /// The environment of GitHub that its job must run in [default: any or none]
    #[arg(long)]
    environment: Option<String>,
    /// What it may do: read, evidence:write, deploy:write:<environment>; repeatable
    #[arg(long = "scope", required = true)]
    scopes: Vec<Scope>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: GithubCommand) -> Result<(), Failure> {
    match command {
        GithubCommand::Connect(given) => connect(reader, given),
        GithubCommand::List { json } => {
            let rows = keep(reader, async |keeper| keeper.repositories().await)?;
            let shown: Vec<_> = rows.iter().map(repository).collect();
            let cells = rows.iter().map(|row| {
                let (id, owner) = (row.repository_id.to_string(), row.owner_id.to_string());
                vec![row.project.to_string(), id, owner, row.full_name.clone(), row.ci_workflow.clone()]
            });
            let table = Table::new(&["PROJECT", "REPOSITORY", "OWNER", "NAME", "CI WORKFLOW"], cells);
            let none = "no repository is connected; `portbook admin github connect --help` tells how";
            list(json, &shown, &table, none)
        }
        GithubCommand::Disconnect { repository_id, json } => {
            keep(reader, async |keeper| keeper.disconnect(repository_id).await)?;
            let line = format!("repository {repository_id} is disconnected");
            tell(json, &json!({"repository_id": repository_id, "connected": false}), &line)
        }
        GithubCommand::Trust(given) => {
            let json = given.json;
            let wanted = TrustWorkflow {
                repository_id: given.repository_id,
                owner_id: given.owner_id,
                workflow: given.workflow,
                environment: given.environment,
                scopes: given.scopes,
            };
            let row = keep(reader, async |keeper| keeper.trust(wanted).await)?;
            let line = format!("{} is trusted with {} ({})", row.workflow_ref, row.scopes, row.id);
            tell(json, &trust(&row), &line)
        }
        GithubCommand::Trusts { json } => {
            let rows = keep(reader, async |keeper| keeper.trusts().await)?;
            let shown: Vec<_> = rows.iter().map(trust).collect();
            let cells = rows.iter().map(|row| {
                let (project, scopes) = (row.project.to_string(), row.scopes.clone());
                vec![
                    row.id.clone(),
                    project,
                    row.workflow_ref.clone(),
                    maybe(row.environment.as_ref()),
                    scopes,
                ]
            });
            let table = Table::new(&["ID", "PROJECT", "WORKFLOW", "ENVIRONMENT", "SCOPES"], cells);
            let none = "no workflow is trusted; `portbook admin github trust --help` tells how";
            list(json, &shown, &table, none)
        }
        GithubCommand::Untrust { id, json } => {
            let row = keep(reader, async |keeper| keeper.untrust(&id).await)?;
            let line = format!("{} is trusted no more", row.workflow_ref);
            tell(json, &json!({"id": id, "trusted": false}), &line)
        }
    }
}

fn connect(reader: Reader<'_>, given: ConnectArguments) -> Result<(), Failure> {
    let wanted = Connect {
        project: given.project,
        repository_id: given.repository_id,
        owner_id: given.owner_id,
        full_name: given.name,
        ci_workflow: given.ci_workflow,
    };
    let done = keep(reader, async |keeper| keeper.connect(wanted).await)?;
    let row = &done.row;
    let mut line = format!(
        "{} is connected to {}; CI is {}; {} deliveries queued",
        row.full_name, row.project, row.ci_workflow, done.requeued
    );
    if done.rebuild {
        line.push_str("; the worker judges all runs again");
    }
    let mut shown = repository(row);
    shown["requeued"] = done.requeued.into();
    shown["rebuild"] = done.rebuild.into();
    tell(given.json, &shown, &line)
}

fn repository(row: &GithubRepositoryRow) -> Value {
    json!({
        "repository_id": row.repository_id,
        "owner_id": row.owner_id,
        "project": row.project,
        "name": row.full_name,
        "ci_workflow": row.ci_workflow,
        "added_at": clock::rfc3339(row.added_at),
    })
}

fn trust(row: &OidcTrustRow) -> Value {
    json!({
        "id": row.id,
        "project": row.project,
        "repository_id": row.repository_id,
        "owner_id": row.owner_id,
        "workflow": row.workflow_ref,
        "environment": row.environment,
        "scopes": row.scopes.split(' ').collect::<Vec<_>>(),
        "created_at": clock::rfc3339(row.created_at),
    })
}

/// One of GitHub's numbers; JSON keeps them exactly up to 2^53 - 1.
fn number() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..1 << 53)
}

/// Whether a text is one name of GitHub, or of a file there.
fn is_word(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() <= 100 && text != "." && text != ".." && text.bytes().all(legal)
}

fn full_name(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((owner, name)) if is_word(owner) && is_word(name) => Ok(text.to_owned()),
        _ => Err("expected <owner>/<name>".to_owned()),
    }
}

fn workflow_path(text: &str) -> Result<String, String> {
    let file = text.strip_prefix(".github/workflows/").filter(|file| is_word(file));
    match file {
        Some(file) if file.ends_with(".yml") || file.ends_with(".yaml") => Ok(text.to_owned()),
        _ => Err("expected .github/workflows/<file>.yml".to_owned()),
    }
}

fn workflow_ref(text: &str) -> Result<String, String> {
    let parts = text.split_once('@').and_then(|(workflow, reference)| {
        let path = workflow.find("/.github/")?;
        let (name, path) = (&workflow[..path], &workflow[path + 1..]);
        Some((full_name(name).is_ok() && workflow_path(path).is_ok(), reference))
    });
    match parts {
        Some((true, reference))
            if reference.starts_with("refs/") && !reference.contains(char::is_whitespace) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("expected <owner>/<name>/.github/workflows/<file>.yml@refs/heads/<branch>".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workflows_are_named_in_full() {
        assert!(workflow_ref("o/r/.github/workflows/x.yml@refs/heads/main").is_ok());
        for bad in [
            "",
            "o/r",
            ".github/workflows/x.yml@refs/heads/main",
            "o/r/.github/workflows/x.yml",
            "o/r/.github/workflows/x.yml@main",
            "o/r/.github/workflows/../x.yml@refs/heads/main",
            "o/r/.github/workflows/x.sh@refs/heads/main",
            "o/r/x/.github/workflows/x.yml@refs/heads/main",
        ] {
            assert!(workflow_ref(bad).is_err(), "{bad}");
        }
        assert!(workflow_path(".github/workflows/ci.yaml").is_ok() && workflow_path("ci.yml").is_err());
        assert!(full_name("o/r").is_ok() && full_name("o/r/x").is_err() && full_name("o/..").is_err());
    }
}
