//! What is looked for.

use super::System;
use crate::commands::Needs;
use crate::commands::needs::{CROSS_IMAGE, RUST_IMAGE};
use crate::context::Context;
use crate::engine::{EngineState, engine_state};
use crate::image::Platform;
use crate::plan::Need;
use crate::tools::{self, browser, runner};
use serde::Serialize;

/// One thing that was looked for.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// Its name, as `--only` takes it.
    pub name: &'static str,
    ok: bool,
    /// What was found, or what is wrong.
    pub found: String,
    /// What cannot be done without it.
    pub cost: &'static str,
    /// The command that brings it, on this system.
    pub mend: String,
}

impl Finding {
    /// Whether it is missing, or too old.
    pub fn is_lack(&self) -> bool {
        !self.ok
    }
}

/// The names of everything that is looked for.
pub const NAMES: &[&str] = &[
    "git",
    "rustc",
    "cc",
    "node",
    "engine",
    "buildx",
    "compose",
    "base-images",
    "browser",
    "coverage",
    "cargo-deny",
    "linters",
    "disk",
    "cross",
    "emulation",
    "cargo-fuzz",
];

/// What is looked for only when `--only` names it: few need it, and bringing it takes minutes or changes the host.
pub const ON_DEMAND: &[&str] = &["cross", "emulation", "cargo-fuzz"];

/// The base images that the Dockerfile, the compose file and the tests name.
const BASE_IMAGES: &[&str] =
    &[RUST_IMAGE, "node:22-bookworm-slim", "postgres:17", "registry:2", "haproxy:3.0"];
/// What the release build, the images and the test binaries together want.
const DISK_GIGABYTES: u64 = 10;

/// Looks for everything.
pub fn look(ctx: &Context, needs: &Needs, system: System) -> Vec<Finding> {
    let finding = |name, lack: Option<String>, found: Option<String>, cost, mend: &str| match lack {
        None => Finding { name, ok: true, found: found.unwrap_or_default(), cost, mend: mend.to_owned() },
        Some(lack) => Finding { name, ok: false, found: lack, cost, mend: mend.to_owned() },
    };
    let program = |name, cost, mend: &str| {
        let version = needs.version_of(name, &["--version"]);
        let lack = version.is_none().then(|| format!("{name} is not on the PATH"));
        finding(name, lack, version, cost, mend)
    };
    let engine_mend = system.pick(
        "cargo xtask doctor --fix",
        "sudo dnf install moby-engine docker-buildx docker-compose && sudo systemctl start docker",
        "install Docker Desktop, OrbStack or colima, and start it",
        "https://docs.docker.com/engine/install",
    );
    let state = engine_state(ctx);
    let version_of = |program: &str, args: &[&str]| needs.version_of(program, args);
    vec![
        program(
            "git",
            "nothing works: everything is built and judged by commit",
            system.pick(
                "sudo apt-get install git",
                "sudo dnf install git",
                "xcode-select --install",
                "install git",
            ),
        ),
        program("rustc", "nothing works", "https://rustup.rs"),
        program(
            "cc",
            "nothing links: Rust needs a linker",
            system.pick(
                "sudo apt-get install gcc libc6-dev",
                "sudo dnf install gcc",
                "xcode-select --install",
                "install a C compiler",
            ),
        ),
        finding(
            "node",
            needs.lack(Need::Node),
            version_of("node", &["--version"]),
            "the front-end is neither built nor tested, and smoke has no pages",
            system.pick(
                "install Node.js 22: https://nodejs.org/en/download",
                "sudo dnf install nodejs",
                "brew install node",
                "https://nodejs.org/en/download",
            ),
        ),
        engine(&state, engine_mend),
        finding(
            "buildx",
            needs.lack_of_plugin("buildx"),
            version_of("docker", &["buildx", "version"]),
            "images are not built",
            engine_mend,
        ),
        finding(
            "compose",
            needs.lack(Need::Compose),
            version_of("docker", &["compose", "version"]),
            "the dev stack does not start",
            engine_mend,
        ),
        base_images(needs, &state, system),
        finding(
            "browser",
            needs.lack(Need::Browser),
            browser(ctx, ctx.env.get("PATH").unwrap_or_default()).map(|file| file.display().to_string()),
            "no browser checks: the smoke-e2e job is not run",
            system.pick(
                "sudo apt-get install chromium",
                "sudo dnf install chromium",
                "brew install --cask google-chrome",
                "install Chromium",
            ),
        ),
        finding(
            "coverage",
            needs.lack(Need::Coverage),
            version_of("cargo-llvm-cov", &["llvm-cov", "--version"]),
            "nobody sees when tests reach less of the back-end: the backend-quality job is not complete",
            "cargo install --locked cargo-llvm-cov && rustup component add llvm-tools",
        ),
        finding(
            "cargo-deny",
            needs.lack(Need::CargoDeny),
            version_of("cargo-deny", &["--version"]),
            "licences and sources of dependencies are not checked: the policy job is not complete",
            "cargo install --locked cargo-deny",
        ),
        finding(
            "cargo-fuzz",
            needs.lack(Need::CargoFuzz),
            version_of("cargo-fuzz", &["--version"]),
            "cargo xtask fuzz feeds nothing",
            "cargo install --locked cargo-fuzz",
        ),
        finding(
            "linters",
            needs.lack(Need::Linters),
            Some(format!("at the versions of xtask/linters, in {}", tools::LINTERS)),
            "workflows and scripts are not judged by others' eyes, nor run by act: the policy job is not complete",
            // The programs come for every system, so this is the way on all of them.
            "xtask/linters/install.sh",
        ),
        disk(ctx, needs),
        finding(
            "cross",
            needs.lack(Need::Engine).or_else(|| needs.lack(Need::Cross)),
            Some(match needs.has_image(CROSS_IMAGE) {
                true => CROSS_IMAGE.to_owned(),
                false => format!("{CROSS_IMAGE}, pulled by the first build that needs it"),
            }),
            "images are built for this machine's own platform only",
            "docker/airgap/base-images.sh --cross",
        ),
        emulation(system),
    ]
}

fn engine(state: &EngineState, mend: &str) -> Finding {
    let (ok, found, cost, mend) = match state {
        EngineState::Ready { version, containerd_store: true } => (true, version.clone(), "", mend),
        EngineState::Ready { version, containerd_store: false } => (
            false,
            format!("{version} without the containerd image store"),
            "OCI layouts are written only through a builder of its own (docker buildx create --use)",
            "add {\"features\":{\"containerd-snapshotter\":true}} to /etc/docker/daemon.json and restart the engine",
        ),
        lacking => (
            false,
            lacking.lack().unwrap_or_default(),
            "no image: `ci` ends with exit 4, smoke runs as processes, Postgres tests are not run",
            mend,
        ),
    };
    Finding { name: "engine", ok, found, cost, mend: mend.to_owned() }
}

fn base_images(needs: &Needs, state: &EngineState, system: System) -> Finding {
    let (ok, found) = if matches!(state, EngineState::Ready { .. }) {
        let absent: Vec<&str> = BASE_IMAGES.iter().copied().filter(|image| !needs.has_image(image)).collect();
        match absent.is_empty() {
            true => (true, BASE_IMAGES.join(", ")),
            false => (false, format!("not in the engine's store: {}", absent.join(", "))),
        }
    } else {
        (false, "no engine that could hold them".to_owned())
    };
    let pull = "docker pull each of them";
    Finding {
        name: "base-images",
        ok,
        found,
        cost: "the first build pulls them, and fails where no registry can be reached",
        mend: system.pick("cargo xtask doctor --fix", pull, pull, pull).to_owned(),
    }
}

fn emulation(system: System) -> Finding {
    let (runner, platforms) = (runner(), Platform::published());
    let (here, elsewhere): (Vec<_>, Vec<_>) = platforms.iter().partition(|platform| runner.runs(platform));
    let names = |list: &[&Platform]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let other = "docker run --privileged --rm tonistiigi/binfmt --install all";
    Finding {
        name: "emulation",
        ok: elsewhere.is_empty(),
        found: match elsewhere.is_empty() {
            true => format!("runs {}", names(&here)),
            false => format!("runs {}, and not {}", names(&here), names(&elsewhere)),
        },
        cost: "smoke boots the images of other platforms nowhere",
        mend: system
            .pick("docker/airgap/emulation.sh", "sudo dnf install qemu-user-static", other, other)
            .to_owned(),
    }
}

/// Free disk space, from df(1), which every system here has.
fn disk(ctx: &Context, needs: &Needs) -> Finding {
    let root = ctx.root.display().to_string();
    let free = needs
        .version_of("sh", &["-c", "df -Pk \"$1\" | tail -n 1", "df", &root])
        .and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024 / 1_000_000_000);
    Finding {
        name: "disk",
        ok: free.is_none_or(|free| free >= DISK_GIGABYTES),
        found: free
            .map_or_else(|| "unknown".to_owned(), |free| format!("{free} GB free, {DISK_GIGABYTES} wanted")),
        cost: "builds stop half way",
        mend: "cargo clean && docker system prune".to_owned(),
    }
}
