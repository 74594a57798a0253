//! Test counts, read from the closing lines of the test runners.

use serde::Serialize;
use std::ops::AddAssign;

/// Whose closing lines to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, one per test binary.
    Cargo,
    /// `      Tests  2 failed | 7 passed | 1 skipped (10)`.
    Vitest,
    /// Playwright's list reporter: `  3 passed (2.1s)`, `  1 failed`, `  1 skipped`.
    Playwright,
    /// A plain closing line of our own: `3 passed, 0 failed, 1 skipped`.
    Plain,
}

/// How many tests or checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Not run, and said so.
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Counter {
    /// The counts that an output states; all zero where it states none.
    pub fn read(self, output: &str) -> Counts {
        let mut counts = Counts::default();
        for line in output.lines().map(strip_ansi) {
            let line = line.trim();
            match self {
                Self::Cargo => {
                    if let Some(rest) = line.strip_prefix("test result: ") {
                        counts += read_pairs(rest.split(['.', ';']));
                    }
                }
                Self::Vitest => {
                    if let Some(rest) = line.strip_prefix("Tests ") {
                        counts += read_pairs(rest.split(['|', '(']));
                    }
                }
                Self::Playwright => counts += read_pairs(line.split('(').take(1)),
                Self::Plain => {
                    if line.contains(" passed, ") {
                        counts = read_pairs(line.split(','));
                    }
                }
            }
        }
        counts
    }
}

/// Adds up the parts that read `<number> <word>` and nothing more.
fn read_pairs<'a>(parts: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::default();
    for part in parts {
        let mut words = part.split_whitespace();
        let (Some(number), Some(word), None) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match word {
            "passed" => counts.passed += number,
            "failed" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    counts
}

/// A line without its SGR colour sequences.
pub fn strip_ansi(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        rest = rest[at + 2..].trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_runners_print() {
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                     test result: FAILED. 2 passed; 1 failed; 0 ignored; finished in 0.2s";
        assert_eq!(Counter::Cargo.read(cargo), Counts { passed: 5, failed: 1, skipped: 1 });
        let vitest = "\u{1b}[2m Test Files \u{1b}[22m 3 passed (3)\n\u{1b}[2m      Tests \u{1b}[22m \u{1b}[31m2 failed\u{1b}[39m | \u{1b}[32m7 passed\u{1b}[39m (9)";
        assert_eq!(Counter::Vitest.read(vitest), Counts { passed: 7, failed: 2, skipped: 0 });
        let playwright = "  1 failed\n    board.spec.ts:3 › opens\n  2 passed (4.1s)\n";
        assert_eq!(Counter::Playwright.read(playwright), Counts { passed: 2, failed: 1, skipped: 0 });
        let plain = "noise 9 passed\n16 passed, 0 failed, 1 skipped";
        assert_eq!(Counter::Plain.read(plain), Counts { passed: 16, failed: 0, skipped: 1 });
    }
}
