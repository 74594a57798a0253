//! Evidence as it is posted: it is read or refused with a pointer, and what is read has one canonical form.
#![no_main]

use evidence::Evidence;
use libfuzzer_sys::fuzz_target;
use portbook::service::claim;

fuzz_target!(|text: &str| {
    let Ok(value) = serde_json::from_str::<&serde_json::value::RawValue>(text) else { return };
    match claim::read("/evidence/0", value.get()) {
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| error.pointer.starts_with("/evidence/0")), "{errors:?}");
            assert!(errors.iter().all(|error| !error.detail.is_empty()), "{errors:?}");
        }
        Ok(evidence) => {
            let (canonical, sha256) = evidence.hashed();
            let again: Evidence = serde_json::from_str(&canonical).expect("the canonical form reads back");
            assert_eq!(again, evidence);
            assert_eq!(again.hashed(), (canonical.clone(), sha256));
            assert_eq!(claim::read("", &canonical).as_ref(), Ok(&evidence), "it is taken again");
        }
    }
});
