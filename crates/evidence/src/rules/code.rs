//! The codes of findings and reasons. They are stable: what is written once is read by machines for ever. Their
//! meanings stand in the table of the module above.

macro_rules! codes {
    ($($name:ident = $text:literal),* $(,)?) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)*

        /// All of them.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

codes! {
    PUBLISHED_ON_RED = "published-on-red",
    PUBLISHED_WITHOUT_VERDICT = "published-without-verdict",
    IMMUTABLE_TAG_MOVED = "immutable-tag-moved",
    IMMUTABLE_TAG_VANISHED = "immutable-tag-vanished",
    FLOATING_REFERENCE = "floating-reference",
    UNPINNED_REFERENCE = "unpinned-reference",
    UNTESTED_DIGEST = "untested-digest",
    SKIPPED_STAGING = "skipped-staging",
    DRIFT = "drift",
    UNDEPLOYED_IMAGE = "undeployed-image",
    DIGEST_KNOWN = "digest-known",
    DIGEST_UNKNOWN = "digest-unknown",
    CI_GREEN = "ci-green",
    CI_NOT_GREEN = "ci-not-green",
    CI_UNKNOWN = "ci-unknown",
    TESTED = "tested",
    PASSED_STAGING = "passed-staging",
    RAN_BEFORE = "ran-before",
    PINNED_REFERENCE = "pinned-reference",
    OTHER_DIGEST = "other-digest",
    TAGS_UNMOVED = "tags-unmoved",
    SCHEMA_IN_RANGE = "schema-in-range",
    SCHEMA_MIGRATES = "schema-migrates",
    SCHEMA_AHEAD = "schema-ahead",
    SCHEMA_OUT_OF_RANGE = "schema-out-of-range",
    SCHEMA_UNKNOWN = "schema-unknown",
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_is_documented_once() {
        let rows: Vec<&str> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`').map(|(code, _)| code))
            .collect();
        assert_eq!(rows, super::ALL);
    }
}
