//! The ledger's verdict, and what the target knows better.

use super::{Asked, Said};
use crate::context::Context;
use crate::ledger::{Address, Decision, Ledger, Question, Reason, Trouble};
use crate::patience::{Patience, rest};
use crate::policy::Pipeline;
use evidence::rules::code;
use std::time::{Duration, Instant};

/// How long the ledger is asked, all in all.
const LONGEST: Duration = Duration::from_secs(10);
/// How long it may take to look at what was just posted.
const CATCH_UP: Duration = Duration::from_secs(5);
/// When it is asked again whether it has.
const AGAIN: Duration = Duration::from_millis(250);

/// Asks the ledger. What was posted a moment ago may not be looked at yet: it is given a little time for that.
pub fn ask(
    ctx: &Context,
    pipeline: &Pipeline,
    address: Address,
    asked: &Asked<'_>,
) -> Result<Vec<Said>, Trouble> {
    let patience =
        Patience { attempts: 4, base: Duration::from_millis(300), longest: Duration::from_secs(5) };
    let base = address.base.clone();
    let mut ledger = Ledger::open(ctx, address, &pipeline.project, patience).map_err(Trouble::Refused)?;
    let reference = asked.image.reference.as_ref().map(ToString::to_string);
    let question = Question {
        digest: &asked.image.digest,
        environment: &asked.environment.name,
        service: asked.service,
        reference: reference.as_deref(),
    };
    let begun = Instant::now();
    loop {
        ledger = ledger.within(LONGEST.saturating_sub(begun.elapsed()));
        let Decision { reasons, pending } = ledger.decide(&question)?;
        if pending > 0 && begun.elapsed() + AGAIN < CATCH_UP && rest(&ctx.stop, AGAIN) {
            continue;
        }
        if pending > 0 {
            eprintln!(
                "warning: {base} has {pending} documents that it has not looked at, and judges without them: does its \
                worker run?"
            );
        }
        let said = |Reason { rule, code, blocks, message }| Said { code, rule, blocks, message };
        return Ok(reasons.into_iter().map(said).collect());
    }
}

const STAGING: &[&str] = &[code::SKIPPED_STAGING, code::PASSED_STAGING, code::RAN_BEFORE];
const REFERENCE: &[&str] =
    &[code::FLOATING_REFERENCE, code::UNPINNED_REFERENCE, code::PINNED_REFERENCE, code::OTHER_DIGEST];

fn is_staging(said: &Said) -> bool {
    STAGING.contains(&said.code.as_str())
}

fn is_reference(said: &Said) -> bool {
    REFERENCE.contains(&said.code.as_str())
}

fn is_schema(said: &Said) -> bool {
    said.code.starts_with("schema-")
}

/// Whether the ledger asked what is asked of production: how it is named there is always looked at.
pub fn as_production(theirs: &[Said]) -> bool {
    theirs.iter().any(is_reference)
}

/// The ledger's reasons with what the target knows better: it has its own record of what ran, which the ledger may not have
/// been told, and its database's schema of this moment. Where the ledger does not take the environment for production, what
/// `pipeline.yml` asks of one is asked here.
pub fn settled(theirs: Vec<Said>, own: Vec<Said>) -> Vec<Said> {
    let knows_schema = own.iter().any(|said| is_schema(said) && said.code != code::SCHEMA_UNKNOWN);
    let ran = own.iter().any(|said| is_staging(said) && !said.blocks);
    let superseded =
        |said: &Said| (is_schema(said) && knows_schema) || (said.code == code::SKIPPED_STAGING && ran);
    let mut reasons: Vec<Said> = theirs.into_iter().filter(|said| !superseded(said)).collect();
    for family in [is_staging, is_reference] {
        if !reasons.iter().any(family) {
            reasons.extend(own.iter().filter(|said| family(said)).cloned());
        }
    }
    if knows_schema {
        reasons.extend(own.into_iter().filter(is_schema));
    }
    reasons
}
