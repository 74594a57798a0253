//! `publish`: pushes the tested artefact, byte for byte, and moves its tags.

mod attach;
mod execute;
mod overtaken;
mod report;
mod tags;
mod wanted;

use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::image::Graph;
use crate::ledger;
use crate::policy::Pipeline;
use crate::policy::floating::Move;
use crate::record;
use crate::registry::{Access, Repository};
use anyhow::{Result, anyhow};
use attach::Attachment;
use evidence::{Claim, Evidence, ImageRef, Tag};
use execute::{Brought, Missing, progress, put_tag};
use overtaken::hand_on;
use report::Report;
use std::path::{Path, PathBuf};
use tags::{Fate, Publisher, Wish};
use wanted::{Wanted, wanted};

/// Arguments of `publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo xtask publish --dry-run                  the requests that publishing would make
  cargo xtask publish                            the present event's tags, if the gate lets it through
  cargo xtask publish --tag sha-a1b2c3d --tag latest
  cargo xtask publish --artefact target/artefact --image 127.0.0.1:5000/team/portbook --tag v1.2.3

Credentials are those of `docker login`, or PORTBOOK_REGISTRY_USER and PORTBOOK_REGISTRY_PASSWORD. Running it again after
whatever happened completes it: docs/publishing.md.")]
pub struct Args {
    /// The OCI image layout to publish; without it the one that `ci` built and smoke-tested
    #[arg(long, value_name = "PATH")]
    artefact: Option<PathBuf>,
    /// Publish to this repository; without it the one in pipeline.yml
    #[arg(long, value_name = "REGISTRY/REPO", value_parser = parse_repository)]
    image: Option<ImageRef>,
    /// A tag to give instead of those of the rules; repeated for more
    #[arg(long = "tag", value_name = "TAG", value_parser = parse_tag)]
    tags: Vec<Tag>,
    /// The event's payload
    #[arg(long, value_name = "FILE")]
    event_path: Option<PathBuf>,
    /// The commit's check runs, as GitHub's API tells them
    #[arg(long, value_name = "FILE")]
    checks: Option<PathBuf>,
    /// Tag rules of another file than pipeline.yml
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The present time
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
    /// A repository of the same registry whose blobs may be used; repeated for more
    #[arg(long, value_name = "REPO")]
    mount_from: Vec<String>,
    /// Ask the registry what it has, and print what would be sent instead of sending it
    #[arg(long)]
    dry_run: bool,
    /// Print what was published as JSON
    #[arg(long)]
    json: bool,
}

fn parse_tag(text: &str) -> Result<Tag, String> {
    text.parse().map_err(|error: evidence::ParseTagError| error.to_string())
}

/// Registry and repository; names are lower-cased, because registries take no others and owners may have some.
pub fn parse_repository(text: &str) -> Result<ImageRef, String> {
    let image: ImageRef =
        text.to_lowercase().parse().map_err(|error: evidence::ParseImageRefError| error.to_string())?;
    match (&image.registry, &image.tag, &image.digest) {
        (Some(_), None, None) => Ok(image),
        (None, ..) => Err("expected a registry in front, such as ghcr.io/team/app".to_owned()),
        _ => Err("expected no tag and no digest: --tag gives tags".to_owned()),
    }
}

/// The repository that was asked for, or the one in `pipeline.yml`.
pub fn repository_of(given: Option<&ImageRef>, pipeline: &Pipeline) -> Result<ImageRef> {
    let image = &pipeline.image;
    match given {
        Some(image) => Ok(image.clone()),
        None => parse_repository(&format!("{}/{}", image.registry, image.repository))
            .map_err(|error| Problem::usage(format!("pipeline.yml, image: {error}")).into()),
    }
}

/// Publishes the artefact.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let image = repository_of(args.image.as_ref(), &pipeline)?;
    let path = args.artefact.clone().unwrap_or_else(|| ctx.root.join("target/xtask/artefact"));
    let graph = read_artefact(ctx, &path)?;
    let documents = record::read_all(ctx)?;
    must_be_tested(ctx, &documents, &graph, &path)?;
    let mut repository = Repository::open(ctx, &image, Access::Push, &args.mount_from)?;
    repository.on_progress(progress(graph.size_bytes()));
    eprintln!(
        "{} {}\n  commit {}, {:.1} MB, to {}",
        if args.dry_run { "publishing (dry run)" } else { "publishing" },
        graph.root.digest,
        graph.commit.short(),
        graph.size_bytes() as f64 / 1e6,
        repository.reference()
    );
    let Wanted { wishes, version, from_default_branch, branch } =
        wanted(ctx, args, &pipeline, &repository, &graph)?;
    let publisher =
        Publisher { ctx, repository: &repository, graph: &graph, version, from_default_branch, branch };
    let fates = decide_all(&publisher, &wishes)?;
    let missing = Missing::survey(&publisher, &fates, attachments(&documents, &graph)?)?;
    let would = args.dry_run.then(|| missing.requests(&publisher, &fates));
    let (mut fates, mut brought) = (fates, Brought::default());
    if would.is_none() {
        brought = missing.bring(&publisher, &args.mount_from)?;
        fates = fates
            .iter()
            .map(|fate| match fate.act {
                // It may be there because a publisher died before it could hand it on.
                Move::Already if fate.wish.floating => hand_on(&publisher, fate.clone()),
                Move::Already => Ok(fate.clone()),
                _ => put_tag(&publisher, fate),
            })
            .collect::<Result<_>>()?;
        missing.attach(&publisher)?;
        record_published(ctx, &pipeline, &publisher, &documents, &fates)?;
    }
    let attached = missing.attachments.len();
    let report = Report { repository: &repository, graph: &graph, fates: &fates, brought, attached, would };
    eprint!("\n{}", report.markdown());
    report.append_summary(ctx)?;
    if args.json {
        println!("{:#}", report.json());
    } else if let Some(would) = &report.would {
        repository.requests().iter().for_each(|line| println!("asked {line}"));
        would.iter().for_each(|line| println!("would {line}"));
    } else {
        let ours = fates.iter().filter(|fate| fate.names == graph.root.digest);
        ours.for_each(|fate| println!("{}:{}@{}", repository.reference(), fate.wish.tag, fate.names));
    }
    Ok(())
}

fn read_artefact(ctx: &Context, path: &Path) -> Result<Graph> {
    let path = std::path::absolute(path)?;
    Graph::read(&path).map_err(|error| {
        Problem::usage(format!("--artefact {}: {error:#}", ctx.shown(&path)))
            .next(format!("cargo xtask build-image --output {}", ctx.shown(&path)))
            .into()
    })
}

/// What nobody booted is not published.
fn must_be_tested(ctx: &Context, documents: &[Evidence], graph: &Graph, path: &Path) -> Result<()> {
    let digest = &graph.root.digest;
    let why = match attach::smoke_passed(documents, digest) {
        Some(true) => return Ok(()),
        Some(false) => format!("{digest} was smoke-tested and did not pass"),
        None => format!("there is no evidence that {digest} was smoke-tested"),
    };
    Err(Problem::new(Exit::Refused, why)
        .next(format!("cargo xtask smoke --artefact {}", ctx.shown(path)))
        .into())
}

/// Decides about every tag before anything is sent; every refusal is told, not only the first.
fn decide_all(publisher: &Publisher<'_>, wishes: &[Wish]) -> Result<Vec<Fate>> {
    let (mut fates, mut refusals) = (Vec::new(), Vec::new());
    for wish in wishes {
        match publisher.decide(wish) {
            Ok(fate) => fates.push(fate),
            Err(error) => match error.downcast::<Problem>() {
                Ok(problem) if problem.exit == Exit::Refused => refusals.push(problem),
                Ok(other) => return Err(other.into()),
                Err(error) => return Err(error),
            },
        }
    }
    if refusals.len() > 1 {
        let messages: Vec<&str> = refusals.iter().map(|problem| problem.message.as_str()).collect();
        let next = refusals[0].next.clone().unwrap_or_default();
        return Err(Problem::new(Exit::Refused, messages.join("\n  ")).next(next).into());
    }
    refusals.pop().map_or(Ok(fates), |problem| Err(problem.into()))
}

/// What refers to the image: its bill of materials and its evidence.
fn attachments(documents: &[Evidence], graph: &Graph) -> Result<Vec<Attachment>> {
    let bill = graph.sbom.as_ref().map(|bytes| attach::bill(bytes, &graph.root)).transpose()?;
    let evidence = attach::evidence(documents, &graph.root, &graph.commit)?;
    Ok(bill.into_iter().chain(evidence).collect())
}

fn record_published(
    ctx: &Context,
    pipeline: &Pipeline,
    publisher: &Publisher<'_>,
    documents: &[Evidence],
    fates: &[Fate],
) -> Result<()> {
    let root = &publisher.graph.root;
    let ours = fates.iter().filter(|fate| fate.names == root.digest);
    let claim = Claim::Published {
        commit: publisher.graph.commit.clone(),
        digest: root.digest.clone(),
        repository: publisher.repository.reference(),
        tags: ours.map(|fate| fate.wish.tag.clone()).collect(),
    };
    // Said once: publishing again is no new fact. But whoever was killed before it was posted posts it now.
    let document = match documents.iter().find(|document| document.claim == claim) {
        Some(document) => document.clone(),
        None => record::write(ctx, pipeline, claim)
            .map_err(|error| anyhow!("published, but not recorded: {error:#}"))?,
    };
    ledger::post(ctx, pipeline, &[document]);
    Ok(())
}
