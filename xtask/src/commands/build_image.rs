//! `build-image`: images through BuildKit.

use super::{prepare, reproduce, sbom};
use crate::context::{Context, Head};
use crate::error::{Exit, Problem, Reported};
use crate::image::{Platform, Platforms, Runner, read_layout, schema, violations};
use crate::ledger;
use crate::plan::{Need, Plan, RunReport, Step};
use crate::policy::Pipeline;
use crate::tools::runner;
use anyhow::Result;
use clap::ValueEnum;
use evidence::{BuildCache, Claim, SchemaRange};
use std::path::PathBuf;

/// The step that builds.
const BUILD: &str = "image/build";

/// Arguments of `build-image`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask build-image                            production image into the engine's store
  cargo xtask build-image --output target/artefact   one OCI image layout, checked
  cargo xtask build-image --platform all --output target/artefact
  cargo xtask build-image --output target/artefact --verify
  cargo xtask build-image --target backend --load    the image that runs the back-end's tests")]
pub struct Args {
    /// The Dockerfile's target
    #[arg(long, value_enum, default_value_t)]
    target: Target,
    /// What to build the production image for: linux/amd64, linux/arm64, linux/arm/v7, a list with commas, or all;
    /// without it the engine's own platform
    #[arg(long)]
    platform: Option<Platforms>,
    /// Put the image into the engine's store (the default)
    #[arg(long, conflicts_with = "output")]
    load: bool,
    /// Write an OCI image layout to this folder instead; what stands there is replaced
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Tag the image with this name; without it portbook:sha-<7>
    #[arg(long, value_name = "REF", value_parser = parse_reference)]
    tag: Option<evidence::ImageRef>,
    /// Do not use the build cache
    #[arg(long)]
    no_cache: bool,
    /// Build the artefact a second time, without the cache, and compare the digests
    #[arg(long, requires = "output")]
    verify: bool,
    /// Build an artefact although the tree differs from its commit
    #[arg(long)]
    allow_dirty: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    dry_run: bool,
    /// Print what was built as JSON
    #[arg(long)]
    json: bool,
}

/// A target of docker/Dockerfile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// What is published: the static binary and the web files.
    #[default]
    Production,
    /// Runs the back-end's tests.
    Backend,
    /// The front-end's dev server.
    Frontend,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Backend => "backend",
            Self::Frontend => "frontend",
        }
    }
}

/// clap wants a function that owns its error.
pub fn parse_reference(text: &str) -> Result<evidence::ImageRef, String> {
    text.parse().map_err(|error: evidence::ParseImageRefError| error.to_string())
}

/// Where a build goes.
#[derive(Clone, Debug)]
pub enum Destination {
    /// The engine's own store.
    Store,
    /// An OCI image layout in this folder, relative to the root.
    Layout(String),
}

/// The step that builds a target. Only the configuration of the image depends on the commit: equal
/// sources give equal layers. Buildx makes a build argument of SOURCE_DATE_EPOCH, which dates the image's
/// history also where a layer comes from the cache of another commit; an output attribute would not. `range` is of the
/// tree's migrations, if it has any.
pub fn build_step(
    id: &str,
    head: &Head,
    pipeline: &Pipeline,
    target: Target,
    destination: &Destination,
    tag: &str,
    range: Option<SchemaRange>,
) -> Step {
    let mut step = Step::new(id, &["docker", "buildx", "build", "--file", "docker/Dockerfile"])
        .args(["--target", target.name(), "--tag", tag])
        .args(["--provenance=false", "--sbom=false", "--progress=plain"])
        .requires(Need::Engine)
        .lane("buildkit")
        .hint("the last lines above name the Dockerfile's step; cargo xtask doctor says whether base images are missing");
    if target == Target::Production {
        let image = &pipeline.image;
        step = step
            .args(["--build-arg".to_owned(), format!("COMMIT={}", head.commit)])
            .args(["--build-arg", concat!("VERSION=", env!("CARGO_PKG_VERSION"))])
            .args(["--build-arg".to_owned(), format!("CREATED={}", rfc3339(head.epoch))])
            .args(["--build-arg".to_owned(), format!("SOURCE_URL=https://github.com/{}", image.repository)])
            .env("SOURCE_DATE_EPOCH", head.epoch.to_string());
        if let Some(SchemaRange { min, max }) = range {
            step = step.args(["--build-arg".to_owned(), format!("SCHEMA_MIN={min}")]);
            step = step.args(["--build-arg".to_owned(), format!("SCHEMA_MAX={max}")]);
        }
    }
    match destination {
        Destination::Store => step.args(["--load", "."]),
        Destination::Layout(dir) => step
            .args(["--output".to_owned(), format!("type=oci,dest={dir},tar=false,rewrite-timestamp=true")])
            .args(["."]),
    }
}

fn rfc3339(epoch: i64) -> String {
    time::OffsetDateTime::from_unix_timestamp(epoch)
        .ok()
        .and_then(|at| at.format(evidence::RFC3339).ok())
        .unwrap_or_default()
}

/// The same for these platforms. Another one than the builder's needs what compiles for it.
fn for_platforms(mut step: Step, platforms: &[Platform], builder: &Runner) -> Step {
    let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    let at = step.argv.len() - 1;
    step.argv.splice(at..at, ["--platform".to_owned(), names.join(",")]);
    if platforms.iter().all(|platform| builder.is_own(platform)) { step } else { step.requires(Need::Cross) }
}

/// Builds an image.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let head = ctx.head()?;
    if args.output.is_some() && head.dirty && !args.allow_dirty && !args.dry_run {
        return Err(Problem::new(
            Exit::Refused,
            format!(
                "the tree differs from commit {}: an artefact must be exactly what its commit says",
                head.commit.short()
            ),
        )
        .next("git commit, or for a try that is never published: --allow-dirty")
        .into());
    }
    if head.dirty && !args.dry_run {
        eprintln!("note: the tree differs from commit {}; the image is of the tree", head.commit.short());
    }
    if args.platform.is_some() && args.target != Target::Production {
        return Err(Problem::usage(format!(
            "--target {} runs the toolchain of the builder's own platform: only the production image is for others",
            args.target.name()
        ))
        .next("leave out --platform or --target")
        .into());
    }
    let tag = args
        .tag
        .as_ref()
        .map_or_else(|| format!("{}:{}", pipeline.project, head.commit.tag()), |tag| tag.to_string());
    let destination = match &args.output {
        Some(path) => Destination::Layout(relative(ctx, path)?),
        None => Destination::Store,
    };
    let platforms = args.platform.as_ref().map(Platforms::list).unwrap_or_default();
    let range = schema::of_tree(&ctx.root)?;
    let build = |id: &str, destination: &Destination, no_cache: bool| {
        let mut step = build_step(id, &head, &pipeline, args.target, destination, &tag, range);
        if !platforms.is_empty() {
            step = for_platforms(step, &platforms, &runner());
        }
        if no_cache {
            step.argv.insert(step.argv.len() - 1, "--no-cache".to_owned());
        }
        step
    };
    let mut steps = vec![build(BUILD, &destination, args.no_cache)];
    if let Destination::Layout(dir) = &destination {
        // BuildKit adds to a layout that is there; an artefact is one image.
        let mut clear = Step::new("image/clear", &["rm", "-rf", "--", dir]).lane("buildkit");
        // Where the next one cannot be built, the last one stays.
        clear.requires.clone_from(&steps[0].requires);
        steps.insert(0, clear);
        steps[1] = steps[1].clone().after("image/clear");
    }
    let plan = Plan::of("image", steps);
    let again = "target/xtask/artefact-again";
    let second = args.verify.then(|| {
        let build = build("image/build-again", &Destination::Layout(again.to_owned()), true);
        reproduce::plan(again, build)
    });
    if args.dry_run {
        print!("{}{}", plan.script(), second.map(|plan| plan.script()).unwrap_or_default());
        return Ok(());
    }
    let report = prepare(ctx, "build-image", &plan)?;
    let built = Built::of(ctx, &report, args.no_cache);
    match (&destination, args.target) {
        (Destination::Layout(dir), Target::Production) => {
            if let Some(second) = second {
                reproduce::verify(ctx, dir, again, &second)?;
            }
            check_artefact(ctx, &pipeline, &head, dir, &platforms, built, args.json)
        }
        _ => {
            if args.json {
                println!("{}", serde_json::json!({ "tag": tag, "commit": head.commit }));
            } else {
                eprintln!("built {tag}\n  next: cargo xtask smoke --image {tag}");
            }
            Ok(())
        }
    }
}

fn relative(ctx: &Context, path: &std::path::Path) -> Result<String> {
    let path = std::path::absolute(path)?;
    let shown = path.strip_prefix(&ctx.root).unwrap_or(&path);
    if shown.as_os_str().is_empty() || ctx.root.starts_with(&path) {
        return Err(Problem::usage(format!(
            "--output {}: what stands there is replaced, and that is the repository",
            path.display()
        ))
        .next("--output target/artefact")
        .into());
    }
    if path.exists()
        && !path.join("index.json").exists()
        && std::fs::read_dir(&path).map_or(true, |mut dir| dir.next().is_some())
    {
        return Err(Problem::usage(format!(
            "--output {}: it exists and is no OCI image layout; nothing was replaced",
            path.display()
        ))
        .next("name a folder that does not exist yet")
        .into());
    }
    match shown.to_str() {
        Some(text) if !text.contains(',') => Ok(text.to_owned()),
        _ => {
            Err(Problem::usage(format!("--output {}: expected UTF-8 without a comma", path.display())).into())
        }
    }
}

/// How a build went.
#[derive(Clone, Copy)]
struct Built {
    milliseconds: Option<u64>,
    cache: Option<BuildCache>,
}

impl Built {
    /// Of the step that built.
    fn of(ctx: &Context, report: &RunReport, no_cache: bool) -> Self {
        let step = report.steps().find(|step| step.id == BUILD);
        let milliseconds = step.and_then(|step| u64::try_from(step.time.as_millis()).ok());
        let log = ctx.root.join("target/xtask/logs/build-image/image.build.log");
        let log = std::fs::read(log).unwrap_or_default();
        let cache = if no_cache { Some(BuildCache::Cold) } else { cache_of(&String::from_utf8_lossy(&log)) };
        Self { milliseconds, cache }
    }
}

/// Whether the builder had something in its cache, as its plain progress tells: a base image that is there counts for
/// nothing, an instruction whose result was there does. None where no instruction shows.
fn cache_of(log: &str) -> Option<BuildCache> {
    let (mut instructions, mut cached) = (Vec::new(), false);
    for line in log.lines() {
        let Some((number, said)) = line.strip_prefix('#').and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let instruction = said.split_once("] ").filter(|_| said.starts_with('[')).map(|(_, text)| text);
        if instruction.is_some_and(|text| text.starts_with("RUN ") || text.starts_with("COPY ")) {
            instructions.push(number);
        } else if said == "CACHED" {
            cached |= instructions.contains(&number);
        }
    }
    (!instructions.is_empty()).then_some(if cached { BuildCache::Warm } else { BuildCache::Cold })
}

fn check_artefact(
    ctx: &Context,
    pipeline: &Pipeline,
    head: &Head,
    dir: &str,
    wanted: &[Platform],
    built: Built,
    json: bool,
) -> Result<()> {
    let layout = read_layout(&ctx.root.join(dir))?;
    let max_bytes = pipeline.image.max_megabytes * 1_000_000;
    let schema_range = schema::of_tree(&ctx.root)?;
    let wrong = violations(&layout, wanted, &head.commit, schema_range, max_bytes);
    let platforms = layout.platforms();
    if json {
        println!(
            "{:#}",
            serde_json::json!({ "digest": layout.digest, "commit": head.commit, "platforms": platforms,
                "size_bytes": layout.size_bytes, "layout": dir, "dirty": head.dirty, "violations": wrong })
        );
    }
    eprintln!("artefact {dir}\n  digest {}", layout.digest);
    for image in &layout.images {
        let megabytes = image.size_bytes as f64 / 1e6;
        eprintln!("  {}, {megabytes:.1} of at most {} MB", image.platform, pipeline.image.max_megabytes);
    }
    if !wrong.is_empty() {
        for violation in &wrong {
            eprintln!("error: the artefact is not fit for production: {violation}");
        }
        return Err(Reported(Exit::Failed).into());
    }
    let components = sbom::write(ctx, pipeline, head, &ctx.root.join(dir))?;
    eprintln!("  bill of materials with {components} components");
    if !head.dirty {
        let claim = Claim::ImageBuilt {
            commit: head.commit.clone(),
            digest: layout.digest,
            platforms,
            size_bytes: layout.size_bytes,
            milliseconds: built.milliseconds,
            cache: built.cache,
            schema_range,
        };
        ledger::record(ctx, pipeline, claim)?;
    }
    eprintln!("  next: cargo xtask smoke --artefact {dir}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builders_words_tell_whether_its_cache_was_filled() {
        let first = "#4 [rust 1/1] FROM docker.io/library/rust:1.95\n#4 CACHED\n\n#7 [sources 2/2] RUN cargo fetch\n#7 DONE 3.1s";
        assert_eq!(cache_of(first), Some(BuildCache::Cold));
        let second = "#7 [sources 2/2] RUN cargo fetch\n#8 [web 1/2] COPY a b\n#7 CACHED\n#8 DONE 0.1s";
        assert_eq!(cache_of(second), Some(BuildCache::Warm));
        assert_eq!(cache_of("#1 [internal] load build definition\n#1 DONE 0.0s\n#x\n# \nCACHED"), None);
    }
}
