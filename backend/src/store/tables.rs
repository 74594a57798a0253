//! The projection tables, as the migrations make them.

use super::table::Kind::{Int, Text};
use super::table::Table;

macro_rules! tables {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, key [$($key:ident $kk:ident),+], order [$($order:ident $ok:ident),*],
        rest [$($rest:ident $rk:ident),*], shown $shown:literal;)*) => {
        $(
            $(#[$doc])*
            pub static $constant: Table = Table {
                name: $name,
                columns: &[$((stringify!($key), $kk),)+ $((stringify!($order), $ok),)* $((stringify!($rest), $rk),)*],
                key: [$(stringify!($key)),+].len(),
                order: { const ORDER: &[&str] = &[$(stringify!($order)),*]; ORDER.len() },
                shown: $shown,
            };
        )*

        /// All tables that are made from the evidence, but for `incident`.
        pub static TABLES: &[&Table] = &[$(&$constant),*];
    };
}

tables! {
    /// Commits of the default branch.
    COMMIT_KNOWN = "commit_known", key [project Text, commit_sha Text], order [rank Int, occurred_at Int, seq Int],
        rest [subject Text, author Text, first_parent Text], shown true;
    /// Commits that a force-push left behind.
    COMMIT_UNREACHABLE = "commit_unreachable", key [project Text, commit_sha Text], order [], rest [], shown true;
    /// Every conclusion of CI.
    CI_FACT = "ci_fact", key [project Text, commit_sha Text, fact_key Text], order [concluded_at Int, evidence Text],
        rest [outcome Text, trust Text], shown false;
    /// The last conclusion of CI about a commit.
    COMMIT_CI = "commit_ci", key [project Text, commit_sha Text], order [concluded_at Int, red Int, evidence Text],
        rest [outcome Text], shown true;
    /// The last image of a commit.
    IMAGE = "image", key [project Text, commit_sha Text], order [occurred_at Int, seq Int],
        rest [digest Text, size_bytes Int, platforms Text], shown true;
    /// Images by digest.
    ARTEFACT = "artefact", key [project Text, digest Text], order [at Int, evidence Text],
        rest [commit_sha Text, size_bytes Int, platforms Text, schema_min Int, schema_max Int, milliseconds Int, cache Text],
        shown false;
    /// The last smoke test of a commit.
    SMOKE = "smoke", key [project Text, commit_sha Text], order [occurred_at Int, seq Int], rest [outcome Text], shown true;
    /// Every smoke test.
    SMOKE_FACT = "smoke_fact", key [project Text, evidence Text], order [],
        rest [commit_sha Text, digest Text, outcome Text, engine Text, at Int], shown false;
    /// What each tag was last published as.
    PUBLICATION = "publication", key [project Text, repository Text, tag Text], order [occurred_at Int, seq Int],
        rest [commit_sha Text, digest Text], shown true;
    /// Every publication of every tag.
    PUBLICATION_FACT = "publication_fact", key [project Text, evidence Text, tag Text], order [],
        rest [repository Text, digest Text, commit_sha Text, at Int], shown false;
    /// What registries answered.
    TAG_OBSERVATION = "tag_observation", key [project Text, evidence Text], order [],
        rest [repository Text, tag Text, digest Text, at Int], shown false;
    /// Deployments.
    DEPLOYMENT = "deployment", key [project Text, id Text], order [announced Int, started_at Int, evidence Text],
        rest [service Text, environment Text, commit_sha Text, digest Text, reference Text, mode Text, rollback_of Text,
            version Text, actor Text, flagged Int], shown false;
    /// What they have come to.
    DEPLOYMENT_OUTCOME = "deployment_outcome", key [project Text, id Text],
        order [rank Int, sequence Int, at Int, evidence Text],
        rest [seq Int, state Text, outcome Text, failure Text, detail Text, milliseconds Int], shown false;
    /// The first success of each digest in each environment.
    FIRST_SUCCESS = "first_success", key [project Text, digest Text, environment Text, service Text],
        order [earliness Int, id Text], rest [commit_sha Text, mode Text, evidence Text], shown false;
    /// Each state that they passed.
    DEPLOYMENT_EVENT = "deployment_event", key [project Text, id Text, sequence Int, evidence Text], order [],
        rest [state Text, failure Text, detail Text, at Int], shown false;
    /// Attempts of workflow runs.
    CI_RUN = "ci_run", key [project Text, repository_id Int, run_id Int, attempt Int],
        order [phase Int, updated_at Int, evidence Text],
        rest [workflow Text, event Text, branch Text, commit_sha Text, from_fork Int, conclusion Text, started_at Int],
        shown false;
    /// Their jobs.
    CI_JOB = "ci_job", key [project Text, repository_id Int, job_id Int], order [phase Int, updated_at Int, evidence Text],
        rest [run_id Int, attempt Int, name Text, commit_sha Text, conclusion Text, started_at Int, completed_at Int],
        shown false;
    /// Moves of branches and tags.
    REF_MOVE = "ref_move", key [project Text, evidence Text], order [],
        rest [repository_id Int, reference Text, default_branch Int, before_sha Text, after_sha Text, forced Int, commits Text,
            at Int], shown false;
    /// Pull requests.
    PULL_REQUEST = "pull_request", key [project Text, repository_id Int, number Int], order [at Int, state Int, evidence Text],
        rest [title Text, author Text, base Text, head_sha Text, merge_commit Text], shown false;
    /// Deployments as GitHub knows them.
    GITHUB_DEPLOYMENT = "github_deployment", key [project Text, repository_id Int, deployment_id Int],
        order [at Int, status_id Int, evidence Text], rest [environment Text, commit_sha Text, state Text, actor Text],
        shown false;
    /// What repositories are called.
    REPOSITORY_NAME = "repository_name", key [project Text, repository_id Int], order [at Int, evidence Text],
        rest [owner_id Int, full_name Text, default_branch Text], shown false;
    /// What services said that they are.
    RUNTIME_FACT = "runtime_fact", key [project Text, evidence Text], order [],
        rest [service Text, environment Text, reachable Int, digest Text, commit_sha Text, version Text, schema_version Int,
            schema_floor Int, at Int], shown true;
    /// What runs in each cell of the board, and what was last attempted.
    ENV_STATE = "env_state", key [project Text, service Text, environment Text, slot Text], order [occurred_at Int, seq Int],
        rest [kind Text, outcome Text, commit_sha Text, digest Text, version Text, actor Text, evidence Text], shown true;
}
