//! References, tags, digests and names: what reads reads back as it was written, and nothing panics.
#![no_main]

use evidence::{CommitSha, DeploymentId, Digest, ImageRef, Name, Tag, Timestamp};
use libfuzzer_sys::fuzz_target;
use std::fmt::{Debug, Display};
use std::str::FromStr;

fn same<T: FromStr + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    let read: T = text.parse().ok()?;
    let again = read.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&read), "{text:?} is written as {read}");
    Some(read)
}

fuzz_target!(|text: &str| {
    if let Some(image) = same::<ImageRef>(text) {
        assert!(!image.repository.is_empty());
    }
    for exact in [
        same::<Tag>(text).map(|it| it.to_string()),
        same::<Digest>(text).map(|it| it.to_string()),
        same::<Name>(text).map(|it| it.to_string()),
        same::<CommitSha>(text).map(|it| it.to_string()),
        same::<DeploymentId>(text).map(|it| it.to_string()),
    ] {
        // These have one form alone.
        assert!(exact.is_none_or(|written| written == text), "{text:?}");
    }
    let read: Result<Timestamp, _> = serde_json::from_value(text.into());
    if let Ok(at) = read {
        let again: Timestamp = serde_json::from_value(serde_json::json!(at)).expect("a timestamp reads back");
        assert_eq!(again, at);
    }
});
