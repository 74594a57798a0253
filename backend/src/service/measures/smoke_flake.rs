//! How often a smoke test of the very same thing both failed and succeeded.

use super::stats::{share, wilson};
use super::{Counted, Part, Row};
use crate::store::SmokeOutcome;
use evidence::Outcome;
use std::collections::BTreeMap;
use time::OffsetDateTime;

#[derive(Default)]
struct Seen {
    failed: bool,
    succeeded: bool,
    last: i64,
}

pub(super) fn measure(smokes: &[SmokeOutcome]) -> Counted {
    let mut weeks: BTreeMap<(i32, u8), BTreeMap<String, Seen>> = BTreeMap::new();
    let mut conclusive = 0;
    for smoke in smokes {
        let Some(week) = iso_week(smoke.at) else { continue };
        if !matches!(smoke.outcome, Outcome::Success | Outcome::Failure) {
            continue;
        }
        conclusive += 1;
        let key = smoke.digest.as_ref().map_or_else(|| smoke.commit.to_string(), ToString::to_string);
        let seen = weeks.entry(week).or_default().entry(key).or_default();
        seen.failed |= smoke.outcome == Outcome::Failure;
        seen.succeeded |= smoke.outcome == Outcome::Success;
        seen.last = seen.last.max(smoke.at);
    }
    let mut counted = Counted { coverage: share(conclusive, smokes.len()), ..Counted::default() };
    for ((year, week), things) in weeks {
        let flaky = things.values().filter(|seen| seen.failed && seen.succeeded).count();
        counted.parts.push(Part {
            name: format!("{year}-W{week:02}"),
            value: share(flaky, things.len()),
            interval: wilson(flaky, things.len()),
            n: things.len(),
        });
        counted.rows.extend(things.into_iter().map(|(id, seen)| row(id, &seen)));
    }
    if let Some(newest) = counted.parts.last() {
        (counted.value, counted.interval, counted.n) = (newest.value, newest.interval, newest.n);
    }
    counted
}

fn iso_week(micros: i64) -> Option<(i32, u8)> {
    let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
    let (year, week, _) = instant.date().to_iso_week_date();
    Some((year, week))
}

fn row(id: String, seen: &Seen) -> Row {
    let flaky = seen.failed && seen.succeeded;
    let image = id.contains(':');
    Row {
        kind: if image { "image" } else { "commit" },
        at: seen.last,
        value: Some(if flaky { 1.0 } else { 0.0 }),
        note: if flaky { "It both failed and succeeded." } else { "It always ended alike." }.to_owned(),
        href: Some(if image { format!("/v1/images/{id}") } else { format!("/v1/commits/{id}") }),
        id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of the week that began on Monday, 2026-03-02, the tenth of its year.
    fn smoke(day: i64, digest: Option<u8>, outcome: Outcome) -> SmokeOutcome {
        SmokeOutcome {
            commit: "a".repeat(40).parse().unwrap(),
            digest: digest.map(|number| evidence::Digest::of(&[number])),
            outcome,
            at: (1_772_409_600 + day * 86_400) * 1_000_000,
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_count_each_image_once() {
        let smokes = [
            smoke(-1, Some(1), Outcome::Failure),
            smoke(0, Some(1), Outcome::Success),
            smoke(1, Some(2), Outcome::Failure),
            smoke(2, Some(2), Outcome::Success),
            smoke(2, Some(2), Outcome::Failure),
            smoke(6, None, Outcome::Success),
            smoke(6, Some(3), Outcome::Unknown),
        ];
        let counted = measure(&smokes);
        let parts: Vec<_> =
            counted.parts.iter().map(|part| (part.name.as_str(), part.value, part.n)).collect();
        assert_eq!(parts, [("2026-W09", Some(0.0), 1), ("2026-W10", Some(1.0 / 3.0), 3)]);
        assert_eq!((counted.value, counted.n), (Some(1.0 / 3.0), 3));
        assert_eq!(counted.coverage, Some(6.0 / 7.0));
        assert_eq!(counted.interval, wilson(1, 3));
        assert_eq!(counted.rows.len(), 4);
        assert_eq!(measure(&[]), Counted::default());
    }
}
