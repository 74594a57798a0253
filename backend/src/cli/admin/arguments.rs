//! What `portbook admin` takes, and its help.

use super::delivery::DeliveryCommand;
use super::github::GithubCommand;
use super::log::{Rebuild, Verify};
use super::outbox::OutboxCommand;
use super::policy::PolicyCommand;
use super::token::TokenCommand;
use super::watch::WatchCommand;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AdminCommand {
    /// Tokens: make, list, revoke
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Repositories of GitHub: connect them, and trust their workflows
    Github {
        #[command(subcommand)]
        command: GithubCommand,
    },
    /// Which environments are production, and what comes before them
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// What the worker looks at: registries, and services that run
    Watch {
        #[command(subcommand)]
        command: WatchCommand,
    },
    /// Webhooks that came: list, process again
    Delivery {
        #[command(subcommand)]
        command: DeliveryCommand,
    },
    /// Notices to PORTBOOK_NOTIFY_URL: list, send again
    Outbox {
        #[command(subcommand)]
        command: OutboxCommand,
    },
    /// Make everything that the board and the rules need again from the log
    Rebuild(Rebuild),
    /// Check that nothing in the log was changed, left out or put in between
    Verify(Verify),
}
