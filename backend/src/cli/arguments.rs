//! What the command line takes, and its help.

use crate::service::token::Scope;
use clap::{Args, Parser, Subcommand};
use evidence::Name;
use std::time::Duration;

const ENVIRONMENT: &str = "\
Environment:
  DATABASE_URL                 sqlite://<path> or postgres://<user>@<host>/<database>
                               [default: sqlite://portbook.db]
  DATABASE_PASSWORD_FILE       a file with the database's password
  PORTBOOK_LISTEN              <IP address>:<port>; port 0 takes a free one [default: 127.0.0.1:8080]
  PORTBOOK_WEB_ROOT            the folder with the built pages [default: none, the API alone]
  PORTBOOK_PUBLIC_BOARD        whether the board is read without a token [default: true]
  PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE
                               a file with what GitHub signs its webhooks with: one secret, or two on a
                               line each while one replaces the other [default: none, webhooks are refused]
  PORTBOOK_GITHUB_TOKEN_FILE   a file with a token of GitHub's, to ask it for what was missed
                               [default: none, it is not asked]
  PORTBOOK_GITHUB_API          where GitHub's REST interface is [default: https://api.github.com]
  PORTBOOK_WORKER_INTERVAL_MS  how often the worker looks for work [default: 250]
  PORTBOOK_COMMIT              the commit that this was built from
  PORTBOOK_IMAGE_DIGEST        the image that this runs in
  PORTBOOK_LOG                 a level, or levels per target [default: info]
  PORTBOOK_LOG_FORMAT          json or text [default: text on a terminal, else json]

Examples:
  portbook migrate && portbook server
  portbook worker
  portbook admin token create --project shop --scope evidence:write

Exit codes: 0 done, 1 failed, 2 wrong call or configuration";

/// A self-hosted release ledger: what was tested, what was published, and what runs where.
#[derive(Debug, Parser)]
#[command(name = "portbook", version, after_help = ENVIRONMENT)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the API and the pages until SIGTERM
    Server,
    /// Project evidence into the board until SIGTERM
    Worker,
    /// Bring the database's schema to head
    #[command(after_help = "\
Examples:
  portbook migrate           creates a SQLite file if there is none
  portbook migrate --check   exit 1 if there is something to do")]
    Migrate {
        /// Change nothing; exit 1 if the schema is not at head
        #[arg(long)]
        check: bool,
    },
    /// Exit 0 if the server is ready, or a worker is alive
    #[command(after_help = "\
Examples:
  portbook healthcheck                                    asks the server of PORTBOOK_LISTEN
  portbook healthcheck --url http://127.0.0.1:8080/readyz
  portbook healthcheck --worker                           asks the database for a heartbeat")]
    Healthcheck {
        /// Ask for a worker's heartbeat of the last 15 seconds
        #[arg(long, conflicts_with = "url")]
        worker: bool,
        /// Ask this address, http://<host>:<port>/<path>
        #[arg(long)]
        url: Option<String>,
    },
    /// Tell what this is
    Version {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Look after the ledger
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Look after tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, this one time
    #[command(after_help = "\
Examples:
  portbook admin token create --project shop --scope evidence:write
  portbook admin token create --project shop --scope read --scope deploy:write:prod \\
      --expires-in 12h --json")]
    Create(CreateToken),
}

#[derive(Debug, Args)]
pub(super) struct CreateToken {
    /// The only project that it is good for
    #[arg(long)]
    pub project: Name,
    /// What it may do: read, evidence:write, admin, deploy:write:<environment>; repeatable
    #[arg(long = "scope", required = true)]
    pub scopes: Vec<Scope>,
    /// How long it is good: a number with s, m, h or d
    #[arg(long, default_value = "90d", value_parser = duration)]
    pub expires_in: Duration,
    /// As JSON, with its id and expiry
    #[arg(long)]
    pub json: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a duration: expected a number with s, m, h or d, such as 90d");
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(expected()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| expected())?;
    let total = number.checked_mul(seconds).filter(|total| *total > 0).ok_or_else(expected)?;
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(duration("1s"), Ok(Duration::from_secs(1)));
        for bad in ["", "90", "d", "-1d", "0h", "1w", "1é", "99999999999999999999d", "9999999999999999999d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
