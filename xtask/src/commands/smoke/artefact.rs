//! What of an artefact this machine can boot, and how the engine gets it.

use super::Subject;
use crate::context::Context;
use crate::error::Problem;
use crate::image::{ImageFacts, read_layout};
use crate::plan::{Need, Plan, Step};
use crate::policy::Pipeline;
use crate::tools::runner;
use anyhow::{Context as _, Result};
use evidence::Digest;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// The images of an OCI layout that this machine can run, each as it stands, put into the engine's store under a name of
/// this run's own, which goes with the run.
pub fn subject(ctx: &Context, pipeline: &Pipeline, path: &Path, id: &str) -> Result<Subject> {
    let layout = read_layout(&std::path::absolute(path)?).map_err(|error| {
        Problem::usage(format!("--artefact {}: {error:#}", path.display()))
            .next("cargo xtask build-image --output target/artefact")
    })?;
    let commits: BTreeSet<_> =
        layout.images.iter().map(|image| image.labels.get("org.opencontainers.image.revision")).collect();
    if commits.len() > 1 {
        return Err(Problem::usage(format!(
            "--artefact {}: its images are of different commits",
            path.display()
        ))
        .next("cargo xtask build-image --platform all --output target/artefact")
        .into());
    }
    let runner = runner();
    let (mut here, elsewhere): (Vec<_>, Vec<_>) =
        layout.images.iter().partition(|image| runner.runs(&image.platform));
    if here.is_empty() {
        return Err(Problem::missing(format!(
            "--artefact {}: this machine runs none of its platforms: {}",
            path.display(),
            layout.platforms().join(", ")
        ))
        .next("cargo xtask doctor --fix --only emulation")
        .into());
    }
    // The machine's own platform comes first: it is the one that the browser sees and that `--keep` leaves running.
    here.sort_by_key(|image| !runner.is_own(&image.platform));
    let dir = path.to_str().context("--artefact: expected a path in UTF-8")?.to_owned();
    let mut steps = Vec::new();
    let mut told = vec!["--digest".to_owned(), layout.digest.to_string()];
    for (at, image) in here.iter().enumerate() {
        let tar = ctx.work_dir("smoke")?.join(format!("{id}-{at}.tar"));
        let name = format!("{}:smoke-{id}-{at}", pipeline.project);
        steps.push(load_step(image, &name, &dir, &ctx.shown(&tar).to_string()));
        told.extend(["--image".to_owned(), name]);
        told.extend(["--platform".to_owned(), image.platform.to_string()]);
    }
    for image in elsewhere {
        told.extend(["--not-here".to_owned(), image.platform.to_string()]);
    }
    Ok(Subject { plan: Plan::of("smoke", steps), told, what: format!("artefact {}", path.display()) })
}

/// Hands the engine one image of a layout. An engine with the older store reads docker-archives only: the layout with one
/// more file is one too.
fn load_step(image: &ImageFacts, name: &str, dir: &str, tar: &str) -> Step {
    let blob = |digest: &Digest| format!("blobs/sha256/{}", digest.encoded());
    let layers: Vec<String> = image.layers.iter().map(blob).collect();
    let archive = json!([{ "Config": blob(&image.config_digest), "RepoTags": [name], "Layers": layers }]);
    let mut entry = image.entry.clone();
    entry["annotations"] = json!({ "io.containerd.image.name": format!("docker.io/library/{name}") });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    let script = "dir=$1 tar=$2 extra=$(mktemp -d) && printf %s \"$3\" > \"$extra/manifest.json\" \
        && printf %s \"$4\" > \"$extra/index.json\" && shift 4 \
        && tar -cf \"$tar\" -C \"$dir\" oci-layout \"$@\" -C \"$extra\" index.json manifest.json \
        && docker load --input \"$tar\"; code=$?; rm -rf \"$tar\" \"$extra\"; exit $code";
    let id = format!("smoke/load-{}", image.platform.to_string().replace('/', "-"));
    Step::new(id, &["sh", "-c", script, "load", dir, tar, &archive.to_string(), &index.to_string()])
        .args([blob(&image.digest), blob(&image.config_digest)])
        .args(layers)
        .requires(Need::Engine)
        .hint("cargo xtask doctor says what this engine is")
}
