//! How long pull requests wait for CI.

use super::stats::{median, share};
use super::{Counted, Row, milliseconds};
use crate::store::RunDuration;
use evidence::Conclusion;

pub(super) fn measure(runs: &[RunDuration]) -> Counted {
    let says = |run: &RunDuration| {
        matches!(run.conclusion, Some(Conclusion::Success | Conclusion::Failure | Conclusion::TimedOut))
            && run.ended_at >= run.started_at
    };
    let durations: Vec<i64> =
        runs.iter().filter(|run| says(run)).map(|run| run.ended_at - run.started_at).collect();
    let row = |run: &RunDuration| Row {
        kind: "run",
        id: format!("{}/{}", run.run_id, run.attempt),
        at: run.ended_at,
        value: says(run).then(|| milliseconds(run.ended_at - run.started_at)),
        note: if says(run) { "It counts." } else { "It came to no conclusion." }.to_owned(),
        href: Some(format!("/v1/commits/{}", run.commit)),
    };
    Counted {
        value: median(&durations).map(milliseconds),
        n: durations.len(),
        coverage: share(durations.len(), runs.len()),
        rows: runs.iter().map(row).collect(),
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(minutes: i64, conclusion: Conclusion) -> RunDuration {
        RunDuration {
            run_id: minutes,
            attempt: 1,
            commit: "0".repeat(40).parse().unwrap(),
            conclusion: Some(conclusion),
            started_at: 1_000_000,
            ended_at: 1_000_000 + minutes * 60_000_000,
        }
    }

    #[test]
    fn failures_count_and_cancelled_runs_only_lower_the_coverage() {
        let runs = [
            run(10, Conclusion::Success),
            run(20, Conclusion::Failure),
            run(12, Conclusion::Success),
            run(1, Conclusion::Cancelled),
        ];
        let counted = measure(&runs);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(720_000.0), 3, Some(0.75)));
        assert_eq!(counted.rows.iter().filter(|row| row.value.is_none()).count(), 1);
        assert_eq!(measure(&[]), Counted::default());
        let nothing = measure(&runs[3..]);
        assert_eq!((nothing.value, nothing.n, nothing.coverage), (None, 0, Some(0.0)));
    }
}
