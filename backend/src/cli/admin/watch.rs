//! `portbook admin watch`

use super::table::{Table, maybe};
use super::{Failure, keep, list, tell};
use crate::config::Reader;
use crate::net;
use crate::service::admin::watch::Credentials;
use crate::service::clock;
use clap::{Args, Subcommand};
use evidence::{ImageRef, Name};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WatchCommand {
    /// Repositories of registries, whose tags are observed
    Registry {
        #[command(subcommand)]
        command: RegistryCommand,
    },
    /// Services that run, which say at an address what they are
    Runtime {
        #[command(subcommand)]
        command: RuntimeCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RegistryCommand {
    /// Watch a repository, or change how it is watched
    #[command(after_help = "\
Examples:
  portbook admin watch registry add --project shop --repository ghcr.io/octo/shop
  portbook admin watch registry add --project shop --repository ghcr.io/octo/shop \\
      --username octo --password-file /run/secrets/registry

The worker reads the password from the file each time that it asks; it is never stored.")]
    Add(AddRegistry),
    /// Show which repositories are watched, and how that goes
    #[command(after_help = "Examples:\n  portbook admin watch registry list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Watch a repository no more; what was observed stays
    #[command(
        after_help = "Examples:\n  portbook admin watch registry remove --project shop --repository ghcr.io/octo/shop"
    )]
    Remove {
        /// The project
        #[arg(long)]
        project: Name,
        /// Registry and repository, without tag
        #[arg(long)]
        repository: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddRegistry {
    /// The project that its tags belong to
    #[arg(long)]
    project: Name,
    /// Registry and repository, without tag: <host>[:<port>]/<name>
    #[arg(long, value_parser = repository)]
    repository: String,
    /// Who asks
    #[arg(long, requires = "password_file")]
    username: Option<String>,
    /// The file with the password or token, at the place where the worker sees it
    #[arg(long, requires = "username", value_parser = absolute)]
    password_file: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RuntimeCommand {
    /// Watch a service, or change where
    #[command(after_help = "\
Examples:
  portbook admin watch runtime add --project shop --service web --environment prod \\
      --url https://shop.example/version

The address answers JSON with image_digest or digest, commit, version, schema_version, schema_floor; each is optional.")]
    Add {
        #[command(flatten)]
        cell: Cell,
        /// Where it says what it is
        #[arg(long)]
        url: String,
    },
    /// Show which services are watched, and how that goes
    #[command(after_help = "Examples:\n  portbook admin watch runtime list --json")]
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Watch a service no more; what was observed stays
    #[command(
        after_help = "Examples:\n  portbook admin watch runtime remove --project shop --service web --environment prod"
    )]
    Remove {
        #[command(flatten)]
        cell: Cell,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Cell {
    /// The project
    #[arg(long)]
    project: Name,
    /// The service
    #[arg(long)]
    service: Name,
    /// The environment
    #[arg(long)]
    environment: Name,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(reader: Reader<'_>, command: WatchCommand) -> Result<(), Failure> {
    match command {
        WatchCommand::Registry { command } => registry(reader, command),
        WatchCommand::Runtime { command } => runtime(reader, command),
    }
}

fn registry(reader: Reader<'_>, command: RegistryCommand) -> Result<(), Failure> {
    match command {
        RegistryCommand::Add(AddRegistry { project, repository, username, password_file, json }) => {
            let pair = username.zip(password_file);
            let credentials = pair.map(|(username, secret_file)| Credentials { username, secret_file });
            let line =
                format!("{repository} is watched for {project}; `watch registry list` tells how that goes");
            let shown = json!({"project": project, "repository": repository, "watched": true});
            keep(reader, async |keeper| keeper.watch_registry(project, repository, credentials).await)?;
            tell(json, &shown, &line)
        }
        RegistryCommand::List { json } => {
            let rows = keep(reader, async |keeper| keeper.watched_registries().await)?;
            let shown: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({"id": row.id, "project": row.project, "repository": row.repository,
                           "username": row.username, "password_file": row.secret_file,
                           "next_at": clock::rfc3339(row.next_at), "failures": row.failures,
                           "last_error": row.last_error})
                })
                .collect();
            let cells = rows.iter().map(|row| {
                let (project, failures) = (row.project.to_string(), row.failures.to_string());
                vec![project, row.repository.clone(), failures, maybe(row.last_error.as_ref())]
            });
            let table = Table::new(&["PROJECT", "REPOSITORY", "FAILURES", "LAST ERROR"], cells);
            let none = "no registry is watched; `portbook admin watch registry add --help` tells how";
            list(json, &shown, &table, none)
        }
        RegistryCommand::Remove { project, repository, json } => {
            keep(reader, async |keeper| keeper.unwatch_registry(&project, &repository).await)?;
            let line = format!("{repository} is watched no more for {project}");
            tell(json, &json!({"project": project, "repository": repository, "watched": false}), &line)
        }
    }
}

fn runtime(reader: Reader<'_>, command: RuntimeCommand) -> Result<(), Failure> {
    match command {
        RuntimeCommand::Add { cell: Cell { project, service, environment, json }, url } => {
            net::address(&url).map_err(|error| Failure::Usage(format!("--url: {error}")))?;
            let line = format!("{service} in {environment} is watched for {project}");
            let shown = json!({"project": project, "service": service, "environment": environment,
                               "url": url, "watched": true});
            keep(reader, async |keeper| keeper.watch_runtime(project, service, environment, url).await)?;
            tell(json, &shown, &line)
        }
        RuntimeCommand::List { json } => {
            let rows = keep(reader, async |keeper| keeper.watched_runtimes().await)?;
            let shown: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({"id": row.id, "project": row.project, "service": row.service,
                           "environment": row.environment, "url": row.url,
                           "next_at": clock::rfc3339(row.next_at), "failures": row.failures,
                           "last_error": row.last_error})
                })
                .collect();
            let cells = rows.iter().map(|row| {
                let cell = [row.project.to_string(), row.service.to_string(), row.environment.to_string()];
                let rest = [row.url.clone(), row.failures.to_string(), maybe(row.last_error.as_ref())];
                [cell, rest].concat()
            });
            let headings = &["PROJECT", "SERVICE", "ENVIRONMENT", "URL", "FAILURES", "LAST ERROR"];
            let none = "no service is watched; `portbook admin watch runtime add --help` tells how";
            list(json, &shown, &Table::new(headings, cells), none)
        }
        RuntimeCommand::Remove { cell: Cell { project, service, environment, json } } => {
            let gone = async |keeper: &crate::service::admin::Keeper| {
                keeper.unwatch_runtime(&project, &service, &environment).await
            };
            keep(reader, gone)?;
            let line = format!("{service} in {environment} is watched no more for {project}");
            let shown = json!({"project": project, "service": service, "environment": environment,
                               "watched": false});
            tell(json, &shown, &line)
        }
    }
}

fn repository(text: &str) -> Result<String, String> {
    let expected = "expected <host>[:<port>]/<name>, without tag or digest, such as ghcr.io/octo/shop";
    let reference: ImageRef = text.parse().map_err(|_| expected.to_owned())?;
    if reference.registry.is_some() && reference.tag.is_none() && reference.digest.is_none() {
        Ok(text.to_owned())
    } else {
        Err(expected.to_owned())
    }
}

fn absolute(text: &str) -> Result<String, String> {
    if PathBuf::from(text).is_absolute() {
        Ok(text.to_owned())
    } else {
        Err("expected an absolute path, because the worker runs in another folder".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_repository_has_a_registry_and_no_tag() {
        for good in ["ghcr.io/octo/shop", "localhost:5000/shop", "registry.example/a/b/c"] {
            assert!(repository(good).is_ok(), "{good}");
        }
        for bad in ["", "shop", "octo/shop", "ghcr.io/octo/shop:latest", "https://ghcr.io/octo/shop"] {
            assert!(repository(bad).is_err(), "{bad}");
        }
    }
}
