//! What brings the things that are missing, as a plan, on Debian-family hosts.

use super::findings::Finding;
use crate::commands::Needs;
use crate::context::Context;
use crate::plan::{Plan, Step};
use crate::tools::on_path;

/// The plan for what is missing.
pub fn plan(ctx: &Context, findings: &[Finding]) -> Plan {
    let missing =
        |names: &[&str]| findings.iter().any(|finding| finding.is_lack() && names.contains(&finding.name));
    let mut steps = Vec::new();
    let no_engine = missing(&["engine", "buildx", "compose"]);
    if no_engine {
        steps.push(as_root(ctx, "doctor/engine", "docker/airgap/engine.sh"));
    }
    if missing(&["base-images"]) {
        let step = as_root(ctx, "doctor/base-images", "docker/airgap/base-images.sh");
        steps.push(if no_engine { step.after("doctor/engine") } else { step });
    }
    if missing(&["cross"]) {
        steps.push(as_root(ctx, "doctor/cross", "docker/airgap/base-images.sh --cross"));
    }
    if missing(&["emulation"]) {
        steps.push(as_root(ctx, "doctor/emulation", "docker/airgap/emulation.sh"));
    }
    if missing(&["browser"]) {
        steps.push(Step::new("doctor/browser", &["sh", "-c", &install(ctx, "chromium")]));
    }
    if missing(&["coverage"]) {
        let path = ctx.env.get("PATH").unwrap_or_default();
        if on_path(path, "cargo-llvm-cov").is_none() {
            steps.push(
                Step::new("doctor/cargo-llvm-cov", &["cargo", "install", "--locked", "cargo-llvm-cov"])
                    .lane("cargo"),
            );
        }
        let rustup = "rustup component add llvm-tools";
        // A toolchain that cannot be added to still has the distribution's tools of the same version.
        let script = Needs::new(ctx).llvm_major().map_or_else(
            || rustup.to_owned(),
            |major| format!("{rustup} || {{ {}; }}", install(ctx, &format!("llvm-{major}"))),
        );
        steps.push(Step::new("doctor/llvm-tools", &["sh", "-c", &script]));
    }
    if missing(&["cargo-deny"]) {
        steps.push(
            Step::new("doctor/cargo-deny", &["cargo", "install", "--locked", "cargo-deny"]).lane("cargo"),
        );
    }
    if missing(&["cargo-fuzz"]) {
        steps.push(
            Step::new("doctor/cargo-fuzz", &["cargo", "install", "--locked", "cargo-fuzz"]).lane("cargo"),
        );
    }
    if missing(&["linters"]) {
        steps.push(Step::new("doctor/linters", &["xtask/linters/install.sh"]));
    }
    for step in &mut steps {
        // apt takes one lock for the whole machine.
        step.lane.get_or_insert("apt");
        "the last lines above say why; docker/airgap/README.md says what the scripts do"
            .clone_into(&mut step.hint);
    }
    Plan::of("doctor", steps)
}

/// The shell text that installs a package.
fn install(ctx: &Context, package: &str) -> String {
    let sudo = sudo(ctx);
    format!("{sudo}apt-get update && {sudo}apt-get install --yes --no-install-recommends {package}")
}

/// A step that runs as root.
fn as_root(ctx: &Context, id: &str, script: &str) -> Step {
    let line = format!("{}{script}", sudo(ctx));
    Step::new(id, &line.split_whitespace().collect::<Vec<_>>())
}

/// `sudo ` where this is not root already and there is such a program.
fn sudo(ctx: &Context) -> &'static str {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = |line: &str| line.strip_prefix("Uid:")?.split_whitespace().nth(1).map(|uid| uid == "0");
    let is_root = status.lines().find_map(effective).unwrap_or(false);
    let found = on_path(ctx.env.get("PATH").unwrap_or_default(), "sudo").is_some();
    if is_root || !found { "" } else { "sudo " }
}
