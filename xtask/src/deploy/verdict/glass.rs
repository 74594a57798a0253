//! What a deployment in an emergency may pass over.

use super::UNREACHABLE;
use evidence::rules::code;

/// Whether `--break-glass` passes over a reason: that something is not known, not tested or not green is a risk which
/// someone may take on. That it is not the image which was meant, or that it cannot run on the database, is none; and of a
/// code that this program does not know nobody can say what the risk is.
pub fn overridable(code: &str) -> bool {
    matches!(
        code,
        UNREACHABLE
            | code::DIGEST_UNKNOWN
            | code::CI_NOT_GREEN
            | code::CI_UNKNOWN
            | code::PUBLISHED_ON_RED
            | code::PUBLISHED_WITHOUT_VERDICT
            | code::UNTESTED_DIGEST
            | code::SKIPPED_STAGING
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No emergency makes these right.
    const FIRM: &[&str] = &[
        code::IMMUTABLE_TAG_MOVED,
        code::IMMUTABLE_TAG_VANISHED,
        code::FLOATING_REFERENCE,
        code::UNPINNED_REFERENCE,
        code::OTHER_DIGEST,
        code::SCHEMA_OUT_OF_RANGE,
    ];
    /// These never block a deployment.
    const HARMLESS: &[&str] = &[
        code::DRIFT,
        code::UNDEPLOYED_IMAGE,
        code::DIGEST_KNOWN,
        code::CI_GREEN,
        code::TESTED,
        code::PASSED_STAGING,
        code::RAN_BEFORE,
        code::PINNED_REFERENCE,
        code::TAGS_UNMOVED,
        code::SCHEMA_IN_RANGE,
        code::SCHEMA_MIGRATES,
        code::SCHEMA_AHEAD,
        code::SCHEMA_UNKNOWN,
    ];

    #[test]
    fn every_code_is_of_one_sort() {
        for code in code::ALL {
            let sorts = [overridable(code), FIRM.contains(code), HARMLESS.contains(code)];
            let count = sorts.iter().filter(|is| **is).count();
            assert_eq!(count, 1, "{code}: is it overridable, firm or harmless? say so here");
        }
        assert!(overridable(UNREACHABLE) && !overridable("of-another-age"));
    }
}
