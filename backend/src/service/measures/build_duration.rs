//! How long builds of images take.

use super::stats::{percentile, share};
use super::{Counted, Part, Row};
use crate::store::BuildTime;
use evidence::BuildCache;

pub(super) fn measure(builds: &[BuildTime]) -> Counted {
    let times = |cache: BuildCache| -> Vec<i64> {
        builds
            .iter()
            .filter(|build| build.cache == Some(cache))
            .filter_map(|build| build.milliseconds)
            .collect()
    };
    let part = |name: &str, cache: BuildCache| {
        let times = times(cache);
        let value = percentile(&times, 0.95).map(|milliseconds| milliseconds as f64);
        Part { name: name.to_owned(), value, interval: None, n: times.len() }
    };
    let parts = vec![part("cold", BuildCache::Cold), part("warm", BuildCache::Warm)];
    let n = parts.iter().map(|part| part.n).sum();
    let row = |build: &BuildTime| Row {
        kind: "image",
        id: build.digest.to_string(),
        at: build.at,
        value: build.milliseconds.filter(|_| build.cache.is_some()).map(|milliseconds| milliseconds as f64),
        note: match (build.cache, build.milliseconds) {
            (Some(BuildCache::Cold), Some(_)) => "With a cold cache.",
            (Some(BuildCache::Warm), Some(_)) => "With a warm cache.",
            _ => "It told its time or its cache not.",
        }
        .to_owned(),
        href: Some(format!("/v1/images/{}", build.digest)),
    };
    Counted {
        value: parts.iter().filter_map(|part| part.value).reduce(f64::max),
        n,
        coverage: share(n, builds.len()),
        rows: builds.iter().map(row).collect(),
        parts,
        ..Counted::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::measures::{CATALOGUE, reached};

    fn build(milliseconds: Option<i64>, cache: Option<BuildCache>) -> BuildTime {
        BuildTime { digest: evidence::Digest::of(b""), milliseconds, cache, at: 1 }
    }

    #[test]
    fn cold_and_warm_builds_are_apart_and_both_must_be_quick() {
        let (cold, warm) = (Some(BuildCache::Cold), Some(BuildCache::Warm));
        let mut builds: Vec<_> = (1..=20).map(|n| build(Some(n * 1000), warm)).collect();
        builds.extend([build(Some(400_000), cold), build(None, warm), build(Some(1), None)]);
        let counted = measure(&builds);
        let parts: Vec<_> = counted.parts.iter().map(|part| (part.value, part.n)).collect();
        assert_eq!(parts, [(Some(400_000.0), 1), (Some(19_000.0), 20)]);
        assert_eq!((counted.value, counted.n, counted.coverage), (Some(400_000.0), 21, Some(21.0 / 23.0)));
        let goal = CATALOGUE.iter().find(|measure| measure.name == "build-duration").unwrap().goal;
        assert_eq!(reached(goal, &counted), Some(false));
        assert_eq!(reached(goal, &measure(&builds[..20])), Some(true));
        let none = measure(&[]);
        assert_eq!((none.value, none.n, none.coverage, reached(goal, &none)), (None, 0, None, None));
    }
}
