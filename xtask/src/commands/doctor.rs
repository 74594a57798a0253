//! `doctor`: what this machine has and lacks, what each lack costs, and the command that mends it.

use super::{Needs, Reported, prepare};
use crate::context::Context;
use crate::engine::probe::{EngineState, engine_state};
use crate::error::{Exit, Problem};
use crate::plan::{Need, Plan, Step, summary};
use crate::process::on_path;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask doctor          what is there and what is missing
  cargo xtask doctor --fix    bring what is missing (Debian and Ubuntu, as root or with sudo)")]
pub struct Args {
    /// Bring what is missing, on Debian-family hosts
    #[arg(long)]
    fix: bool,
    /// With --fix: print the commands instead of running them
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked for.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    ok: bool,
    /// What was found, or what is wrong.
    found: String,
    /// What cannot be done without it.
    cost: &'static str,
    /// The command that brings it, on this system.
    mend: Option<String>,
}

/// A system, as far as its package commands go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Debian,
    Fedora,
    MacOs,
    Other,
}

impl System {
    fn detect() -> Self {
        if cfg!(target_os = "macos") {
            return Self::MacOs;
        }
        Self::from_os_release(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// Source: os-release(5), ID and ID_LIKE.
    fn from_os_release(text: &str) -> Self {
        let mut words = text
            .lines()
            .filter_map(|line| {
                line.strip_prefix("ID=")
                    .or_else(|| line.strip_prefix("ID_LIKE="))
            })
            .flat_map(|value| {
                value
                    .trim_matches('"')
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            });
        words
            .find_map(|word| match word.as_str() {
                "debian" | "ubuntu" => Some(Self::Debian),
                "fedora" | "rhel" => Some(Self::Fedora),
                _ => None,
            })
            .unwrap_or(Self::Other)
    }

    fn pick(self, debian: &str, fedora: &str, mac: &str, other: &str) -> Option<String> {
        let text = match self {
            Self::Debian => debian,
            Self::Fedora => fedora,
            Self::MacOs => mac,
            Self::Other => other,
        };
        Some(text.to_owned())
    }
}

/// The base images that the Dockerfile and the compose file name.
const BASE_IMAGES: &[&str] = &["rust:1.95-bookworm", "node:22-bookworm-slim", "postgres:17"];
/// What the release build, the images and the test binaries together want.
const DISK_GIGABYTES: u64 = 10;

fn look(ctx: &Context, needs: &Needs, system: System) -> Vec<Finding> {
    let mut findings = vec![
        program(
            needs,
            "git",
            &["--version"],
            "nothing works: everything is built and judged by commit",
            system.pick(
                "sudo apt-get install git",
                "sudo dnf install git",
                "xcode-select --install",
                "install git",
            ),
        ),
        program(
            needs,
            "rustc",
            &["--version"],
            "nothing works",
            Some("see https://rustup.rs".to_owned()),
        ),
        program(
            needs,
            "cc",
            &["--version"],
            "nothing links: Rust needs a linker",
            system.pick(
                "sudo apt-get install gcc libc6-dev",
                "sudo dnf install gcc",
                "xcode-select --install",
                "install a C compiler",
            ),
        ),
        need(
            needs,
            Need::Node,
            "node",
            "the front-end is neither built nor tested, and smoke has no pages",
            system.pick(
                "install Node.js 22: https://nodejs.org/en/download",
                "sudo dnf install nodejs",
                "brew install node",
                "https://nodejs.org/en/download",
            ),
        ),
    ];
    let engine = engine_state(ctx);
    let engine_mend = system.pick(
        "cargo xtask doctor --fix",
        "sudo dnf install moby-engine docker-buildx docker-compose && sudo systemctl start docker",
        "install Docker Desktop, OrbStack or colima, and start it",
        "https://docs.docker.com/engine/install",
    );
    let engine_cost =
        "no image: `ci` ends with exit 4, smoke runs as processes, Postgres tests are skipped";
    findings.push(match &engine {
        EngineState::Ready { version, containerd_store: true } => found("docker engine", version.clone()),
        EngineState::Ready { version, containerd_store: false } => Finding {
            name: "docker engine",
            ok: false,
            found: format!("{version} without the containerd image store"),
            cost: "OCI layouts can be neither written nor loaded: the image job fails",
            mend: Some("add {\"features\":{\"containerd-snapshotter\":true}} to the daemon.json and restart it".to_owned()),
        },
        _ => Finding { name: "docker engine", ok: false, found: engine.lack().unwrap_or_default(), cost: engine_cost, mend: engine_mend.clone() },
    });
    findings.push(plugin(
        needs,
        "docker buildx",
        &["buildx", "version"],
        needs_buildx(needs),
        "images are not built",
        engine_mend.clone(),
    ));
    findings.push(plugin(
        needs,
        "docker compose",
        &["compose", "version"],
        needs.lack(Need::Compose),
        "the dev stack does not start",
        engine_mend,
    ));
    if matches!(engine, EngineState::Ready { .. }) {
        let absent: Vec<&str> = BASE_IMAGES
            .iter()
            .copied()
            .filter(|image| {
                needs
                    .version_of(
                        "docker",
                        &["image", "inspect", "--format", "{{.Id}}", image],
                    )
                    .is_none()
            })
            .collect();
        findings.push(Finding {
            name: "base images",
            ok: absent.is_empty(),
            found: if absent.is_empty() {
                BASE_IMAGES.join(", ")
            } else {
                format!("not in the engine's store: {}", absent.join(", "))
            },
            cost: "the first build pulls them, and fails where no registry can be reached",
            mend: system.pick(
                "cargo xtask doctor --fix",
                "docker pull each",
                "docker pull each",
                "docker pull each",
            ),
        });
    }
    let path = ctx.env.get("PATH").unwrap_or_default();
    findings.push(Finding {
        name: "browser",
        ok: needs.lack(Need::Browser).is_none(),
        found: super::browser(ctx, path).map_or_else(
            || "no Chromium or Chrome".to_owned(),
            |file| file.display().to_string(),
        ),
        cost: "no browser checks: the smoke-e2e job is not run",
        mend: system.pick(
            "sudo apt-get install chromium",
            "sudo dnf install chromium",
            "brew install --cask google-chrome",
            "install Chromium",
        ),
    });
    findings.push(Finding {
        name: "cargo-deny",
        ok: needs.lack(Need::CargoDeny).is_none(),
        found: needs.version_of("cargo-deny", &["--version"]).unwrap_or_else(|| "not on the PATH".to_owned()),
        cost: "licences and sources of dependencies are not checked: the policy job is not complete",
        mend: Some("cargo install --locked cargo-deny".to_owned()),
    });
    findings.push(disk(ctx));
    findings
}

fn found(name: &'static str, found: String) -> Finding {
    Finding {
        name,
        ok: true,
        found,
        cost: "",
        mend: None,
    }
}

fn program(
    needs: &Needs,
    name: &'static str,
    args: &[&str],
    cost: &'static str,
    mend: Option<String>,
) -> Finding {
    match needs.version_of(name, args) {
        Some(version) => found(name, version),
        None => Finding {
            name,
            ok: false,
            found: "not on the PATH".to_owned(),
            cost,
            mend,
        },
    }
}

fn need(
    needs: &Needs,
    need: Need,
    program: &str,
    cost: &'static str,
    mend: Option<String>,
) -> Finding {
    match needs.lack(need) {
        None => found(
            need.name(),
            needs
                .version_of(program, &["--version"])
                .unwrap_or_default(),
        ),
        Some(lack) => Finding {
            name: need.name(),
            ok: false,
            found: lack,
            cost,
            mend,
        },
    }
}

fn needs_buildx(needs: &Needs) -> Option<String> {
    needs
        .version_of("docker", &["buildx", "version"])
        .is_none()
        .then(|| "docker buildx does not run".to_owned())
}

fn plugin(
    needs: &Needs,
    name: &'static str,
    args: &[&str],
    lack: Option<String>,
    cost: &'static str,
    mend: Option<String>,
) -> Finding {
    match lack {
        None => found(name, needs.version_of("docker", args).unwrap_or_default()),
        Some(lack) => Finding {
            name,
            ok: false,
            found: lack,
            cost,
            mend,
        },
    }
}

/// Free disk space, from df(1), which every system here has.
fn disk(ctx: &Context) -> Finding {
    let root = ctx.root.display().to_string();
    let free = Needs::new(ctx)
        .version_of("sh", &["-c", "df -Pk \"$1\" | tail -n 1", "df", &root])
        .and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024 / 1_000_000_000);
    Finding {
        name: "disk",
        ok: free.is_none_or(|free| free >= DISK_GIGABYTES),
        found: free.map_or_else(|| "unknown".to_owned(), |free| format!("{free} GB free")),
        cost: "builds stop half way",
        mend: Some("cargo clean && docker system prune".to_owned()),
    }
}

/// What brings the things that are missing, as a plan.
fn fix_plan(ctx: &Context, findings: &[Finding]) -> Plan {
    let missing = |names: &[&str]| {
        findings
            .iter()
            .any(|finding| !finding.ok && names.contains(&finding.name))
    };
    let sudo = |mut step: Step| {
        let is_root = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
            status
                .lines()
                .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
        });
        if !is_root && on_path(ctx.env.get("PATH").unwrap_or_default(), "sudo").is_some() {
            step.argv.insert(0, "sudo".to_owned());
        }
        step
    };
    let mut steps = Vec::new();
    let no_engine = missing(&["docker engine", "docker buildx", "docker compose"]);
    if no_engine {
        steps.push(sudo(
            Step::new("doctor/engine", &["docker/airgap/engine.sh"])
                .hint("docker/airgap/README.md says what it does"),
        ));
    }
    if no_engine || missing(&["base images"]) {
        let mut step = sudo(
            Step::new("doctor/base-images", &["docker/airgap/base-images.sh"])
                .hint("docker/airgap/README.md says what it does"),
        );
        if no_engine {
            step = step.after("doctor/engine");
        }
        steps.push(step);
    }
    if missing(&["browser"]) {
        let script = "apt-get update && apt-get install --yes --no-install-recommends chromium";
        steps.push(sudo(
            Step::new("doctor/browser", &["sh", "-c", script])
                .lane("apt")
                .hint("apt-get update && apt-get install chromium"),
        ));
    }
    if missing(&["cargo-deny"]) {
        steps.push(
            Step::new(
                "doctor/cargo-deny",
                &["cargo", "install", "--locked", "cargo-deny"],
            )
            .lane("cargo")
            .hint("cargo install --locked cargo-deny"),
        );
    }
    // apt takes one lock for the whole machine.
    for step in &mut steps {
        if step.id != "doctor/cargo-deny" {
            step.lane = Some("apt");
        }
    }
    Plan::of("doctor", steps)
}

/// Says what is there, and with `--fix` brings what is not.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let system = System::detect();
    let mut findings = look(ctx, &Needs::new(ctx), system);
    if args.fix && findings.iter().any(|finding| !finding.ok) {
        if system != System::Debian {
            return Err(Problem::missing("--fix knows Debian and Ubuntu only")
                .next("cargo xtask doctor, which names the commands for this system")
                .into());
        }
        let plan = fix_plan(ctx, &findings);
        if args.dry_run {
            print!("{}", plan.script());
            return Ok(());
        }
        prepare(ctx, "doctor", &plan)?;
        findings = look(ctx, &Needs::new(ctx), system);
    }
    if args.json {
        println!("{:#}", serde_json::json!({ "findings": findings }));
    } else {
        print(ctx, &findings);
    }
    let lacking = findings.iter().filter(|finding| !finding.ok).count();
    if lacking == 0 {
        Ok(())
    } else {
        Err(Reported(Exit::Missing).into())
    }
}

fn print(ctx: &Context, findings: &[Finding]) {
    for finding in findings {
        let (sign, colour) = if finding.ok {
            ("✓", "32")
        } else {
            ("✗", "31")
        };
        println!(
            "{} {:15} {}",
            summary::paint(ctx.out, colour, sign),
            finding.name,
            finding.found
        );
        if !finding.ok {
            println!("    without it: {}", finding.cost);
            if let Some(mend) = &finding.mend {
                println!("    mend:       {mend}");
            }
        }
    }
    let lacking = findings.iter().filter(|finding| !finding.ok).count();
    if lacking == 0 {
        println!("\nnothing is missing\n  next: cargo xtask smoke");
    } else {
        println!("\n{lacking} of {} are missing", findings.len());
    }
    let engine = Path::new("/opt/portbook-engine/bin/docker");
    if engine.exists() {
        println!("  for docker in this shell: eval \"$(docker/airgap/engine.sh env)\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_os_release() {
        assert_eq!(
            System::from_os_release("NAME=x\nID=debian\n"),
            System::Debian
        );
        assert_eq!(
            System::from_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            System::Debian
        );
        assert_eq!(
            System::from_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            System::Fedora
        );
        assert_eq!(System::from_os_release("ID=alpine\n"), System::Other);
    }
}
