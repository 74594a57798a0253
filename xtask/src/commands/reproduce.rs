//! Whether an artefact is built again, from nothing, as the very same bytes.

use super::prepare;
use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::image::read_layout;
use crate::plan::{Plan, Step};
use anyhow::Result;

/// The steps that build the artefact a second time. `build` is the step that writes into a folder, without a cache.
pub fn plan(dir: &str, build: Step) -> Plan {
    let clear = Step::new("image/clear-again", &["rm", "-rf", "--", dir]).lane("buildkit");
    Plan::of("image", vec![clear, build.after("image/clear-again")])
}

/// Builds the artefact in `dir` a second time, into `again`, compares the digests, and removes the second one.
///
/// # Errors
/// Exit 1 when they differ; both are kept then.
pub fn verify(ctx: &Context, dir: &str, again: &str, plan: &Plan) -> Result<()> {
    prepare(ctx, "build-image-again", plan)?;
    let digest = |dir: &str| Ok::<_, anyhow::Error>(read_layout(&ctx.root.join(dir))?.digest);
    let (first, second) = (digest(dir)?, digest(again)?);
    if first != second {
        return Err(Problem::new(
            Exit::Failed,
            format!("the same commit was built as {first} and, without a cache, as {second}"),
        )
        .next(format!("diff -r {dir} {again}"))
        .into());
    }
    std::fs::remove_dir_all(ctx.root.join(again))?;
    eprintln!("  built again without a cache: the same digest");
    Ok(())
}
