//! How long to wait before asking again.

use crate::context::Stop;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How often and how patiently a request is repeated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often it is sent at most.
    pub attempts: u32,
    /// The first pause; each further one is twice as long.
    pub base: Duration,
    /// No pause is longer, whatever the other side asks for.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl Patience {
    /// The pause after the `attempt`-th try, from 1: what the other side asked for, else doubling, and from half of it to
    /// all of it at random, so that those who failed together do not come back together.
    pub fn pause(&self, attempt: u32, asked: Option<Duration>, random: u64) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.longest);
        }
        let whole = self.base.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(self.longest);
        let half = whole / 2;
        half + half.mul_f64((random % 1000) as f64 / 1000.0)
    }
}

/// A `Retry-After` header: seconds or a date (RFC 9110, section 10.2.3).
pub fn retry_after(header: &str, now: OffsetDateTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(header, &Rfc2822).ok()?;
    Some(Duration::try_from(date - now).unwrap_or(Duration::ZERO))
}

/// A number that differs from call to call, from the standard library's own source of random keys.
pub fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// Whether an answer means "not now".
pub fn passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Waits that long; false as soon as the user asks to stop.
pub fn rest(stop: &Stop, pause: Duration) -> bool {
    let until = Instant::now() + pause;
    loop {
        if stop.requested() {
            return false;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_asked_again() {
        assert!([408, 429, 500, 502, 503, 504].into_iter().all(passes));
        assert!(![200, 400, 401, 403, 404, 405, 409, 413, 501].into_iter().any(passes));
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let patience = Patience::default();
        let most = |attempt| patience.pause(attempt, None, 999);
        assert!(most(1) <= Duration::from_millis(500) && most(1) > Duration::from_millis(400));
        assert!(most(3) > most(2) && most(40) <= patience.longest);
        assert!(patience.pause(1, None, 0) >= Duration::from_millis(250));
        assert_eq!(patience.pause(1, Some(Duration::from_secs(3)), 7), Duration::from_secs(3));
        assert_eq!(patience.pause(1, Some(Duration::from_secs(86_400)), 7), patience.longest);
    }

    #[test]
    fn both_forms_of_retry_after_are_understood() {
        let now = OffsetDateTime::from_unix_timestamp(1_767_323_045).unwrap();
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Fri, 02 Jan 2026 03:04:15 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Fri, 02 Jan 2026 03:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
