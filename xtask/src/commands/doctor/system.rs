//! Which package commands a machine understands.

/// A system, as far as its package commands go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Debian, Ubuntu and what is like them.
    Debian,
    /// Fedora, RHEL and what is like them.
    Fedora,
    /// macOS with Homebrew.
    MacOs,
    /// Anything else.
    Other,
}

impl System {
    /// The system that this program runs on.
    pub fn detect() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        Self::from_os_release(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// Source: os-release(5), ID and ID_LIKE.
    fn from_os_release(text: &str) -> Self {
        let value = |line: &str| {
            let value = line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE="))?;
            Some(value.trim_matches('"').to_owned())
        };
        let families = text.lines().filter_map(value).collect::<Vec<_>>().join(" ");
        for word in families.split_whitespace() {
            match word {
                "debian" | "ubuntu" => return Self::Debian,
                "fedora" | "rhel" => return Self::Fedora,
                _ => {}
            }
        }
        Self::Other
    }

    /// This system's text of four.
    pub fn pick<'a>(self, debian: &'a str, fedora: &'a str, mac: &'a str, other: &'a str) -> &'a str {
        match self {
            Self::Debian => debian,
            Self::Fedora => fedora,
            Self::MacOs => mac,
            Self::Other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_os_release() {
        assert_eq!(System::from_os_release("NAME=x\nID=debian\n"), System::Debian);
        assert_eq!(System::from_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), System::Debian);
        assert_eq!(System::from_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), System::Fedora);
        assert_eq!(System::from_os_release("ID=alpine\n"), System::Other);
    }
}
