//! The way to the ledger: evidence is posted where `PORTBOOK_URL` names one, and stays in the spool otherwise. Who
//! deploys asks it before and tells it meanwhile.

mod address;
mod batch;
mod call;
mod client;
mod credential;
mod decision;
mod deployment;
mod exchange;
mod right;
mod send;
mod sent;

pub use address::{Address, URL};
pub use call::FieldError;
pub use client::{Ledger, Trouble};
pub use decision::{Decision, Question, Reason};
pub use send::{Outcome, send};
pub use sent::{Sent, anywhere};

use crate::context::Context;
use crate::error::{Exit, Problem};
use crate::patience::Patience;
use crate::policy::Pipeline;
use crate::record::{self, Spooled};
use anyhow::Result;
use evidence::{Claim, Evidence};
use std::time::Duration;

/// What sends what is left.
pub const PUSH: &str = "cargo xtask evidence push";

/// How long a command waits at its end for a batch to be taken.
const LONGEST: Duration = Duration::from_secs(60);

/// Writes a fact that has just happened, and posts it.
///
/// # Errors
/// When it cannot be written. That it cannot be posted is told and is no error.
pub fn record(ctx: &Context, pipeline: &Pipeline, claim: Claim) -> Result<()> {
    let document = record::write(ctx, pipeline, claim)?;
    post(ctx, pipeline, &[document]);
    Ok(())
}

/// Posts these documents, with the commits that they speak of, where a ledger is named. Whatever comes in between is a
/// warning: what could not be posted is in the spool, and the caller's work is done.
pub fn post(ctx: &Context, pipeline: &Pipeline, documents: &[Evidence]) {
    let told = match Address::of_env(&ctx.env) {
        Ok(None) => return,
        Ok(Some(address)) => post_to(ctx, pipeline, &address, documents),
        Err(problem) => Err(problem.into()),
    };
    if let Err(error) = told {
        let (message, first) = match error.downcast::<Problem>() {
            Ok(problem) => (problem.message, problem.next),
            Err(error) => (format!("{error:#}"), None),
        };
        let next = first.map_or_else(|| PUSH.to_owned(), |first| format!("{first}; then {PUSH}"));
        eprintln!("warning: evidence is in the spool and not at the ledger: {message}\n  next: {next}");
    }
}

fn post_to(ctx: &Context, pipeline: &Pipeline, address: &Address, documents: &[Evidence]) -> Result<()> {
    let sent = Sent::to(ctx, address);
    let mut all = record::commits_of(ctx, pipeline, documents)?;
    all.extend_from_slice(documents);
    all.retain(|document| !sent.has(&document.sha256()));
    // Somebody waits for the command that this is the end of.
    let patience =
        Patience { attempts: 4, base: Duration::from_millis(500), longest: Duration::from_secs(10) };
    let mut ledger = Ledger::open(ctx, address.clone(), &pipeline.project, patience)?.within(LONGEST);
    let outcome = send(&mut ledger, &sent, &all);
    for (at, errors) in &outcome.rejected {
        eprintln!("warning: {}", rejection(&format!("evidence {}", all[*at].sha256()), errors));
    }
    if let Some(problem) = outcome.failure {
        return Err(problem.into());
    }
    let earlier = unsent(record::spool(ctx)?, &sent).len().saturating_sub(outcome.rejected.len());
    let more = match earlier {
        0 => String::new(),
        some => format!("; {some} earlier in the spool, next: {PUSH}"),
    };
    let Outcome { recorded, duplicate, .. } = outcome;
    eprintln!("evidence: {recorded} recorded, {duplicate} already there, at {}{more}", address.base);
    Ok(())
}

/// The documents of the spool that a ledger is not known to have.
pub fn unsent(spool: Vec<Spooled>, sent: &Sent) -> Vec<Spooled> {
    let is_unsent = |file: &Spooled| file.document.as_ref().is_ok_and(|it| !sent.has(&it.sha256()));
    spool.into_iter().filter(is_unsent).collect()
}

/// Why a document is not taken, in words.
pub fn rejection(what: &str, errors: &[FieldError]) -> String {
    let reasons: Vec<String> =
        errors.iter().map(|error| format!("{}: {}", error.pointer, error.detail)).collect();
    format!("the ledger rejects {what}: {}", reasons.join("; "))
}

/// The error of a command that needs a ledger and has none.
pub fn needed() -> Problem {
    Problem::new(Exit::Missing, format!("{URL} is not set: there is no ledger to post to"))
        .next(format!("{URL}=https://ledger.example.org {PUSH}"))
}
