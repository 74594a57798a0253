//! The command line.

use crate::commands::{
    bench, build_image, ci, compose_image_mode, deploy, doctor, evidence, fuzz, gate, hold, images, lock,
    migrations, promote, publish, rollback, smoke, status, tags, test, workflows,
};
use clap::{Parser, Subcommand};

/// The delivery pipeline: what CI and developers run, defined once.
///
/// stdout is data, stderr is chatter. Exit codes: 0 done, 1 a step failed, 2 the call was wrong,
/// 3 refused by policy, 4 a needed tool or service is missing.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Print the output of steps as it comes
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  cargo xtask smoke                 boot the production build and check it
  cargo xtask test                  every test that this machine can run
  cargo xtask ci                    what the workflows run
  cargo xtask ci --dry-run          the same, as lines to paste into a shell
  cargo xtask doctor --fix          bring what is missing";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the required checks, as the workflows run them
    Ci(ci::Args),
    /// Run tests
    Test(test::Args),
    /// Boot the production build and check it
    Smoke(smoke::Args),
    /// Build an image through BuildKit
    BuildImage(build_image::Args),
    /// Push the tested artefact, byte for byte, and move its tags
    Publish(publish::Args),
    /// Bring what ran healthy in one environment to the next, by its digest
    Promote(promote::Args),
    /// Bring an image to an environment, without a lost request
    Deploy(deploy::Args),
    /// Go back to what was observed healthy before
    Rollback(rollback::Args),
    /// Say what runs where
    Status(status::Args),
    /// Say who deploys at present, or take the lock from them
    Lock(lock::Args),
    /// Let what was taken back be deployed again
    Hold(hold::Args),
    /// Say what is in the registry, and remove what nothing needs
    Images(images::Args),
    /// Say what evidence is here, and post what the ledger has not got
    Evidence(evidence::Args),
    /// Switch docker-compose.dev.yml between building the application and running a published image
    ComposeImageMode(compose_image_mode::Args),
    /// Say which tags, version and labels the present event gets, and why
    Tags(tags::Args),
    /// Say whether the present event's commit may be published, and why
    Gate(gate::Args),
    /// Say what this machine has and lacks, and mend it
    Doctor(doctor::Args),
    /// Measure, as ratios within one run
    Bench(bench::Args),
    /// Feed what reads other people's text with inputs that nobody thought of
    Fuzz(fuzz::Args),
    /// Judge GitHub's workflows, and say what starts what
    Workflows(workflows::Args),
    /// Judge the migrations of both databases: may the previous release go on working?
    Migrations(migrations::Args),
    /// Print shell completions
    #[command(after_help = "Examples:
  cargo xtask completions bash > ~/.local/share/bash-completion/completions/cargo-xtask")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}
