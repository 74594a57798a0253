//! `evidence push`: posts the spool. What the ledger has already is recorded no second time.

use crate::context::Context;
use crate::error::{Exit, Problem, Reported};
use crate::ledger::{self, Address, FieldError, Ledger, Outcome, Sent};
use crate::patience::Patience;
use crate::policy::Pipeline;
use crate::record::{self, Spooled};
use anyhow::Result;
use evidence::Evidence;
use serde_json::{Value, json};

/// Arguments of `evidence push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  PORTBOOK_URL=https://ledger.example.org PORTBOOK_TOKEN_FILE=~/.portbook-token cargo xtask evidence push
  cargo xtask evidence push --dry-run        what would be posted

Exit codes: 0 the ledger has it all, 1 a document is rejected or a file is none, 4 there is no ledger or it does not answer.")]
pub struct Args {
    /// Say what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A file that is not posted, and why.
struct Skipped {
    file: String,
    why: String,
}

/// Posts what the ledger is not known to have.
pub fn run(ctx: &Context, args: &Args) -> Result<()> {
    let pipeline = Pipeline::read(&ctx.root)?;
    let address = Address::of_env(&ctx.env)?.ok_or_else(ledger::needed)?;
    let sent = Sent::to(ctx, &address);
    let (documents, skipped) = choose(ctx, &pipeline, &sent)?;
    for skip in &skipped {
        eprintln!("error: {}: {}; it is left out\n  next: rm {}", skip.file, skip.why, skip.file);
    }
    let outcome = if args.dry_run || documents.is_empty() {
        Outcome { left: documents.len(), ..Outcome::default() }
    } else {
        let mut ledger = Ledger::open(ctx, address.clone(), &pipeline.project, Patience::default())?;
        ledger::send(&mut ledger, &sent, &documents)
    };
    for (at, errors) in &outcome.rejected {
        let (kind, sha256) = (documents[*at].claim.kind(), documents[*at].sha256());
        let file = format!("target/xtask/evidence/{sha256}.json");
        eprintln!("error: {}", ledger::rejection(&format!("{kind} in {file}"), errors));
    }
    if args.json {
        println!("{:#}", report(args, &address, &documents, &skipped, &outcome));
    } else if args.dry_run {
        documents.iter().for_each(|document| println!("would post {}", line(document)));
    }
    if args.dry_run {
        eprintln!("{} to post to {}", documents.len(), address.base);
    } else {
        let Outcome { recorded, duplicate, left, .. } = &outcome;
        eprintln!("{recorded} recorded, {duplicate} already there, {left} not posted, at {}", address.base);
    }
    let complete = skipped.is_empty() && outcome.rejected.is_empty();
    match outcome.failure {
        Some(Problem { exit, message, next }) => {
            let next = next.or_else(|| Some(ledger::PUSH.to_owned()));
            Err(Problem { exit, message, next }.into())
        }
        None if complete => Ok(()),
        None => Err(Reported(Exit::Failed).into()),
    }
}

/// What is to be posted, each commit before what speaks of it, and what cannot be.
fn choose(ctx: &Context, pipeline: &Pipeline, sent: &Sent) -> Result<(Vec<Evidence>, Vec<Skipped>)> {
    let (mut documents, mut skipped) = (Vec::new(), Vec::new());
    for Spooled { path, document } in record::spool(ctx)? {
        let file = ctx.shown(&path).to_string();
        match document {
            Ok(document) if sent.has(&document.sha256()) => {}
            Ok(document) if document.project != pipeline.project => {
                let why = format!("it is of {}, and this is {}", document.project, pipeline.project);
                skipped.push(Skipped { file, why });
            }
            Ok(document) => documents.push(document),
            Err(why) => skipped.push(Skipped { file, why }),
        }
    }
    let mut all = record::commits_of(ctx, pipeline, &documents)?;
    all.retain(|document| !sent.has(&document.sha256()));
    all.extend(documents);
    Ok((all, skipped))
}

fn line(document: &Evidence) -> String {
    format!("{} {} {}", document.claim.kind(), document.claim.subject(), document.sha256())
}

fn report(
    args: &Args,
    address: &Address,
    documents: &[Evidence],
    skipped: &[Skipped],
    outcome: &Outcome,
) -> Value {
    let errors = |errors: &[FieldError]| -> Vec<Value> {
        errors.iter().map(|error| json!({ "pointer": error.pointer, "detail": error.detail })).collect()
    };
    let rejected: Vec<_> = outcome
        .rejected
        .iter()
        .map(|(at, wrong)| json!({ "sha256": documents[*at].sha256(), "errors": errors(wrong) }))
        .collect();
    let skipped: Vec<_> = skipped.iter().map(|skip| json!({ "file": skip.file, "why": skip.why })).collect();
    let chosen: Vec<_> = documents
        .iter()
        .map(|document| {
            json!({ "kind": document.claim.kind(), "subject": document.claim.subject(), "sha256": document.sha256() })
        })
        .collect();
    json!({ "ledger": address.base, "dry_run": args.dry_run, "chosen": chosen, "recorded": outcome.recorded,
        "duplicate": outcome.duplicate, "rejected": rejected, "skipped": skipped, "left": outcome.left })
}
