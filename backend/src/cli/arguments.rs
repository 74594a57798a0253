//! What the command line takes, and its help.

use super::admin::AdminCommand;
use clap::{Parser, Subcommand};

const ENVIRONMENT: &str = "\
Environment:
  DATABASE_URL                 sqlite://<path> or postgres://<user>@<host>/<database>
                               [default: sqlite://portbook.db]
  DATABASE_PASSWORD_FILE       a file with the database's password
  PORTBOOK_MIGRATE_LOCK_TIMEOUT_MS
                               how long a migration may wait for a table that is in use [default: 5000]
  PORTBOOK_LISTEN              <IP address>:<port>; port 0 takes a free one [default: 127.0.0.1:8080]
  PORTBOOK_WEB_ROOT            the folder with the built pages [default: none, the API alone]
  PORTBOOK_PUBLIC_BOARD        whether the board is read without a token [default: true]
  PORTBOOK_GITHUB_WEBHOOK_SECRET_FILE
                               a file with what GitHub signs its webhooks with: one secret, or two on a
                               line each while one replaces the other [default: none, webhooks are refused]
  PORTBOOK_GITHUB_TOKEN_FILE   a file with a token of GitHub's, to ask it for what was missed
                               [default: none, it is not asked]
  PORTBOOK_GITHUB_API          where GitHub's REST interface is [default: https://api.github.com]
  PORTBOOK_OIDC_AUDIENCE       the ledger's own origin, for which workflows ask GitHub for a token that they
                               exchange here [default: none, none are exchanged]
  PORTBOOK_OIDC_ISSUER         who signs those [default: https://token.actions.githubusercontent.com]
  PORTBOOK_WORKER_INTERVAL_MS  how often the worker looks for work [default: 250]
  PORTBOOK_OBSERVE_INTERVAL_S  how often a watched service is asked what it is [default: 15]
  PORTBOOK_REGISTRY_INTERVAL_S how often a watched registry is asked for its tags [default: 60]
  PORTBOOK_DEPLOYMENT_TIMEOUT_MIN
                               how long a deployment may be silent before its end is unknown [default: 30]
  PORTBOOK_DELIVERY_DAYS       how long the bodies of webhooks are kept [default: 90]
  PORTBOOK_NOTIFY_URL          whom to tell about incidents [default: nobody]
  PORTBOOK_NOTIFY_SECRET_FILE  a file with the secret to sign that with, whsec_… or 24 to 64 bytes
  SSL_CERT_FILE                the authorities to trust [default: those of the system, else built in]
  PORTBOOK_COMMIT              the commit that this was built from
  PORTBOOK_IMAGE_DIGEST        the image that this runs in
  PORTBOOK_ENVIRONMENT         where this runs; in production the image must be pinned [default: not asked]
  PORTBOOK_IMAGE_REFERENCE     what the image was asked for by
  PORTBOOK_LOG                 a level, or levels per target [default: info]
  PORTBOOK_LOG_FORMAT          json or text [default: text on a terminal, else json]

Examples:
  portbook migrate && portbook server
  portbook worker
  portbook admin token create --project shop --scope evidence:write

Exit codes: 0 done, 1 failed, 2 wrong call or configuration, 3 refused";

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
    /// Project evidence, look at registries and services, and tell about incidents, until SIGTERM
    Worker,
    /// Bring the database's schema to head
    #[command(after_help = "\
Examples:
  portbook migrate                     creates a SQLite file if there is none
  portbook migrate --dry-run --json    what would be done
  portbook migrate --time-limit 60     at most a minute; what is not done by then is rolled back
  portbook migrate --check             exit 1 if there is something to do")]
    Migrate(super::migrate::Arguments),
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
