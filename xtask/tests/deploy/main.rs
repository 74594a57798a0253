//! Deployments: the real program, a real registry, a real engine and a real Postgres.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod by_hand;
mod database;
mod drift;
mod engine;
mod failures;
mod first;
mod full;
mod images;
mod interrupted;
mod killed;
#[path = "../publish/layout.rs"]
#[allow(dead_code, reason = "shared with the publish tests")]
mod layout;
mod load;
mod promote;
#[path = "../publish/proxy.rs"]
#[allow(dead_code, reason = "shared with the publish tests")]
mod proxy;
mod refusals;
#[path = "../publish/registry.rs"]
#[allow(dead_code, reason = "shared with the publish tests")]
mod registry;
mod repeated;
mod restarted;
mod rivals;
mod second;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "shared with the other test targets")]
mod support;
mod world;

use libtest_mimic::{Arguments, Failed, Trial};
use registry::Means;
use std::process::ExitCode;

/// What every trial returns: a panic is a failure, and nothing else is.
pub type Checked = Result<(), Failed>;

macro_rules! trials {
    ($lack:expr; $($module:ident::$name:ident),* $(,)?) => {
        vec![$(trial(stringify!($name), $lack, $module::$name)),*]
    };
}

/// What these tests need, or what is missing.
fn means() -> Result<Means, String> {
    match (engine::lack(), registry::means()?) {
        (None, Means::Image) => Ok(Means::Image),
        (None, Means::Program(_)) => {
            Err("the engine has no image registry:2; cargo xtask doctor --fix".to_owned())
        }
        (Some(lack), _) => Err(lack),
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Two thirds of the time are spent waiting for the engine.
    arguments.test_threads = arguments.test_threads.or(Some(3));
    let required = std::env::var("PORTBOOK_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    let means = means();
    let lack = means.as_ref().err().filter(|_| !required).cloned();
    let mut all = trials![&lack;
        repeated::twenty_deployments_and_rollbacks_under_load,
        failures::what_cannot_be_pulled,
        failures::what_cannot_migrate,
        failures::what_does_not_start,
        failures::what_fails_after_the_switch,
        killed::killed_before_the_switch_it_completes,
        killed::killed_after_the_switch_it_completes,
        first::a_first_deployment_and_the_same_again,
        rivals::two_at_once,
        rivals::a_holder_that_slept_too_long,
        interrupted::interrupted_what_ran_before_serves,
        refusals::without_evidence_nothing_is_touched,
        refusals::compose_by_itself_refuses_latest_in_production,
        refusals::what_was_taken_back_and_what_the_schema_forbids,
        promote::through_all_environments,
        promote::what_is_not_whole,
        by_hand::a_project_that_was_started_by_hand,
        drift::what_was_started_by_hand_is_an_incident,
        database::the_database_is_gone_for_a_while,
    ];
    let apart = lack.clone().or_else(second::lack).filter(|_| !required);
    all.extend(trials![&apart;
        restarted::the_engine_is_started_again_in_the_middle,
        full::the_disk_is_full,
    ]);
    // Held until the last test has ended.
    let _running = match means {
        Ok(means) if !arguments.list => {
            engine::sweep();
            Some(registry::start(means))
        }
        _ => None,
    };
    let conclusion = libtest_mimic::run(&arguments, all);
    if lack.is_none() {
        engine::clean(&std::process::id().to_string());
    }
    conclusion.exit_code()
}

/// A test, or the reason why it is counted as ignored.
fn trial(name: &str, lack: &Option<String>, run: fn() -> Checked) -> Trial {
    match lack {
        Some(lack) => Trial::test(format!("{name} [not run: {lack}]"), run).with_ignored_flag(true),
        None => Trial::test(name, run),
    }
}
