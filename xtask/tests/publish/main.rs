//! Publishing, against a real distribution registry with passwords.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auth;
mod end_to_end;
mod faults;
mod images;
mod layout;
mod proxy;
mod registry;
mod stories;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other test targets")]
mod support;
mod world;

use faults::Fault;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// What every check returns: a panic is a failure, and nothing else is.
pub type Checked = Result<(), Failed>;

macro_rules! trials {
    ($lack:expr; $($module:ident::$name:ident $(($($argument:expr),*) as $title:literal)?),* $(,)?) => {
        vec![$(trial(trials!(@title $name $($title)?), $lack, || $module::$name($($($argument),*)?))),*]
    };
    (@title $name:ident $title:literal) => { $title };
    (@title $name:ident) => { stringify!($name) };
}

/// Whether the builder writes OCI image layouts: one of its own does, the engine's does from containerd's image store.
fn writes_layouts() -> bool {
    let says = |args: &[&str], word: &str| {
        let output = registry::docker().args(args).output();
        output.is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains(word)
        })
    };
    says(&["buildx", "inspect"], "docker-container")
        || says(&["info", "--format", "{{json .DriverStatus}}"], "io.containerd.snapshotter")
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of the time is spent waiting for another process.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let required = std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    let means = registry::means();
    let lack = means.as_ref().err().filter(|_| !required).cloned();
    let no_builder = (!writes_layouts() && !required)
        .then(|| "no builder that writes OCI image layouts; cargo xtask doctor --fix".to_owned());
    let mut all = trials![&lack;
        stories::publish_and_again,
        stories::one_changed_layer_travels_alone,
        stories::a_further_tag_is_the_same_bytes,
        stories::an_index_is_published_as_it_stands,
        stories::what_was_not_tested_is_refused,
        stories::by_hand_to_another_machine_the_gate_is_asked,
        stories::a_tag_that_names_something_else_is_refused,
        stories::two_at_once_are_safe,
        stories::an_older_commit_that_ends_last_leaves_latest,
        stories::an_older_commit_that_puts_latest_last_hands_it_on,
        stories::a_backport_leaves_latest,
        stories::an_upper_case_owner_is_lower_cased,
        stories::a_dry_run_says_every_request_and_sends_none,
        stories::only_green_commits_of_main_are_published,
        stories::blobs_are_mounted_from_a_neighbour,
        stories::a_damaged_layout_is_found_before_anything_is_sent,
        faults::lasting(0) as "after_faults_from_any_request_on_it_completes",
        faults::lasting(3) as "after_other_faults_from_any_request_on_it_completes",
        faults::passing(Fault::Status500) as "one_500_is_repeated",
        faults::passing(Fault::TooMany) as "one_429_is_repeated",
        faults::passing(Fault::ResetBefore) as "one_reset_is_repeated",
        faults::passing(Fault::ResetAfter) as "one_lost_answer_is_repeated",
        faults::passing(Fault::Truncate) as "one_truncated_answer_is_repeated",
        faults::passing(Fault::CutBody) as "one_cut_body_is_repeated",
        faults::killed(false) as "killed_before_any_request_it_completes",
        faults::killed(true) as "killed_after_any_request_it_completes",
        faults::retry_after_is_honoured,
        faults::a_cut_upload_is_resumed,
        faults::a_cut_upload_that_is_forgotten_begins_anew,
        auth::a_wrong_password,
        auth::no_credentials,
        auth::credentials_of_docker_login,
        auth::credentials_of_a_helper,
        auth::a_token_is_fetched_and_used,
        auth::a_wrong_password_at_the_token_service,
        auth::an_expired_token,
        auth::a_token_that_expires_on_the_way,
        auth::a_token_that_may_only_read,
        auth::an_unknown_repository,
        auth::a_registry_that_lies,
        auth::a_registry_that_is_not_there,
        images::list_and_show,
        images::prune_removes_only_what_nothing_needs,
        images::a_repository_that_is_not_there,
    ];
    all.extend(trials![&lack.clone().or(no_builder); end_to_end::one_digest_all_the_way]);
    // Held until the last test has ended.
    let _running = match means {
        Ok(means) if !arguments.list => Some(registry::start(means)),
        _ => None,
    };
    libtest_mimic::run(&arguments, all).exit_code()
}

/// A test, or the reason why it is counted as ignored.
fn trial(name: &str, lack: &Option<String>, run: impl FnOnce() -> Checked + Send + 'static) -> Trial {
    match lack {
        Some(lack) => Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true),
        None => Trial::test(name, run),
    }
}
