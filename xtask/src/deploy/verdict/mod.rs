//! May this image go there? The ledger says so where one is named; else the same rules judge by what is known here.

mod attached;
mod facts;
mod glass;
mod online;
#[cfg(test)]
mod tests;

pub use glass::overridable;

use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::ledger::{Address, Trouble, URL};
use crate::policy::Pipeline;
use crate::policy::environment::Environment;
use crate::record;
use crate::registry::Repository;
use crate::target::image::Pinned;
use anyhow::Result;
use evidence::rules::{self, Policy, Question};
use evidence::{CommitSha, Digest, Evidence, Name};
use time::OffsetDateTime;

/// The code of a reason: production waits for the ledger's word, and there is none.
pub const UNREACHABLE: &str = "ledger-unreachable";

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What shall be deployed.
    pub image: &'a Pinned,
    /// Where to.
    pub environment: &'a Environment,
    /// As which service.
    pub service: &'a Name,
    /// What ran there before, so that going back to it skips nothing.
    pub ran_here: &'a [Ran],
    /// What ran in the environment that comes before it.
    pub ran_in_staging: &'a [Ran],
    /// The schema that its database is at, and the oldest that its data still fits.
    pub environment_schema: Option<(u64, u64)>,
}

/// By a target's own record: it was deployed, and observed healthy.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What ran.
    pub digest: Digest,
    /// The commit that it was built from.
    pub commit: CommitSha,
    /// When it was observed healthy.
    pub at: OffsetDateTime,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Said {
    /// What it says, from [`evidence::rules::code`], or [`UNREACHABLE`].
    pub code: String,
    /// The rule that it follows from, if one does.
    pub rule: Option<String>,
    /// Whether it is against it.
    pub blocks: bool,
    /// The same for people.
    pub message: String,
}

/// Who judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The ledger at this address.
    Ledger(String),
    /// This program, by what is known here; and why.
    Offline(String),
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Who judged.
    pub source: Source,
    /// Whether it may: whether no reason blocks.
    pub allow: bool,
    /// What blocks, and then what else was looked at.
    pub reasons: Vec<Said>,
}

impl Verdict {
    fn of(source: Source, mut reasons: Vec<Said>) -> Self {
        reasons.sort_by_key(|reason| !reason.blocks);
        Self { source, allow: !reasons.iter().any(|reason| reason.blocks), reasons }
    }
}

impl From<rules::Reason> for Said {
    fn from(reason: rules::Reason) -> Self {
        let rules::Reason { rule, code, blocks, message, .. } = reason;
        Self { code: code.to_owned(), rule: rule.map(|rule| rule.as_str().to_owned()), blocks, message }
    }
}

/// Asks the ledger, for ten seconds at most. Where none is named, or it is away, the rules judge by the spool, by what is
/// attached to the image in its registry, and by the targets' own records; in production a ledger that is named and cannot
/// be asked is itself a reason against it.
///
/// # Errors
/// When the call is wrong; when the ledger refuses to answer, outside production; when offline the spool or the registry
/// cannot be read.
pub fn verdict(
    ctx: &Context,
    pipeline: &Pipeline,
    repository: &Repository,
    asked: &Asked<'_>,
) -> Result<Verdict> {
    let policy = policy(pipeline, asked)?;
    let now = OffsetDateTime::now_utc();
    let offline = || -> Result<Vec<Said>> {
        // Half a document may be the one that speaks against it, so it is not passed over.
        let mut documents = record::read_all(ctx).map_err(|error| {
            Problem::new(Exit::Failed, format!("{error:#}")).next("cargo xtask evidence list")
        })?;
        documents.retain(|document| document.project == pipeline.project);
        documents.extend(attached::documents(repository, asked.image, &pipeline.project)?);
        Ok(judged(&policy, asked, &documents, now))
    };
    let Some(address) = Address::of_env(&ctx.env)? else {
        return Ok(Verdict::of(Source::Offline(format!("{URL} is not set")), offline()?));
    };
    let base = address.base.clone();
    match (online::ask(ctx, pipeline, address, asked), asked.environment.settings.production) {
        (Ok(theirs), production) => {
            if production && !online::as_production(&theirs) {
                eprintln!("{}", unaware(&base, &pipeline.project, &asked.environment.name, &policy));
            }
            let reasons = online::settled(theirs, judged(&policy, asked, &[], now));
            Ok(Verdict::of(Source::Ledger(base), reasons))
        }
        (Err(Trouble::Refused(problem)), _) if matches!(problem.exit, Exit::Interrupted | Exit::Usage) => {
            Err(problem.into())
        }
        (Err(trouble), true) => {
            let problem = Problem::from(trouble);
            let mut reasons = offline()?;
            reasons.insert(0, unreachable(&asked.environment.name, &problem));
            Ok(Verdict::of(Source::Offline(problem.message), reasons))
        }
        (Err(Trouble::Away(problem)), false) => Ok(Verdict::of(Source::Offline(problem.message), offline()?)),
        (Err(Trouble::Refused(problem)), false) => Err(problem.into()),
    }
}

/// What is asked of this environment. Each production environment may have a staging environment of its own.
fn policy(pipeline: &Pipeline, asked: &Asked<'_>) -> Result<Policy> {
    let staging = asked.environment.settings.after.clone();
    Ok(Policy { staging, ..pipeline.environments()?.rules() })
}

/// The rules' answer from these documents and the targets' records.
fn judged(policy: &Policy, asked: &Asked<'_>, documents: &[Evidence], now: OffsetDateTime) -> Vec<Said> {
    let facts = facts::facts(documents, asked, policy.staging.as_ref(), now);
    let reference = asked.image.reference.as_ref().map(ToString::to_string);
    let question = Question {
        digest: &asked.image.digest,
        environment: &asked.environment.name,
        service: Some(asked.service),
        reference: reference.as_deref(),
        // As the ledger does: what is recorded is known by now, though the clock of who told it may go fast.
        at: i64::MAX,
    };
    rules::decide(policy, &question, &facts).reasons.into_iter().map(Said::from).collect()
}

/// What is said where the ledger takes a production environment for another one.
fn unaware(base: &str, project: &Name, environment: &Name, policy: &Policy) -> String {
    let production: String = policy.production.iter().map(|name| format!(" --production {name}")).collect();
    let staging =
        policy.staging.as_ref().map_or("--no-staging".to_owned(), |name| format!("--staging {name}"));
    format!(
        "warning: {base} does not take {environment} for production, so what is deployed there past the rules is no \
        incident. Tell it: portbook admin policy set --project {project}{production} {staging}"
    )
}

fn unreachable(environment: &Name, problem: &Problem) -> Said {
    let next = problem.next.as_ref().map_or(String::new(), |next| format!(" ({next})"));
    Said {
        code: UNREACHABLE.to_owned(),
        rule: None,
        blocks: true,
        message: format!(
            "{}{next}; {environment} waits for the ledger's word. In an emergency say --break-glass \"<reason>\", \
            which is recorded and reaches the ledger when it is back.",
            problem.message
        ),
    }
}
