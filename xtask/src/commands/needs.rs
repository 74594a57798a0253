//! Whether this machine has what steps need. Each question is asked once.

use crate::context::Context;
use crate::engine::engine_state;
use crate::plan::Need;
use crate::tools::{self, browser, on_path, path_with_engine};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use xshell::cmd;

/// The oldest Node.js that the front-end's tools run on.
pub const OLDEST_NODE: (u32, u32) = (20, 19);

/// The base image that compiles for the builder's own platform.
pub const RUST_IMAGE: &str = "rust:1.95-bookworm";
/// The base image that compiles for other platforms.
pub const CROSS_IMAGE: &str = "rust:1.95-slim-bookworm";
/// The label of images that docker/airgap made in place of real ones.
const STAND_IN: &str = "org.portbook.stand-in";

/// Answers for a machine.
pub struct Needs<'a> {
    ctx: &'a Context,
    path: String,
    known: RefCell<BTreeMap<Need, Option<String>>>,
}

impl<'a> Needs<'a> {
    /// Answers for this machine.
    pub fn new(ctx: &'a Context) -> Self {
        let path = path_with_engine(ctx).or_else(|| ctx.env.get("PATH").map(str::to_owned));
        Self { ctx, path: path.unwrap_or_default(), known: RefCell::default() }
    }

    /// What is missing and how to get it; none when it is there.
    pub fn lack(&self, need: Need) -> Option<String> {
        if let Some(answer) = self.known.borrow().get(&need) {
            return answer.clone();
        }
        let answer = match need {
            Need::Node => self.lack_of_node(),
            Need::Engine => engine_state(self.ctx).lack().or_else(|| self.lack_of_plugin("buildx")),
            Need::Cross => self.lack_of_cross(),
            Need::Compose => self.lack_of_plugin("compose"),
            Need::Browser => browser(self.ctx, &self.path).is_none().then(|| {
                "no Chromium or Chrome was found; next: cargo xtask doctor --fix, or set PORTBOOK_CHROMIUM".to_owned()
            }),
            Need::Advisories => self.lack_of_advisories(),
            Need::Coverage => self.lack_of_coverage(),
            Need::Linters => tools::lack_of_linters(&self.ctx.root),
            Need::CargoFuzz => on_path(&self.path, "cargo-fuzz").is_none().then(|| {
                "cargo-fuzz is not on the PATH; next: cargo xtask doctor --fix --only cargo-fuzz".to_owned()
            }),
            Need::CargoDeny => on_path(&self.path, "cargo-deny").is_none().then(|| {
                "cargo-deny is not on the PATH; next: cargo xtask doctor --fix --only cargo-deny".to_owned()
            }),
        };
        self.known.borrow_mut().insert(need, answer.clone());
        answer
    }

    /// The first line that a program prints, or none when it does not run.
    pub fn version_of(&self, program: &str, args: &[&str]) -> Option<String> {
        let shell = self.ctx.shell().ok()?;
        let _path = shell.push_env("PATH", &self.path);
        let text = cmd!(shell, "{program} {args...}").quiet().ignore_stderr().read().ok()?;
        text.lines().next().map(str::to_owned)
    }

    /// Asked through git, which knows the proxies that this machine needs.
    fn lack_of_advisories(&self) -> Option<String> {
        let url = "https://github.com/RustSec/advisory-db";
        let ask =
            "limit=$(command -v timeout) || true; ${limit:+$limit 10} git ls-remote --exit-code \"$1\" HEAD";
        let answer = self.version_of("sh", &["-c", ask, "ask", url]);
        answer.is_none().then(|| format!("{url} does not answer, so advisories were not looked up"))
    }

    fn lack_of_coverage(&self) -> Option<String> {
        if on_path(&self.path, "cargo-llvm-cov").is_none() {
            return Some(
                "cargo-llvm-cov is not on the PATH; next: cargo xtask doctor --fix --only coverage"
                    .to_owned(),
            );
        }
        let brought = self.llvm_tools_of_toolchain().is_some_and(|dir| dir.join("llvm-profdata").is_file());
        (!brought && self.coverage_tools().is_empty()).then(|| {
            "the toolchain has no llvm-tools; next: cargo xtask doctor --fix --only coverage".to_owned()
        })
    }

    /// The variables that lead cargo-llvm-cov to the system's LLVM tools, where the toolchain brings none of
    /// its own and the system's are of the same major version.
    pub fn coverage_tools(&self) -> Vec<(&'static str, PathBuf)> {
        let brought = self.llvm_tools_of_toolchain().is_some_and(|dir| dir.join("llvm-profdata").is_file());
        let Some(major) = self.llvm_major().filter(|_| !brought) else {
            return Vec::new();
        };
        let find = |tool: &str| on_path(&self.path, &format!("{tool}-{major}"));
        match (find("llvm-cov"), find("llvm-profdata")) {
            (Some(cov), Some(profdata)) => vec![("LLVM_COV", cov), ("LLVM_PROFDATA", profdata)],
            _ => Vec::new(),
        }
    }

    /// The major version of the LLVM that rustc is built on.
    pub fn llvm_major(&self) -> Option<u32> {
        let shell = self.ctx.shell().ok()?;
        let text = cmd!(shell, "rustc --version --verbose").quiet().ignore_stderr().read().ok()?;
        let version = text.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
        version.split('.').next()?.parse().ok()
    }

    fn llvm_tools_of_toolchain(&self) -> Option<PathBuf> {
        let lib = self.version_of("rustc", &["--print", "target-libdir"])?;
        Some(PathBuf::from(lib).parent()?.join("bin"))
    }

    /// Whether an image is in the engine's store.
    pub fn has_image(&self, image: &str) -> bool {
        self.version_of("docker", &["image", "inspect", "--format", "{{.Id}}", image]).is_some()
    }

    /// A registry brings the image that compiles for other platforms. Where the one beside it is a stand-in, none can be
    /// reached, and this one is made on demand.
    fn lack_of_cross(&self) -> Option<String> {
        let label = format!("{{{{index .Config.Labels \"{STAND_IN}\"}}}}");
        let stand_in = self.version_of("docker", &["image", "inspect", "--format", &label, RUST_IMAGE]);
        (stand_in.as_deref() == Some("true") && !self.has_image(CROSS_IMAGE)).then(|| {
            format!(
                "{CROSS_IMAGE}, which compiles for other platforms than this machine's, is not in the engine's store; \
                 next: cargo xtask doctor --fix --only cross"
            )
        })
    }

    fn lack_of_node(&self) -> Option<String> {
        let want = format!("{}.{}", OLDEST_NODE.0, OLDEST_NODE.1);
        let Some(found) = self.version_of("node", &["--version"]) else {
            return Some(format!(
                "node is not on the PATH, expected {want} or newer; next: cargo xtask doctor"
            ));
        };
        if !at_least(&found, OLDEST_NODE) {
            return Some(format!("node is {found}, expected {want} or newer; next: cargo xtask doctor"));
        }
        let npm = self.version_of("npm", &["--version"]);
        npm.is_none().then(|| "npm is not on the PATH; next: cargo xtask doctor".to_owned())
    }

    /// What is wrong with `buildx` or `compose`; none when it is there and new enough.
    pub fn lack_of_plugin(&self, plugin: &str) -> Option<String> {
        // Buildx 0.13 writes reproducible layouts, Compose 2.24 interpolates `extends.file`.
        let oldest = if plugin == "buildx" { (0, 13) } else { (2, 24) };
        let want = format!("{}.{}", oldest.0, oldest.1);
        match self.version_of("docker", &[plugin, "version"]) {
            Some(found) if at_least(&found, oldest) => None,
            Some(found) => Some(format!(
                "docker {plugin} is {found:?}, expected {want} or newer; next: cargo xtask doctor --fix"
            )),
            None => Some(format!(
                "docker {plugin} does not run, expected {want} or newer; next: cargo xtask doctor --fix"
            )),
        }
    }
}

/// Whether the first `major.minor` in a text is at least `oldest`.
pub fn at_least(text: &str, oldest: (u32, u32)) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let mut versions = words.filter_map(|word| {
        let mut parts = word.split('.');
        Some((parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?))
    });
    versions.next().is_some_and(|found| found >= oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(at_least("v20.19.1", (20, 19)));
        assert!(!at_least("v20.9.0", (20, 19)));
        assert!(at_least("github.com/docker/buildx 0.29.1 abc", (0, 13)));
        assert!(at_least("Docker Compose version v2.40.3", (2, 24)));
        assert!(!at_least("nothing", (0, 0)));
    }
}
