//! The arithmetic of measures.

use serde::Serialize;
use utoipa::ToSchema;

/// The standard normal distribution's quantile for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// Where the true rate lies with a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The percentile by nearest rank: the least value that at least that share of all values do not exceed. None of none.
pub fn percentile(values: &[i64], share: f64) -> Option<i64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// The median by nearest rank: of an even number of values the lower of the two in the middle.
pub fn median(values: &[i64]) -> Option<i64> {
    percentile(values, 0.5)
}

/// A part of a whole; none of nothing.
pub fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Wilson's score interval; none of nothing.
pub fn wilson(hits: usize, of: usize) -> Option<Interval> {
    let rate = share(hits, of)?;
    let n = of as f64;
    let z2 = Z * Z;
    let middle = rate + z2 / (2.0 * n);
    let spread = Z * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Some(Interval { low: ((middle - spread) / scale).max(0.0), high: ((middle + spread) / scale).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let ten: Vec<i64> = (1..=10).rev().collect();
        assert_eq!(
            [0.0, 0.05, 0.5, 0.91, 0.95, 1.0].map(|p| percentile(&ten, p)),
            [1, 1, 5, 10, 10, 10].map(Some)
        );
        let twenty: Vec<i64> = (1..=20).collect();
        assert_eq!(percentile(&twenty, 0.95), Some(19));
        assert_eq!(
            (median(&[7]), median(&[9, 1]), median(&[3, 9, 1]), median(&[])),
            (Some(7), Some(1), Some(3), None)
        );
    }

    #[test]
    fn the_interval_is_wilsons() {
        assert_eq!(wilson(0, 0), None);
        let near = |interval: Option<Interval>, low: f64, high: f64| {
            let Interval { low: l, high: h } = interval.unwrap();
            assert!((l - low).abs() < 5e-4 && (h - high).abs() < 5e-4, "{l} to {h}");
        };
        // By hand: (0.1 + 3.8415/20 ± 1.96 √(0.009 + 3.8415/400)) / 1.38415.
        near(wilson(1, 10), 0.0179, 0.4042);
        near(wilson(0, 10), 0.0, 0.2775);
        near(wilson(10, 10), 0.7225, 1.0);
    }
}
