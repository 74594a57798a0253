//! Platforms: how they are written, which ones are published, and which ones a machine can run.
//!
//! Source: OCI image specification, `image-index.md` (`platform`); Linux, `admin-guide/binfmt-misc.rst`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// `os/architecture[/variant]`, in the normal form that BuildKit and engines write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Such as `linux`.
    pub os: String,
    /// As Go names it: `amd64`, `arm64`, `arm`.
    pub architecture: String,
    /// Such as `v7`; empty where the architecture has none that matters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Platform {
    /// What docker/Dockerfile can make the production image for, in the order of an index.
    pub fn published() -> Vec<Self> {
        [("amd64", ""), ("arm64", ""), ("arm", "v7")]
            .map(|(architecture, variant)| Self {
                os: "linux".to_owned(),
                architecture: architecture.to_owned(),
                variant: variant.to_owned(),
            })
            .into()
    }

    /// The architecture as the kernel, Rust and QEMU name it.
    fn machine(&self) -> &str {
        match self.architecture.as_str() {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            other => other,
        }
    }

    /// The same in normal form: `arm64/v8` is `arm64`, `arm` without a variant is `arm/v7`.
    #[must_use]
    pub fn normal(mut self) -> Self {
        match (self.architecture.as_str(), self.variant.as_str()) {
            ("arm64", "v8") | ("amd64", "v1") => self.variant.clear(),
            ("arm", "") => "v7".clone_into(&mut self.variant),
            _ => {}
        }
        self
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

impl FromStr for Platform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |word: &&str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let words: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match words.as_slice() {
            [os, architecture] => (*os, *architecture, ""),
            [os, architecture, variant] => (*os, *architecture, *variant),
            _ => ("", "", ""),
        };
        if !words.iter().all(word) || os.is_empty() {
            return Err(format!("{text:?}: expected os/architecture[/variant], such as linux/arm64"));
        }
        let owned = str::to_owned;
        let platform = Self { os: owned(os), architecture: owned(architecture), variant: owned(variant) };
        Ok(platform.normal())
    }
}

/// Which platforms an image is built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Platforms {
    /// Every one that is published.
    All,
    /// These, each once.
    These(Vec<Platform>),
}

impl Platforms {
    /// The platforms, in the order of an index.
    pub fn list(&self) -> Vec<Platform> {
        match self {
            Self::All => Platform::published(),
            Self::These(platforms) => {
                Platform::published().into_iter().filter(|known| platforms.contains(known)).collect()
            }
        }
    }
}

impl FromStr for Platforms {
    type Err = String;

    /// `all`, or a list with commas as BuildKit takes it.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let published = Platform::published();
        let mut platforms = Vec::new();
        for word in text.split(',') {
            let platform: Platform = word.parse()?;
            if !published.contains(&platform) {
                let known: Vec<String> = published.iter().map(Platform::to_string).collect();
                return Err(format!("{platform} is not published: expected {} or all", known.join(", ")));
            }
            if platforms.contains(&platform) {
                return Err(format!("{platform} is named twice"));
            }
            platforms.push(platform);
        }
        Ok(Self::These(platforms))
    }
}

/// What a machine can run.
#[derive(Clone, Debug, Default)]
pub struct Runner {
    /// The architecture of its kernel, as Rust names it (`std::env::consts::ARCH`).
    pub machine: String,
    /// The names below `/proc/sys/fs/binfmt_misc`: interpreters for other machines' programs.
    pub interpreters: Vec<String>,
}

impl Runner {
    /// Whether a platform is the machine's own. An arm64 kernel need not run 32-bit programs, so those are foreign there.
    pub fn is_own(&self, platform: &Platform) -> bool {
        platform.os == "linux" && self.machine == platform.machine()
    }

    /// Whether it runs a platform's programs, by itself or through an emulator.
    pub fn runs(&self, platform: &Platform) -> bool {
        let name = format!("qemu-{}", platform.machine());
        self.is_own(platform) || platform.os == "linux" && self.interpreters.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn platforms_are_read_and_written_in_normal_form() {
        for (text, normal) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v7", "linux/arm/v7"),
        ] {
            assert_eq!(platform(text).to_string(), normal);
        }
        for bad in ["", "linux", "linux/", "Linux/amd64", "linux/amd64,linux/arm64", "a/b/c/d", "linux//v7"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_list_holds_published_platforms_each_once_in_the_order_of_an_index() {
        let list = |text: &str| {
            text.parse::<Platforms>().map(|platforms| {
                platforms.list().iter().map(Platform::to_string).collect::<Vec<_>>().join(",")
            })
        };
        assert_eq!(list("all").unwrap(), "linux/amd64,linux/arm64,linux/arm/v7");
        assert_eq!(list("linux/arm/v7,linux/amd64").unwrap(), "linux/amd64,linux/arm/v7");
        assert!(list("linux/s390x").unwrap_err().contains("linux/arm/v7 or all"));
        assert!(list("linux/arm64,linux/arm64/v8").unwrap_err().contains("twice"));
        for bad in ["", "all,linux/amd64", "linux/amd64,", "ALL"] {
            assert!(list(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_machine_runs_its_own_programs_and_those_it_has_an_emulator_for() {
        let runs = |machine: &str, interpreters: &[&str]| {
            let interpreters = interpreters.iter().map(|&name| name.to_owned()).collect();
            let runner = Runner { machine: machine.to_owned(), interpreters };
            let mut platforms = Platform::published();
            platforms.retain(|platform| runner.runs(platform));
            platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(runs("x86_64", &["register", "status", "python3.11"]), "linux/amd64");
        assert_eq!(runs("x86_64", &["qemu-aarch64"]), "linux/amd64 linux/arm64");
        assert_eq!(runs("x86_64", &["qemu-arm"]), "linux/amd64 linux/arm/v7");
        assert_eq!(runs("aarch64", &[]), "linux/arm64");
        assert_eq!(runs("aarch64", &["qemu-x86_64", "qemu-arm"]), "linux/amd64 linux/arm64 linux/arm/v7");
        let arm64 = Runner { machine: "aarch64".to_owned(), ..Runner::default() };
        assert!(arm64.is_own(&platform("linux/arm64")) && !arm64.is_own(&platform("linux/arm/v7")));
        let windows = Runner { machine: "x86_64".to_owned(), ..Runner::default() };
        assert!(!windows.runs(&platform("windows/amd64")));
    }
}
