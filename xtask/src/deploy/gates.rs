//! What is asked before anything is touched: the hold, the schema, and the verdict by the rules.

use super::Request;
use super::verdict::{self, Asked, Said, Source, Verdict, overridable};
use crate::context::{Context, Output};
use crate::error::{Exit, Problem};
use crate::policy::{Environment, Pipeline};
use crate::target;
use crate::target::image::Pinned;
use crate::target::state::{Document, Ran};
use anyhow::Result;
use evidence::rules::code;
use evidence::{DeploymentMode, Name};
use time::OffsetDateTime;

/// What the gates said.
pub struct Admitted {
    /// Who judged.
    pub source: Source,
    /// Everything that was looked at, what blocks first. What was overridden blocks no longer.
    pub reasons: Vec<Said>,
    /// What does not block, though it would.
    pub overridden: Vec<String>,
    /// Why.
    because: &'static str,
}

/// Asks for a verdict, and what of it the request passes over.
///
/// # Errors
/// When nobody can be asked for one.
pub fn gates(
    ctx: &Context,
    pipeline: &Pipeline,
    request: &Request<'_>,
    document: &Document,
) -> Result<Admitted> {
    let service = target::compose::service();
    let ran_here = of(document);
    let ran_in_staging = before(ctx, pipeline, request.environment);
    let asked = Asked {
        image: &request.image,
        environment: request.environment,
        service: &service,
        ran_here: &ran_here,
        ran_in_staging: &ran_in_staging,
        environment_schema: document.database.map(|it| (it.schema, it.floor)),
    };
    let verdict = verdict::verdict(ctx, pipeline, request.repository, &asked);
    let verdict = match verdict {
        // The registry may be down too. What the schema forbids is known here.
        Err(error) if request.mode == DeploymentMode::Rollback => Verdict {
            source: Source::Offline(format!("{error:#}")),
            allow: true,
            reasons: past_a_contract(&request.image, document).into_iter().collect(),
        },
        other => other?,
    };
    let because = if request.mode == DeploymentMode::Rollback {
        "it was healthy here before"
    } else {
        "the glass was broken for it"
    };
    let Verdict { source, reasons, .. } = verdict;
    let mut admitted = Admitted { source, reasons, overridden: Vec::new(), because };
    // Going back to what was healthy here asks for no evidence: it must be possible when everything else is down.
    if request.break_glass.is_some() || request.mode == DeploymentMode::Rollback {
        for reason in admitted.reasons.iter_mut().filter(|reason| reason.blocks && overridable(&reason.code))
        {
            reason.blocks = false;
            admitted.overridden.push(reason.code.clone());
        }
    }
    Ok(admitted)
}

/// That the database has made a contract step which the image does not know.
fn past_a_contract(image: &Pinned, document: &Document) -> Option<Said> {
    let (range, database) = image.schema.zip(document.database)?;
    (range.max < database.floor).then(|| Said {
        code: code::SCHEMA_OUT_OF_RANGE.to_owned(),
        rule: None,
        blocks: true,
        message: format!(
            "It can run on the schemas {} to {}, and the database has made the contract step {}.",
            range.min, range.max, database.floor
        ),
    })
}

/// The refusal of a digest that was taken back; none where it is not, or one goes back to it on purpose.
pub fn held(request: &Request<'_>, document: &Document) -> Option<Problem> {
    let hold =
        document.held_back(&request.image.digest).filter(|_| request.mode != DeploymentMode::Rollback)?;
    let environment = &request.environment.name;
    let why = hold.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(
        Problem::new(
            Exit::Refused,
            format!("{} was taken back from {environment} by {} and is on hold{why}", hold.version, hold.by),
        )
        .next(format!("cargo xtask hold release --env {environment}")),
    )
}

/// What ran in the environment that comes before; nothing where it cannot be asked, which the verdict then tells.
fn before(ctx: &Context, pipeline: &Pipeline, environment: &Environment) -> Vec<verdict::Ran> {
    let read = |name: &Name| -> Result<Document> {
        let environments = pipeline.environments()?;
        let environment = environments.named(name)?;
        Ok(target::open(ctx, pipeline, environment)?.read()?.document)
    };
    match environment.settings.after.as_ref().map(read) {
        Some(Ok(document)) => of(&document),
        Some(Err(error)) => {
            eprintln!("  what ran before cannot be asked: {error:#}");
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn of(document: &Document) -> Vec<verdict::Ran> {
    let ran = |it: &Ran| verdict::Ran {
        digest: it.digest.clone(),
        commit: it.commit.clone(),
        at: OffsetDateTime::from_unix_timestamp_nanos(i128::from(it.at) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
    };
    document.running.iter().chain(&document.previous).map(ran).collect()
}

impl Admitted {
    /// Says who judged, and what was found.
    pub fn say(&self, out: Output) {
        match &self.source {
            Source::Ledger(base) => eprintln!("  verdict of {base}"),
            Source::Offline(why) => eprintln!("  verdict by the same rules from the evidence at hand: {why}"),
        }
        for reason in &self.reasons {
            let overridden = self.overridden.contains(&reason.code);
            let (mark, colour) = match (reason.blocks, overridden) {
                (true, _) => ('✗', "31"),
                (false, true) => ('!', "33"),
                (false, false) => ('·', "2"),
            };
            let mark = if out.colour { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_string() };
            let because = if overridden { format!(" ({})", self.because) } else { String::new() };
            eprintln!("    {mark} {}: {}{because}", reason.code, reason.message);
        }
    }

    /// The refusal that blocking reasons are.
    pub fn refusal(&self, environment: &Name) -> Option<Problem> {
        let blocking: Vec<&Said> = self.reasons.iter().filter(|reason| reason.blocks).collect();
        if blocking.is_empty() {
            return None;
        }
        let codes: Vec<&str> = blocking.iter().map(|it| it.code.as_str()).collect();
        let problem =
            Problem::new(Exit::Refused, format!("it may not go to {environment}: {}", codes.join(", ")));
        let all = blocking.iter().all(|it| overridable(&it.code));
        Some(if all {
            problem.next("give what is missing; in an emergency: --break-glass \"<why>\", which is recorded")
        } else {
            problem.next(format!("cargo xtask status --env {environment}"))
        })
    }
}
