//! Versions as node-semver and PEP 440 read them.

use semver::Version;

/// node-semver's `valid`: a version as semver.org has it, a leading `v` and surrounding space allowed.
pub fn semver(text: &str) -> Option<Version> {
    let text = text.trim();
    // Both limits are node-semver's.
    let safe = |number: u64| number <= 9_007_199_254_740_991;
    if text.len() > 256 {
        return None;
    }
    let version = Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()?;
    (safe(version.major) && safe(version.minor) && safe(version.patch)).then_some(version)
}

/// The version of a release's tag, `v1.2.3` or `1.2.3`.
pub fn release(text: &str) -> Option<Version> {
    semver(text)
}

/// A version as PEP 440, appendix B, reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pep440 {
    epoch: u64,
    release: Vec<u64>,
    pre: Option<(&'static str, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<String>,
}

impl Pep440 {
    /// Reads a version; nothing when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let mut rest = Cursor(lower.strip_prefix('v').unwrap_or(&lower));
        let first = rest.number()?;
        let (epoch, first) = if rest.eat("!") { (first, rest.number()?) } else { (0, first) };
        let mut release = vec![first];
        while let Some(number) = rest.part(|rest| rest.eat(".").then(|| rest.number())?) {
            release.push(number);
        }
        let pre = rest.lettered(&[
            ("alpha", "a"),
            ("beta", "b"),
            ("preview", "rc"),
            ("pre", "rc"),
            ("rc", "rc"),
            ("a", "a"),
            ("b", "b"),
            ("c", "rc"),
        ]);
        let post = rest
            .part(|rest| rest.eat("-").then(|| rest.number())?)
            .or_else(|| rest.lettered(&[("post", "post"), ("rev", "post"), ("r", "post")]).map(|(_, n)| n));
        let dev = rest.lettered(&[("dev", "dev")]).map(|(_, number)| number);
        let mut local = Vec::new();
        if rest.eat("+") {
            local.push(rest.word()?);
            while !rest.0.is_empty() {
                rest.0 = rest.0.strip_prefix(['-', '_', '.'])?;
                local.push(rest.word()?);
            }
        }
        rest.0.is_empty().then_some(Self { epoch, release, pre, post, dev, local })
    }

    /// Whether it is anything but a final release.
    pub fn is_unfinished(&self) -> bool {
        self.pre.is_some() || self.post.is_some() || self.dev.is_some()
    }

    /// The nth number of the release, 0 where it has fewer.
    pub fn number(&self, at: usize) -> u64 {
        self.release.get(at).copied().unwrap_or(0)
    }

    /// The normalised form. The parts of a local version are joined by commas, as the action's library does it, and
    /// become `-` in a tag.
    pub fn clean(&self) -> String {
        let mut text = if self.epoch == 0 { String::new() } else { format!("{}!", self.epoch) };
        text += &self.release.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
        if let Some((letter, number)) = self.pre {
            text += &format!("{letter}{number}");
        }
        for (letter, number) in [("post", self.post), ("dev", self.dev)] {
            text += &number.map(|number| format!(".{letter}{number}")).unwrap_or_default();
        }
        if !self.local.is_empty() {
            text += &format!("+{}", self.local.join(","));
        }
        text
    }
}

/// What is left to read.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn eat(&mut self, text: &str) -> bool {
        self.0.strip_prefix(text).inspect(|rest| self.0 = rest).is_some()
    }

    /// Reads with `read`, and stays where it was when that finds nothing.
    fn part<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.0;
        read(self).or_else(|| {
            self.0 = before;
            None
        })
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let number = self.0[..end].parse().ok()?;
        self.0 = &self.0[end..];
        Some(number)
    }

    /// Letters or digits; a number loses its leading zeros.
    fn word(&mut self) -> Option<String> {
        let end = self.0.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        match word.parse::<u64>() {
            Ok(number) => Some(number.to_string()),
            Err(_) => (!word.is_empty()).then(|| word.to_owned()),
        }
    }

    /// `[-_.]?<word>[-_.]?<number>?`, where no number means 0.
    fn lettered(&mut self, words: &[(&str, &'static str)]) -> Option<(&'static str, u64)> {
        self.part(|rest| {
            rest.separator();
            let (_, letter) = words.iter().find(|(word, _)| rest.eat(word))?;
            rest.separator();
            let number = rest.part(Self::number);
            Some((*letter, number.unwrap_or(0)))
        })
    }

    fn separator(&mut self) {
        self.0 = self.0.strip_prefix(['-', '_', '.']).unwrap_or(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semver_is_node_semvers() {
        for good in ["1.2.3", "v1.2.3", " v1.2.3-rc.1+b.5 ", "0.0.0"] {
            assert!(semver(good).is_some(), "{good}");
        }
        for bad in ["", "1.2", "=1.2.3", "vv1.2.3", "1.2.3-01", "01.2.3", "99999999999999999.0.0", "1.2.3 x"]
        {
            assert!(semver(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn pep440_is_normalised() {
        for (text, clean, unfinished) in [
            ("1.2", "1.2", false),
            ("v1.1.1", "1.1.1", false),
            ("1.1beta2", "1.1b2", true),
            ("1.0dev4", "1.0.dev4", true),
            ("1.2.3RC2", "1.2.3rc2", true),
            ("1.2post1", "1.2.post1", true),
            ("1.2-3", "1.2.post3", true),
            ("1.2-rev.4", "1.2.post4", true),
            ("1.0a", "1.0a0", true),
            ("1.0-preview-7.post_2.dev", "1.0rc7.post2.dev0", true),
            ("1!2.0+Ab.01_c", "1!2.0+ab,1,c", false),
            ("1.0a.post1", "1.0a0.post1", true),
            ("1.0a-1", "1.0a1", true),
            ("1.0a.", "1.0a0", true),
            ("1.0a..post1", "1.0a0.post1", true),
            ("1.0a--1", "1.0a0.post1", true),
        ] {
            let version = Pep440::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((version.clean().as_str(), version.is_unfinished()), (clean, unfinished), "{text}");
        }
        for bad in ["", "x", "1.", "1..2", "1.2.3-x", "1.2+", "1.2+a..b", "release1", " 1.2", "1.0ab"] {
            assert_eq!(Pep440::parse(bad), None, "{bad}");
        }
        assert_eq!(
            (0..4).map(|at| Pep440::parse("3.1").unwrap().number(at)).collect::<Vec<_>>(),
            [3, 1, 0, 0]
        );
    }
}
