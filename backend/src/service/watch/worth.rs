//! Whether an observation of what runs is worth recording.

use super::SECOND;
use evidence::RuntimeObserved;

/// How long after a change it is confirmed at the earliest. The rules believe what was seen twice.
pub(super) const CONFIRM_AFTER: i64 = 10 * SECOND;

/// What an observation is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is what was recorded before, and since the last deployment.
    Nothing,
    /// It confirms a change, but too soon.
    AnotherLook,
    /// It is a change, or confirms one; or the first since a deployment ended, or confirms that.
    Recording,
}

/// What an observation is worth after those before it, the newest first; `since` is when the last deployment to the
/// cell ended.
pub(super) fn judge(
    before: &[(i64, RuntimeObserved)],
    observed: &RuntimeObserved,
    since: i64,
    now: i64,
) -> Worth {
    let Some((at, last)) = before.first() else {
        return Worth::Recording;
    };
    // Instants are kept to the second: two of one second have no order.
    if now < at + SECOND {
        return Worth::AnotherLook;
    }
    // A deployment that ends after now was told by a clock that goes fast: its time will come.
    if tells_otherwise(observed, last) || (observed.reachable && *at <= since && since < now) {
        return Worth::Recording;
    }
    let confirmed = *at <= since || before.get(1).is_some_and(|earlier| confirms(last, earlier, since));
    match observed.reachable && !confirmed {
        true if now >= at + CONFIRM_AFTER => Worth::Recording,
        true => Worth::AnotherLook,
        false => Worth::Nothing,
    }
}

/// Whether it tells anything that the one before did not. A service that cannot ask its database for a moment does not say
/// that its schema has changed.
fn tells_otherwise(observed: &RuntimeObserved, last: &RuntimeObserved) -> bool {
    let told = RuntimeObserved {
        schema_version: observed.schema_version.or(last.schema_version),
        schema_floor: observed.schema_floor.or(last.schema_floor),
        ..observed.clone()
    };
    told != *last
}

/// Whether it tells of the same image as one before, or of the same commit where there is no image, with no end of a
/// deployment in between.
pub(super) fn confirms(later: &RuntimeObserved, (at, earlier): &(i64, RuntimeObserved), since: i64) -> bool {
    *at > since
        && (earlier.reachable, &earlier.digest, &earlier.commit)
            == (later.reachable, &later.digest, &later.commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Digest;

    fn running(number: &str, version: &str) -> RuntimeObserved {
        RuntimeObserved {
            service: "web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            reachable: true,
            digest: Some(Digest::of(number.as_bytes())),
            commit: None,
            version: Some(version.to_owned()),
            schema_version: Some(5),
            schema_floor: Some(0),
        }
    }

    #[test]
    fn a_change_is_recorded_at_once_and_once_more_when_it_has_lasted() {
        let mut log: Vec<(i64, RuntimeObserved)> = Vec::new();
        let mut look = |observed: &RuntimeObserved, seconds: i64| {
            let now = seconds * SECOND;
            let worth = judge(&log, observed, i64::MIN, now);
            if worth == Worth::Recording {
                log.insert(0, (now, observed.clone()));
            }
            worth
        };
        let (first, second) = (running("1", "1.0"), running("2", "2.0"));
        let silent = RuntimeObserved { reachable: false, digest: None, version: None, ..first.clone() };
        assert_eq!(look(&first, 0), Worth::Recording);
        assert_eq!(look(&first, 9), Worth::AnotherLook);
        assert_eq!(look(&first, 10), Worth::Recording);
        assert_eq!(look(&first, 100), Worth::Nothing);
        assert_eq!(look(&second, 115), Worth::Recording);
        assert_eq!(look(&second, 125), Worth::Recording);
        assert_eq!(look(&second, 135), Worth::Nothing);
        // The same image under another name is a change, but needs no second look.
        let renamed = running("2", "2.0-fixed");
        assert_eq!(look(&renamed, 150), Worth::Recording);
        assert_eq!(look(&renamed, 165), Worth::Nothing);
        let unsure = RuntimeObserved { schema_version: None, schema_floor: None, ..renamed.clone() };
        assert_eq!(look(&unsure, 170), Worth::Nothing);
        assert_eq!(look(&silent, 180), Worth::Recording);
        assert_eq!(look(&silent, 195), Worth::Nothing);
        assert_eq!(look(&renamed, 210), Worth::Recording);
        assert_eq!(look(&renamed, 225), Worth::Recording, "it was away, so it is believed when seen twice");
        assert_eq!(look(&renamed, 240), Worth::Nothing);
    }

    #[test]
    fn what_a_deployment_left_as_it_was_is_recorded_twice_after_it() {
        let (old, new) = (running("1", "1.0"), running("2", "2.0"));
        let mut log = vec![(10 * SECOND, old.clone()), (0, old.clone())];
        let mut look = |observed: &RuntimeObserved, since: i64, seconds: i64| {
            let now = seconds * SECOND;
            let worth = judge(&log, observed, since * SECOND, now);
            if worth == Worth::Recording {
                log.insert(0, (now, observed.clone()));
            }
            worth
        };
        assert_eq!(look(&old, -1, 100), Worth::Nothing);
        assert_eq!(look(&old, 102, 101), Worth::Nothing, "by a clock that goes fast");
        assert_eq!(look(&old, 102, 103), Worth::Recording);
        assert_eq!(look(&old, 102, 112), Worth::AnotherLook);
        assert_eq!(look(&old, 102, 113), Worth::Recording);
        assert_eq!(look(&old, 102, 128), Worth::Nothing);
        // The new one was seen twice before its own deployment ended, which is not all that there is to see.
        assert_eq!(look(&new, 102, 140), Worth::Recording);
        assert_eq!(look(&new, 102, 150), Worth::Recording);
        assert_eq!(look(&new, 150, 165), Worth::Recording);
        assert_eq!(look(&new, 150, 175), Worth::Recording);
        assert_eq!(look(&new, 150, 190), Worth::Nothing);
        // What does not answer is recorded once, and says nothing of any deployment.
        let silent = RuntimeObserved { reachable: false, digest: None, version: None, ..new.clone() };
        assert_eq!(look(&silent, 150, 205), Worth::Recording);
        assert_eq!(look(&silent, 210, 220), Worth::Nothing);
    }
}
