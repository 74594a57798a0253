//! GitHub's events: the first byte says which, the rest is the body. What is read tells the same facts each time, and only
//! such as the log can keep.
#![no_main]

use evidence::Evidence;
use libfuzzer_sys::fuzz_target;
use portbook::github::{HookError, read};

const EVENTS: [&str; 13] = [
    "workflow_run",
    "workflow_job",
    "push",
    "pull_request",
    "deployment",
    "deployment_status",
    "package",
    "registry_package",
    "create",
    "delete",
    "repository",
    "ping",
    "something_new",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let event = EVENTS[usize::from(*first) % EVENTS.len()];
    match read(event, body) {
        Err(HookError::Field(error)) => assert!(!error.detail.is_empty(), "{error:?}"),
        Err(_) => {}
        Ok(hook) => {
            assert_eq!(read(event, body).as_ref(), Ok(&hook));
            for (at, claim) in hook.facts.claims {
                let evidence = Evidence::new("shop".parse().expect("a name"), at.instant(), claim);
                let (canonical, _) = evidence.hashed();
                let again: Evidence =
                    serde_json::from_str(&canonical).expect("the canonical form reads back");
                assert_eq!(again, evidence);
                assert_eq!(evidence.validate(), Ok(()), "{event} tells what cannot be kept: {canonical}");
            }
        }
    }
});
